import { expect } from "chai";
import { matches } from "../src/monitoring-filter.ts";
import { userError } from "./user-error.ts";

const failed = {
  "resource.type": "cloud_run_job",
  "resource.labels.job_name": "load",
  "metric.labels.result": "failed",
};

describe("A filter of an alert policy", () => {
  for (const [filter, found] of [
    ['resource.type="cloud_run_job" AND metric.labels.result="failed"', true],
    ['resource.type="cloud_run_job" AND metric.label.result!="failed"', false],
    ['resource.label.job_name=one_of("generate", "load")', true],
    ['resource.label.job_name=one_of("generate")', false],
    ['resource.type="other" OR (resource.type=cloud_run_job AND NOT metric.labels.result="succeeded")', true],
    ['-resource.type="cloud_run_job"', false],
    ['resource.labels.job_name:"OA"', true],
    ['metric.labels.missing!="x"', false],
    ["NOT httpRequest.status>=500", true],
    ["metric.labels.result:*", true],
    ["textPayload:*", false],
    ['textPayload:"/tmp" OR metric.labels.result!="*"', true],
  ] as const)
    it(`${found ? "accepts" : "rejects"}: ${filter}`, () => expect(matches(filter, failed)).to.equal(found));

  it("compares severities by their rank, and other values as numbers", () => {
    expect(matches("severity>=ERROR", { severity: "CRITICAL" })).to.equal(true);
    expect(matches("severity>=ERROR", { severity: "WARNING" })).to.equal(false);
    expect(matches("status>=500", { status: "1000" })).to.equal(true);
  });

  for (const broken of ['a="b" AND', "a=", '(a="b"', 'a="b" c="d"', 'a < "b"', "one_of(a)", "a=*", "*=a"])
    it(`that cannot be read is refused: ${broken}`, async () => {
      expect(await userError(async () => matches(broken, {}))).to.contain("cannot be read");
    });
});
