import { expect } from "chai";
import { runStep, type Standing } from "../../../generator/functions/night.ts";

const NIGHT = "2026-11-27";

describe("A step of the night", () => {
  it("hands its work the progress that it read before, and reads it again knowing that the work was done", async () => {
    const calls: unknown[] = [];
    const made = { run: "2026-11-27-abc", until: NIGHT };
    const before: Standing = { has: undefined, due: true, waitsFor: undefined, since: 1764277200000 };
    const answer = await runStep(
      {
        async standing(night, worked) {
          calls.push([night, worked]);
          return worked ? { has: made, due: false, waitsFor: undefined } : before;
        },
        async work(standing) {
          calls.push(standing);
          return { execution: "e-1" };
        },
      },
      NIGHT,
    );
    expect(calls).to.deep.equal([[NIGHT, false], before, [NIGHT, true]]);
    expect(answer).to.deep.equal({ status: 200, body: { state: "done", night: NIGHT, ...made, execution: "e-1" } });
  });

  it("does nothing if its output is there", async () => {
    const made = { run: "2026-11-27-abc", until: NIGHT };
    const standing = async () => ({ has: made, due: false, waitsFor: undefined });
    const work = () => expect.fail("it worked");
    expect((await runStep({ standing, work }, NIGHT)).body).to.deep.include({ state: "already done", ...made });
  });
});
