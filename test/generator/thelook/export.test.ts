import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type FillSummary, fill } from "../../../generator/fill.ts";
import { allRows, emptyWarehouse, temporaryFolder } from "./merchant.ts";

const source = new URL("../../../../shared/data/thelook-export", import.meta.url);
const there = existsSync(source);

(there ? describe : describe.skip)(
  `A real export${there ? "" : `: NOT TESTED, there is no ${fileURLToPath(source)}`}`,
  () => {
    const warehouse = emptyWarehouse(temporaryFolder());
    let summary: FillSummary;
    before(async () => {
      summary = await fill(warehouse(), { source: source.href, seed: 42 });
    });

    it("is summed up line by line, from the rows read to the wallets", () => {
      expect(
        summary.counts.filter(({ rows }) => rows > 0).map(({ of, what, rows }) => `${of} ${what}: ${rows}`),
      ).to.deep.equal([
        "distribution_centers read: 10",
        "distribution_centers kept: 10",
        "products read: 1000",
        "products left out: repeats of a row: 499",
        "products kept: 501",
        "users read: 1000",
        "users left out: repeats of a row: 355",
        "users left out: repeated e-mail addresses: 1",
        "users kept: 644",
        'users of these: city "null", now none: 27',
        "orders read: 1000",
        "orders left out: repeats of a row: 505",
        "orders kept: 495",
        "orders of these: moved to the one user of their e-mail address: 1",
        "orders of these: without items, so without a transaction: 140",
        "order_items read: 1000",
        "order_items left out: repeats of a row: 493",
        "order_items kept: 507",
        "order_items of these: moved to the user of their order: 2",
        "customers of the merchant: 644",
        "customers left out: younger than 18: 58",
        "customers left out: adults without a wallet: 286",
        "customers with a wallet: 300",
        "wallets of people who are not customers: 153",
        "orders paid with the wallet: 122",
        "orders paid otherwise: 233",
      ]);
    });

    it("fills all tables with as many rows as the summary says", async () => {
      const rows = await allRows(warehouse());
      expect(Object.fromEntries(Object.entries(rows).map(([table, { length }]) => [table, length]))).to.deep.equal(
        summary.tables,
      );
      expect(summary.tables).to.deep.equal({
        "merchant.distribution_centers": 10,
        "merchant.products": 501,
        "merchant.users": 644,
        "merchant.orders": 495,
        "merchant.order_items": 507,
        "merchant.order_payments": 355,
        "ewallet_provider.provider_users": 453,
        "ewallet_provider.transactions": 122,
      });
    });

    it("gives the same rows when it is filled again", async () => {
      const first = await allRows(warehouse());
      const again = await fill(warehouse(), { source: source.href, seed: 42 });
      expect(again).to.deep.equal(summary);
      expect(await allRows(warehouse())).to.deep.equal(first);
    });
  },
);
