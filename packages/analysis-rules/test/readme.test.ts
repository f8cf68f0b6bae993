import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Refusal } from "../src/refusal.ts";
import { ask } from "./every-rule.ts";

describe("The README's table of rules", () => {
  const text = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (.+) \| (.+) \| `(.+)` \| `(.+)` \|$/gm)];
  const full = (sql = "") =>
    sql.replace(/^T /, "SELECT WITH AGGREGATION_THRESHOLD ").replace(/^P /, "SELECT WITH DIFFERENTIAL_PRIVACY ");

  it("has a refused and an allowed query for every rule", () => expect(rows).to.have.length(8));

  for (const [, rule = "", , refused, allowed] of rows)
    it(`shows what is refused and allowed under ${rule.split(":")[0]}`, async () => {
      const error = await ask(full(refused)).catch((thrown) => thrown);
      expect(error, refused).to.be.instanceOf(Refusal);
      const { views } = await ask(full(allowed));
      expect(views, allowed).to.have.length(1);
    });
});
