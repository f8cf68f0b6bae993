import { expect } from "chai";
import { reads } from "../src/promql.ts";

const failed = {
  "metric.type": "run.googleapis.com/job/completed_execution_count",
  "metric.labels.result": "failed",
  "resource.type": "cloud_run_job",
  "resource.labels.job_name": "load",
};
const metric = "run_googleapis_com:job_completed_execution_count";

describe("A PromQL query of an alert policy", () => {
  for (const [query, found] of [
    [`sum(increase(${metric}{result="failed"}[5m])) > 0`, true],
    [`${metric}{monitored_resource="cloud_run_job",job_name=~"generate|load",result!="succeeded"} > 0`, true],
    [`${metric}{} > 0`, true],
    [`${metric}{job_name=~"loa"} > 0`, false],
    [`${metric}{job_name!~"generate|load"} > 0`, false],
    [`${metric}{result="succeeded"} > 0`, false],
    [`${metric}{color="red"} > 0`, false],
    ["run_googleapis_com:request_count{} > 0", false],
    ["vector(1) > 0", false],
  ] as const)
    it(`${found ? "reads" : "does not read"} the point: ${query}`, () => expect(reads(query, failed)).to.equal(found));
});
