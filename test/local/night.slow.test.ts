import { expect } from "chai";
import type { Declaration } from "pulumi-rehearsal";
import { EARLIER, failing, failingLoads, NIGHT, type NightOptions, night as runNight } from "../support/night.ts";
import { declareStack } from "./support.ts";

/* Nights in which something fails. `npm run faults` fails each of their steps in each way. */

/** The alerts about a job that fails each time that the night starts it. */
const threeFailures = ["A job failed", "A job failed", "A job failed", "No new reports for 26 hours"];

describe("A night", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareStack({ alertEmails: "ann@example.com" });
  });
  const night = (options: NightOptions) => runNight(declaration, options);

  // The schedules fire in reverse, so each has to wait for the one before it.
  it("continues after each job and the load have failed once, in any order of the schedules and with repeated calls, and names the run and the day each time", async () => {
    const fails = [
      failing("coffee-data-job", 1),
      failing("coffee-dbt-job", 1),
      // The job's first start in the night writes that the day is missing.
      (job: string, attempt: number) => {
        if (job === "coffee-report-job" && attempt === 3) throw new Error("injected");
      },
    ];
    let out = "";
    let loads = 0;
    const { error, answers, alerts, started, loaded, reported } = await night({
      change(draft) {
        const jobs = draft.resources.filter(({ type }) => type === "gcp:cloudscheduler/job:Job");
        for (const [i, job] of ["report-daily", "dbt-daily", "load-bq-daily", "coffee-job-schedule"].entries())
          for (const each of jobs) if (each.inputs.name === job) each.inputs.schedule = `0 ${i} * * *`;
      },
      twice: true,
      onFolder: (folder) => {
        out = folder;
      },
      faults: {
        execution: (job, attempt) => {
          for (const fail of fails) fail(job, attempt);
        },
        call: failingLoads(
          () => out,
          () => loads++ === 0,
        ),
      },
    });
    expect(error).to.equal("");
    expect(answers.map(([name, { state }]) => `${name}: ${state}`)).to.deep.equal(
      ["coffee-job-schedule", "load-bq-daily", "dbt-daily", "report-daily"].flatMap((name) => [
        `${name}: done`,
        `${name}: already done`,
      ]),
    );
    const runs = answers.map(([, { run, until, night }]) => `${run} ${until} ${night}`);
    expect(new Set(runs).size).to.equal(1);
    expect(runs[0]).to.match(/^2026-06-30-\w+ 2026-06-30 2026-06-30$/);
    expect(started).to.deep.equal({ "coffee-data-job": 2, "coffee-dbt-job": 2, "coffee-report-job": 3 });
    expect([loaded?.until, reported.until]).to.deep.equal([NIGHT, NIGHT]);
    expect(alerts.map(({ policy, to }) => `${policy}: ${to}`)).to.deep.equal([
      "A job failed: ann@example.com",
      "A function failed: ann@example.com",
      "A job failed: ann@example.com",
      "A job failed: ann@example.com",
    ]);
    for (const { policy, because } of alerts) if (policy === "A job failed") expect(because).to.contain("injected");
  });

  it("loads nothing while the generator fails, keeps the last good data, and raises alerts", async () => {
    const { error, started, alerts, loaded, built, reported } = await night({
      faults: { execution: failing("coffee-data-job", 99) },
    });
    expect(error).to.contain("coffee-data-job").and.to.contain("injected");
    expect(started["coffee-data-job"]).to.equal(3);
    expect(started["coffee-dbt-job"]).to.equal(undefined);
    expect([loaded?.until, built?.until]).to.deep.equal([EARLIER, EARLIER]);
    // The pages are written once, to say that they lack a day.
    expect(started["coffee-report-job"]).to.equal(1);
    expect([reported.until, reported.night]).to.deep.equal([EARLIER, NIGHT]);
    expect(alerts.map(({ policy }) => policy)).to.deep.equal(threeFailures);
  });

  it("keeps the marts while a test of dbt fails, and the reports say so", async () => {
    const { error, started, loaded, built, reported, alerts } = await night({
      faults: { execution: failing("coffee-dbt-job", 99) },
    });
    expect(error).to.contain("coffee-dbt-job").and.to.contain("injected");
    expect(started["coffee-dbt-job"]).to.equal(3);
    expect([loaded?.until, built?.until]).to.deep.equal([NIGHT, EARLIER]);
    expect([reported.until, reported.night]).to.deep.equal([EARLIER, NIGHT]);
    expect(alerts.map(({ policy }) => policy)).to.deep.equal(threeFailures);
  });
});
