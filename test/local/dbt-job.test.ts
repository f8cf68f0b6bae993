import { expect } from "chai";
import type { Container } from "pulumi-rehearsal";
import { dbtJobs } from "../../local/dbt-job.ts";
import type { DbtServer } from "../../local/dbt-server.ts";

describe("The rehearsal's dbt", () => {
  const [runner] = dbtJobs({} as DbtServer).runners ?? [];
  const runs = (container: Partial<Container>) => runner?.matches({ args: [], ...container } as Container);

  it("runs what starts dbt, from an image of any name", () => {
    expect(runs({ image: "ghcr.io/dbt-labs/dbt-bigquery:1.11.1" })).to.equal(true);
    expect(runs({ image: "ghcr.io/owner/marts:1", command: "python", args: ["check.py", "dbt", "build"] })).to.equal(
      true,
    );
    expect(runs({ image: "ghcr.io/owner/marts:1", command: "dbt", args: ["build"] })).to.equal(true);
    expect(runs({ image: "docker.io/library/node:22-slim", command: "node", args: ["main.mjs", "load"] })).to.equal(
      false,
    );
  });
});
