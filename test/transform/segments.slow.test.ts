import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { openDuckDb } from "../../generator/warehouse/duckdb.ts";
import { shopFile } from "../generator/coffee/support.ts";
import { buildShop } from "./shop.ts";

/** The models that `flat_customer_metrics` needs, each after those that it reads. */
const models = [
  ...["dim_customer", "dim_product", "dim_store", "dim_event", "dim_date", "dim_order", "dim_rfm_segment"],
  ...["fact_order_details", "flat_orders", "flat_customer_metrics"],
];

// The tests of the generated data share the largest of these chains.
const UNTIL = "2026-11-22";

/** A customer as the mart describes them, and whether they have truly left. */
interface Judged {
  readonly segment: string;
  readonly isChurned: boolean;
  readonly recency: number;
  /** Days since registration. */
  readonly age: number;
  readonly gone: boolean;
}

/** Chains that are judged together: small ones have too few customers in a segment for a share of them to mean anything. */
const chains: { readonly seeds: readonly number[]; readonly scale: number }[] = [
  { seeds: [42], scale: 4 },
  { seeds: [1, 2], scale: 1 },
  ...Array.from({ length: Number(process.env.FUZZ ?? 0) }, () => ({
    seeds: [Math.floor(Math.random() * 1e6), Math.floor(Math.random() * 1e6)],
    scale: 2 + Math.floor(Math.random() * 4),
  })),
];

for (const { seeds, scale } of chains)
  describe(`the segments, held against the truth of ${seeds.length > 1 ? "seeds" : "seed"} ${seeds.join(", ")} at scale ${scale}`, function () {
    this.timeout(600_000);
    let customers: Judged[];
    before(async () => {
      customers = [];
      for (const seed of seeds) customers.push(...(await judge(seed, scale)));
    });

    /** The share of a segment's customers who have truly left. */
    const goneIn = (segment: string) => {
      const members = customers.filter((customer) => customer.segment === segment);
      expect(members.length, segment).to.be.above(0);
      return part(members, ({ gone }) => gone);
    };

    it("Champions are here", () => expect(goneIn("Champions")).to.be.at.most(0.05));
    it("Loyal customers are here", () => expect(goneIn("Loyal")).to.be.at.most(0.15));
    it("Potential Loyalists are here", () => expect(goneIn("Potential Loyalists")).to.be.at.most(0.25));
    it("At Risk are in danger, and not all lost", () => expect(goneIn("At Risk")).to.be.within(0.3, 0.9));
    it("Churned have left", () => expect(goneIn("Churned")).to.be.at.least(0.95));

    it("New Customers registered lately", () => {
      const members = customers.filter(({ segment }) => segment === "New Customers");
      expect(part(members, ({ age }) => age <= 90)).to.be.above(0.9);
    });

    it("most of those About To Sleep will not come again", () =>
      expect(goneIn("About To Sleep")).to.be.within(0.5, 0.9));

    it("is_churned finds those who have left, and few others", () => {
      const churned = customers.filter(({ isChurned }) => isChurned);
      const gone = customers.filter((customer) => customer.gone);
      expect(part(churned, (customer) => customer.gone)).to.be.at.least(0.85);
      expect(part(gone, ({ isChurned }) => isChurned)).to.be.at.least(0.85);
    });

    it("days since the last order alone do not tell who has left", () => {
      expect(areaUnderCurve(customers)).to.be.within(0.7, 0.95);
    });
  });

/** Builds the mart of a generated history by the project's SQL, and joins the ground truth. */
async function judge(seed: number, scale: number): Promise<Judged[]> {
  const { dbt } = await buildShop();
  const folder = await mkdtemp(join(tmpdir(), "segments-"));
  try {
    // dbt's compiled SQL names the database, which is called like the file.
    const file = join(folder, "warehouse.duckdb");
    await copyFile(await shopFile({ seed, until: UNTIL, scale }), file);
    const database = await openDuckDb(pathToFileURL(file).href.replace("file:", "duckdb:"));
    try {
      // Anonymous orders decide no segment: without them the models take a third of the time.
      await database.run(`DELETE FROM coffee_shop.orders WHERE customer_id IS NULL;
        DELETE FROM coffee_shop.order_details WHERE order_id NOT IN (SELECT order_id FROM coffee_shop.orders)`);
      await database.run("CREATE SCHEMA coffee_marts");
      for (const model of models) {
        const sql = await readFile(join(dbt, "target", "compiled", "coffee_shop", "models", pathOf(model)), "utf8");
        await database.run(`CREATE TABLE coffee_marts.${model} AS ${sql}`);
      }
      const rows = await database.run(`SELECT segment, is_churned, recency, customer_age_days,
          churned_on IS NOT NULL AS gone
        FROM coffee_marts.flat_customer_metrics JOIN ground_truth.customers USING (customer_id)`);
      return rows.map((row) => ({
        segment: String(row.segment),
        isChurned: row.is_churned === true,
        recency: Number(row.recency),
        age: Number(row.customer_age_days),
        gone: row.gone === true,
      }));
    } finally {
      await database.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pathOf = (model: string) =>
  join({ dim: "dimensions", fact: "facts", flat: "marts" }[model.split("_")[0] as string] ?? "", `${model}.sql`);

const part = (members: readonly Judged[], is: (member: Judged) => boolean) =>
  members.filter(is).length / members.length;

/** The chance that somebody who has left has been away for longer than somebody who has not; a tie counts half. */
function areaUnderCurve(customers: readonly Judged[]): number {
  const sorted = [...customers].sort((one, other) => one.recency - other.recency);
  const gone = sorted.filter((customer) => customer.gone).length;
  let here = 0;
  let won = 0;
  for (let i = 0; i < sorted.length; ) {
    const tied = sorted.filter(({ recency }) => recency === sorted[i]?.recency);
    const [lost, stayed] = [tied.filter((one) => one.gone).length, tied.filter((one) => !one.gone).length];
    won += lost * (here + stayed / 2);
    here += stayed;
    i += tied.length;
  }
  return won / (gone * here);
}
