import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { openFolder } from "../../generator/lake/folder.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import type { CleanRoomData } from "../../report/clean-room/shape.ts";
import type { CustomersReport } from "../../report/customers/shape.ts";
import type { Beside, IndexReport } from "../../report/highlights.ts";
import { type Published, type PublishOptions, publishReports } from "../../report/publish.ts";
import { decodeReport, type Report } from "../../report/report.ts";
import type { SalesReport } from "../../report/sales/shape.ts";
import { DATA_MARK } from "../../report/template.ts";
import { userError } from "../support/user-error.ts";
import { LAST_DAY } from "../transform/shop.ts";
import { cleanRoom } from "./clean-room.ts";
import { type BuiltMarts, makeMarts } from "./marts.ts";

const madeAt = new Date("2024-04-01T01:30:00Z");
const template: PublishOptions["template"] = async (name) =>
  `<title>${name}</title><script id="data">${DATA_MARK}</script>`;
const everything = [
  "flat_orders",
  "flat_order_details",
  "flat_customer_metrics",
  "flat_customer_months",
  "flat_visit_gaps",
];

describe("publishing the reports", function () {
  this.timeout(600_000);
  let built: BuiltMarts;
  before(async () => {
    built = await makeMarts();
  });

  let folders = 0;
  const newFolder = () => join(built.folder, `reports-${++folders}`);

  /** Publishes from a copy of the marts, after the script `change` has changed it. */
  async function publish(
    folder: string,
    change?: string,
    more: {
      cleanRoom?: CleanRoomData;
      beside?: readonly Beside[];
      template?: typeof template;
      expected?: string | undefined;
    } = {},
  ): Promise<Published> {
    const warehouse: Warehouse = await built.open(change);
    try {
      return await publishReports(warehouse, openFolder(pathToFileURL(folder).href), { template, madeAt, ...more });
    } finally {
      await warehouse.close();
    }
  }

  async function read<R extends Report<unknown>>(folder: string, page: string): Promise<R> {
    const html = await readFile(join(folder, `${page}.html`), "utf8");
    return decodeReport<R>(/<script id="data">(.*)<\/script>/.exec(html)?.[1] ?? "");
  }

  it("writes a page for each report that says when it was made, and from which tables", async () => {
    const folder = newFolder();
    const { pages, missing } = await publish(folder);
    expect(Object.keys(pages)).to.deep.equal(["sales.html", "customers.html", "index.html"]);
    expect(missing).to.deep.equal([]);
    expect(await readdir(folder)).to.have.members(Object.keys(pages));
    const { meta, page, data } = await read<SalesReport>(folder, "sales");
    expect(page).to.equal("sales");
    expect(meta).to.include({ madeAt: "2024-04-01T01:30:00.000Z", source: "DuckDB", asOf: LAST_DAY });
    expect(meta.pages).to.deep.equal(["sales", "customers"]);
    expect(meta.tables.find(({ name }) => name === "coffee_marts.flat_orders")?.rows).to.equal(
      data.sales?.cells.orders.reduce((sum, each) => sum + each),
    );
    expect((await read(folder, "customers")).meta.tables.map(({ name }) => name)).to.include(
      "coffee_marts.flat_customer_months",
    );
  });

  it("gives the same bytes for the same marts", async () => {
    const [one, other] = [newFolder(), newFolder()];
    await publish(one);
    await publish(other);
    for (const page of await readdir(one))
      expect(await readFile(join(one, page)), page).to.deep.equal(await readFile(join(other, page)));
  });

  it("writes the clean room's page if there are answers", async () => {
    const folder = newFolder();
    const cleanRoom: CleanRoomData = { useCases: [] };
    const { pages } = await publish(folder, undefined, { cleanRoom });
    expect(Object.keys(pages)).to.include("clean-room.html");
    expect(await read(folder, "clean-room")).to.deep.include({ data: cleanRoom });
    expect((await read(folder, "index")).meta.pages).to.deep.equal(["sales", "customers", "clean-room"]);
  });

  it("puts highlights of each report on the index page, and none of a report without figures", async () => {
    const folder = newFolder();
    await publish(folder, undefined, { cleanRoom });
    const { highlights } = (await read<IndexReport>(folder, "index")).data;
    expect(highlights?.sales?.[0]).to.match(/^Revenue of \*\*₴[\d.]+[kM]\*\* in the last \d+ days\.$/);
    expect(highlights?.customers?.[0]).to.match(/^\*\*\d+ of \d+\*\* customers? seems? to have left/);
    expect(highlights?.["clean-room"]?.[0]).to.equal(
      "USD per customer: **Business** $360.94, 8.1 times the $44.36 of Free.",
    );
    await publish(folder, everything.map((mart) => `DELETE FROM coffee_marts.${mart}`).join(";"));
    expect((await read<IndexReport>(folder, "index")).data.highlights).to.deep.equal({
      sales: [],
      customers: [],
      "clean-room": [],
    });
  });

  it("links the index page to the results beside the reports", async () => {
    const folder = newFolder();
    const beside = [
      { href: "../bucket/shop-dbt/static_index.html", name: "dbt docs", about: "Every mart and column." },
    ];
    await publish(folder, undefined, { beside });
    expect((await read<IndexReport>(folder, "index")).data.beside).to.deep.equal(beside);
  });

  it("says which mart is missing, and shows the figures that do not need it", async () => {
    const folder = newFolder();
    const { missing } = await publish(
      folder,
      "DROP TABLE coffee_marts.flat_order_details; DROP TABLE coffee_marts.flat_visit_gaps",
    );
    expect(missing).to.deep.equal([
      "coffee_marts.flat_order_details does not exist in the warehouse: build the marts with dbt.",
      "coffee_marts.flat_visit_gaps does not exist in the warehouse: build the marts with dbt.",
    ]);
    const sales = await read<SalesReport>(folder, "sales");
    expect(sales.data).to.deep.equal({});
    expect(sales.missing.sales).to.equal(missing[0]);
    const customers = await read<CustomersReport>(folder, "customers");
    expect(Object.keys(customers.data)).to.deep.equal(["customers", "months", "trade"]);
    expect(customers.missing).to.deep.equal({ gaps: missing[1] });
  });

  describe("after a night", () => {
    const night = async (change?: string, expected?: string) => {
      const folder = newFolder();
      await publish(folder, change, { expected });
      const { until, failed } = (await read(folder, "sales")).meta;
      return { until, failed };
    };
    const last = (status: string, reason: string) =>
      `UPDATE coffee_marts.last_build SET status = '${status}', reason = '${reason}'`;

    it("shows the last day of the data, and no failure if that is the expected day", async () => {
      expect(await night(undefined, LAST_DAY)).to.deep.equal({ until: LAST_DAY, failed: undefined });
    });

    it("says which test of dbt failed, and that dbt has not finished", async () => {
      const reason = "test lines_add_up_to_their_order: Got 1 result, configured to fail if != 0";
      expect((await night(last("failed", reason))).failed).to.equal("test lines_add_up_to_their_order: Got 1 result");
      expect((await night(last("running", ""))).failed).to.equal("dbt has not finished");
      expect((await night(last("partial", "a person built one model"))).failed).to.equal(undefined);
    });

    it("says which day was not loaded", async () => {
      expect(await night(undefined, "2024-04-01")).to.deep.equal({
        until: LAST_DAY,
        failed: "no data of 1 Apr 2024 was loaded",
      });
    });
  });

  it("makes pages even if there are no marts at all", async () => {
    const folder = newFolder();
    const { pages, missing } = await publish(folder, "DROP SCHEMA coffee_marts CASCADE");
    expect(Object.keys(pages)).to.have.length(3);
    expect(missing).to.have.length(5);
    expect((await read(folder, "sales")).meta).not.to.have.any.keys("asOf", "until", "failed");
  });

  it("makes pages of empty marts", async () => {
    const folder = newFolder();
    await publish(folder, everything.map((mart) => `DELETE FROM coffee_marts.${mart}`).join(";"));
    const { sales } = (await read<SalesReport>(folder, "sales")).data;
    expect(sales?.days).to.deep.equal({ first: "1970-01-01", count: 0 });
    expect(sales?.hours).to.deep.equal({ first: 0, count: 0 });
    expect(sales?.cells.day).to.deep.equal([]);
    const { customers, trade } = (await read<CustomersReport>(folder, "customers")).data;
    expect(customers?.profiles.ltv).to.deep.equal([]);
    expect(trade?.cells.day).to.deep.equal([]);
  });

  it("makes pages of one day in one store", async () => {
    const folder = newFolder();
    const others = `order_date <> DATE '2024-03-16' OR store_name <> 'Podil'`;
    await publish(
      folder,
      ["flat_orders", "flat_order_details"].map((mart) => `DELETE FROM coffee_marts.${mart} WHERE ${others}`).join(";"),
    );
    const { sales } = (await read<SalesReport>(folder, "sales")).data;
    expect(sales?.days).to.deep.equal({ first: "2024-03-16", count: 1 });
    expect(new Set(sales?.cells.store).size).to.equal(1);
  });

  it("makes pages without any registered customer, and shows the anonymous orders", async () => {
    const folder = newFolder();
    await publish(
      folder,
      `DELETE FROM coffee_marts.flat_orders WHERE is_registered; DELETE FROM coffee_marts.dim_customer;
       DELETE FROM coffee_marts.flat_order_details WHERE is_registered;
       ${everything
         .slice(2)
         .map((mart) => `DELETE FROM coffee_marts.${mart}`)
         .join(";")}`,
    );
    const { meta, data } = await read<CustomersReport>(folder, "customers");
    expect(meta.asOf).to.equal(LAST_DAY);
    expect(data.customers?.profiles.r).to.deep.equal([]);
    expect(data.trade?.cells.registeredOrders.every((orders) => orders === 0)).to.equal(true);
    expect(data.trade?.cells.anonymousOrders.some((orders) => orders > 0)).to.equal(true);
  });

  for (const mart of ["flat_orders", "flat_customer_metrics"])
    it(`refuses marts of different builds, when ${mart} lacks rows that others have`, async () => {
      const change = `DELETE FROM coffee_marts.${mart} WHERE ${mart === "flat_orders" ? "order_date < DATE '2024-02-10'" : "recency > 3"}`;
      expect(await userError(() => publish(newFolder(), change))).to.match(/^one mart has ".+" and another does not/);
    });

  it("leaves all the last good pages in place if a query fails or a built page is missing", async () => {
    const folder = newFolder();
    await publish(folder);
    const before = await Promise.all((await readdir(folder)).map((page) => readFile(join(folder, page), "utf8")));
    const failed = await userError(() =>
      publish(folder, "ALTER TABLE coffee_marts.flat_visit_gaps DROP COLUMN gap_count"),
    );
    expect(failed).to.include("gap_count");
    const without = async (name: string) => (name === "index.html" ? undefined : template(name));
    expect(await userError(() => publish(folder, undefined, { template: without }))).to.include(
      "index.html is not among the built pages",
    );
    const after = await Promise.all((await readdir(folder)).map((page) => readFile(join(folder, page), "utf8")));
    expect(after).to.deep.equal(before);
  });
});
