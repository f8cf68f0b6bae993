import { expect } from "chai";
import { authorise } from "../src/authorised-routine.ts";
import type { Client } from "../src/bigquery.ts";

/** An error of BigQuery's. */
interface Refusal {
  readonly code: number;
  readonly message: string;
  /** Whether the change took effect all the same. */
  readonly hasEffect?: true;
}

const dataset = { project: "p", dataset: "d" };
const routine = { projectId: "p", datasetId: "d", routineId: "r" };
const tooFast: Refusal = {
  code: 403,
  message: "Exceeded rate limits: too many dataset metadata update operations for this dataset.",
};

/** A dataset whose changes meet these errors, one after the other, before one succeeds. */
function datasetWith(errors: readonly Refusal[]) {
  const left = [...errors];
  const kept: { access: unknown[] } = { access: [{ role: "READER", userByEmail: "a@b.c" }] };
  const client = {
    dataset: () => ({
      getMetadata: async () => [{ access: kept.access, etag: "one" }],
      async setMetadata({ access }: { access: unknown[] }) {
        const error = left.shift();
        if (error?.hasEffect) kept.access = access;
        if (error) throw error;
        kept.access = access;
      },
    }),
  };
  return { kept, left, client: client as unknown as Client };
}

describe("The authorisation of a routine", () => {
  it("waits while BigQuery has had too many changes of the dataset, as in an up with many routines", async () => {
    const { client, kept, left } = datasetWith([
      tooFast,
      { code: 412, message: "Precondition check failed." },
      tooFast,
    ]);
    await authorise(client, dataset, routine, 1);
    expect(left).to.deep.equal([]);
    expect(kept.access).to.deep.equal([{ role: "READER", userByEmail: "a@b.c" }, { routine }]);
  });

  it("is added once if the change took effect, and the client repeated it with the old etag", async () => {
    const { client, kept } = datasetWith([{ code: 412, message: "Precondition check failed.", hasEffect: true }]);
    await authorise(client, dataset, routine, 1);
    expect(kept.access).to.deep.equal([{ role: "READER", userByEmail: "a@b.c" }, { routine }]);
  });

  it("is added beside those of other routines", async () => {
    const { client, kept } = datasetWith([]);
    const others = [{ projectId: "q" }, { datasetId: "e" }, { routineId: "s" }].map((part) => ({
      ...routine,
      ...part,
    }));
    for (const each of [...others, routine, routine]) await authorise(client, dataset, each, 1);
    expect(kept.access.slice(1)).to.deep.equal([...others, routine].map((each) => ({ routine: each })));
  });

  it("gives up in the end, and at once after another refusal", async () => {
    const failing = (errors: readonly Refusal[]) => {
      const { client, left } = datasetWith(errors);
      return authorise(client, dataset, routine, 1).then(
        () => "no error",
        (error: Error) => `${error.message} ${left.length}`,
      );
    };
    expect(await failing(Array(12).fill(tooFast))).to.equal(`the access list of p.d: BigQuery: ${tooFast.message} 2`);
    const denied = { code: 403, message: "Access Denied: Dataset p:d" };
    expect(await failing([denied, denied])).to.equal("the access list of p.d: BigQuery: Access Denied: Dataset p:d 1");
  });
});
