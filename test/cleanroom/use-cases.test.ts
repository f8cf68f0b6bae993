import { existsSync } from "node:fs";
import { expect } from "chai";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { fill } from "../../generator/fill.ts";
import type { ResultRow } from "../../generator/warehouse/warehouse.ts";
import { emptyWarehouse, syntheticExport, temporaryFolder } from "../generator/thelook/merchant.ts";

const realExport = new URL("../../../shared/data/thelook-export", import.meta.url);
const there = existsSync(realExport);

describe("The clean room's use cases", () => {
  const useCases = readUseCases();

  it("are four, each with a title and a question", () => {
    expect(useCases.map(({ name }) => name)).to.deep.equal([
      "01-transaction-verification",
      "02-segmentation-by-tier",
      "03-trust-by-verification",
      "04-wallet-enrichment",
    ]);
    for (const { title, question } of useCases) {
      expect(title).to.match(/^[A-Z][\w -]+$/);
      expect(question).to.match(/^The (merchant|e-wallet) asks: .+\?$/);
    }
  });

  it("use no aggregates but those that an aggregation threshold allows, and show no address", () => {
    for (const { sql } of useCases) {
      expect(sql).not.to.match(/\b(MIN|MAX|ANY_VALUE|ARRAY_AGG|STRING_AGG|OVER)\b/i);
      expect(sql).not.to.match(/\b(?<!hashed_)email\b|`/i);
    }
  });

  const answersOf = (source: () => Promise<string>, seed: number) => {
    const warehouse = emptyWarehouse(temporaryFolder());
    const answers: Record<string, ResultRow[]> = {};
    before(async () => {
      await fill(warehouse(), { source: await source(), seed });
      for (const { name, sql } of useCases) answers[name.slice(0, 2)] = await warehouse().run(sql);
    });
    return { answers, ask: (sql: string) => warehouse().run(sql) };
  };

  const findTheEffects = (answers: Record<string, ResultRow[]>) => {
    it("answer in small tables", () => {
      for (const rows of Object.values(answers)) expect(rows.length).to.be.within(2, 29);
    });

    it("find that payments agree with the orders, and cover about half of them", () => {
      for (const row of answers["01"] ?? [])
        expect(row).to.include({ status_agrees: 1, amount_agrees: 1, time_agrees: 1 });
      const total = (name: string) => (answers["01"] ?? []).reduce((sum, row) => sum + Number(row[name]), 0);
      expect(total("payments") / total("orders")).to.be.within(0.35, 0.65);
    });

    it("find that customers spend the more the higher their tier", () => {
      expect(answers["02"]?.map(({ account_tier }) => account_tier)).to.deep.equal(["Free", "Premium", "Business"]);
      const [free, premium, business] = (answers["02"] ?? []).map(({ spend_per_customer }) =>
        Number(spend_per_customer),
      );
      expect(premium).to.be.above(1.5 * Number(free));
      expect(business).to.be.above(1.5 * Number(premium));
    });

    it("find that verified customers cancel and return at least a third less", () => {
      const [others, verified] = answers["03"] ?? [];
      expect([others?.is_verified_user, verified?.is_verified_user]).to.deep.equal([false, true]);
      expect(Number(verified?.cancelled_or_returned)).to.be.below((2 / 3) * Number(others?.cancelled_or_returned));
    });

    it("find every wallet user's age, gender and country", () => {
      const users = (answers["02"] ?? []).reduce((sum, { customers }) => sum + Number(customers), 0);
      for (const attribute of ["age", "gender", "country"]) {
        const of = (answers["04"] ?? []).filter((row) => row.attribute === attribute);
        expect(
          of.reduce((sum, { wallet_users }) => sum + Number(wallet_users), 0),
          attribute,
        ).to.equal(users);
      }
    });
  };

  describe("on the synthetic thelook", () => {
    const folder = temporaryFolder();
    const { answers, ask } = answersOf(() => syntheticExport(folder, 0.05), 42);
    findTheEffects(answers);

    it("notice payments that disagree", async () => {
      const [verification] = useCases;
      await ask(`BEGIN TRANSACTION;
        UPDATE ewallet_provider.transactions SET status = 'Lost', transaction_amount = transaction_amount + 1
        WHERE status = 'Complete'`);
      const rows = await ask(verification?.sql ?? "").finally(() => ask("ROLLBACK"));
      const complete = rows.find(({ status }) => status === "Complete");
      expect(complete).to.include({ status_agrees: 0, amount_agrees: 0, time_agrees: 1 });
      expect(rows.find(({ status }) => status === "Shipped")).to.include({ status_agrees: 1, amount_agrees: 1 });
    });
  });

  for (const seed of [1, 42, 1337]) {
    (there ? describe : describe.skip)(
      `on a small real export, seed ${seed}${there ? "" : ": NOT TESTED, it is not there"}`,
      () => {
        const { answers } = answersOf(async () => realExport.href, seed);
        findTheEffects(answers);
      },
    );
  }
});
