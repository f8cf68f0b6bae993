import { expect } from "chai";
import { Refusal } from "../src/refusal.ts";
import { ask } from "./every-rule.ts";
import { chapters } from "./queries/chapters.ts";

describe("The analysis rules", () => {
  for (const { title, allowed, refused } of chapters)
    describe(title, () => {
      for (const [why, sql, threshold] of allowed)
        it(`allows ${why}`, async () => {
          const { thresholds } = await ask(sql);
          if (threshold !== undefined) expect(thresholds.map((use) => use.threshold)).to.deep.equal([threshold], sql);
        });
      for (const [why, sql, rule, says] of refused)
        it(`refuses ${why}`, async () => {
          const error = await ask(sql).then(
            () => undefined,
            (thrown) => thrown,
          );
          expect(error, sql).to.be.instanceOf(Refusal);
          expect({ rule: error.rule, says: error.message }, sql).to.deep.equal({ rule, says });
          expect(error.advice, `what to write instead of ${sql}`).to.match(/^\S.*\.$/);
          expect(error, sql).to.include.keys("line", "column");
          expect(error.line, `where ${sql} goes wrong`).to.be.at.least(1);
        });
    });
});
