import { expect } from "chai";
import type { Page } from "playwright-core";
import type { ResultRow, Warehouse } from "../../generator/warehouse/warehouse.ts";
import { count, percent, uah, uahExact } from "../../report/format.ts";
import type { OpenPage } from "../support/chromium.ts";
import { inChromium } from "./in-chromium.ts";
import { csvOf, openPage, publishPages, tableOf } from "./pages.ts";

inChromium("the customers page", (bench) => {
  let warehouse: Warehouse;
  let open: OpenPage;
  let page: Page;
  let folder: string;

  before(async () => {
    folder = await publishPages(bench().built);
    warehouse = await bench().built.open();
  });
  after(() => warehouse?.close());
  beforeEach(async () => {
    open = await openPage(bench().browser, folder, "customers");
    page = open.page;
  });
  afterEach(async () => {
    const { troubles } = open;
    await open?.close();
    expect(troubles).to.deep.equal([]);
  });

  const kopiykas = (value: ResultRow[string] | undefined) => Math.round(Number(value) * 100);
  const value = (id: string) => page.locator(`#${id} .value`).innerText();
  const metrics = (columns: string, where: string, rest = "") =>
    warehouse.run(`SELECT ${columns} FROM coffee_marts.flat_customer_metrics WHERE ${where} ${rest}`);
  const sums = `COUNT(*) AS customers, SUM(ltv) AS ltv, COUNT(CASE WHEN is_churned THEN 1 END) AS churned,
    SUM(is_active_30d) AS active, COUNT(CASE WHEN is_repeat_customer THEN 1 END) AS repeats`;

  /** Compares the page with the customers' metrics and with the orders. */
  async function matches(customers: string, orders: string): Promise<void> {
    const [row = {}] = await metrics(sums, customers);
    const number = Number(row.customers);
    expect(number).to.be.greaterThan(0);
    expect([await value("customers"), await value("active"), await value("repeat"), await value("ltv")]).to.deep.equal([
      count(number),
      count(Number(row.active)),
      percent(Number(row.repeats) / number),
      uah(kopiykas(row.ltv) / number),
    ]);
    for (const [card, column] of [
      ["segments-compared", "segment"],
      ["levels", "loyalty_tier"],
      ["channels", "acquisition_channel"],
    ] as const) {
      const groups = await metrics(`${column} AS name, ${sums}`, customers, "GROUP BY 1");
      const [head = [], ...rows] = await csvOf(page, card);
      const field = (cells: string[], name: string) => cells[head.indexOf(name)];
      expect(
        rows.map((cells) => [cells[0], field(cells, "Customers"), field(cells, "Revenue, UAH"), field(cells, "Left")]),
        card,
      ).to.have.deep.members(
        groups.map(({ name, customers, ltv, churned }) => [
          name,
          String(customers),
          Number(ltv).toFixed(2),
          String(churned),
        ]),
      );
    }
    const grid = await metrics("r_score, f_score, COUNT(*) AS customers", customers, "GROUP BY 1, 2");
    const cells = (await csvOf(page, "recency-frequency")).slice(1).filter(([, , , customers]) => customers !== "0");
    expect(cells.map(([r, f, , customers]) => [r, f, customers])).to.have.deep.members(
      grid.map(({ r_score, f_score, customers }) => [String(r_score), String(f_score), String(customers)]),
    );
    const trade = await warehouse.run(`SELECT is_registered, COUNT(DISTINCT order_id) AS orders, SUM(net_amount) AS net
      FROM coffee_marts.flat_order_details WHERE ${orders} GROUP BY 1 ORDER BY 1 DESC`);
    expect(
      (await tableOf(page, "registered")).slice(1).map(([name, orders, , net]) => [name, orders, net]),
    ).to.deep.equal(
      trade.map(({ is_registered, orders, net }) => [
        is_registered ? "Registered" : "Anonymous",
        count(Number(orders)),
        uahExact(kopiykas(net)),
      ]),
    );
  }

  it("shows all customers at first", () => matches("TRUE", "TRUE"));

  it("shows the customers of a store and an order type", async () => {
    await page.getByRole("button", { name: "Podil", exact: true }).click();
    await matches("home_store_name = 'Podil'", "store_name = 'Podil'");
    await page.getByRole("button", { name: "In-store", exact: true }).click();
    await matches(
      "home_store_name = 'Podil' AND main_order_type = 'In-store'",
      "store_name = 'Podil' AND order_type = 'In-store'",
    );
  });

  it("shows the customers who registered on the chosen days, and the orders of those days", async () => {
    await page.locator("#from").fill("2024-02-10");
    await matches("registration_date >= DATE '2024-02-10'", "order_date >= DATE '2024-02-10'");
  });

  it("shows the share of each month's new customers who ordered in the months since", async () => {
    const rows =
      await warehouse.run(`SELECT strftime(cohort_month, '%Y-%m') AS cohort, months_since_registration AS month,
        COUNT(*) AS active, MAX(size) AS size
      FROM coffee_marts.flat_customer_months
      JOIN (SELECT cohort_month, COUNT(*) AS size FROM coffee_marts.flat_customer_metrics GROUP BY 1) AS sizes USING (cohort_month)
      GROUP BY 1, 2`);
    const [head = [], ...lines] = await csvOf(page, "retention");
    const shown = lines.flatMap(([cohort, size, ...shares]) =>
      shares.flatMap((share, i) =>
        Number(share) > 0 ? [[cohort, head[i + 2], Math.round(Number(share) * Number(size)), Number(size)]] : [],
      ),
    );
    expect(shown.length).to.be.greaterThan(2);
    expect(shown).to.have.deep.members(
      rows.map(({ cohort, month, active, size }) => [cohort, `Month ${month}`, Number(active), Number(size)]),
    );
  });

  it("explains each segment and each figure", async () => {
    const meaning = await page.locator("#meaning").innerText();
    const [row] = await warehouse.run(
      "SELECT meaning FROM coffee_marts.dim_rfm_segment WHERE segment = 'At Risk' LIMIT 1",
    );
    for (const text of [
      String(row?.meaning),
      "more than four of their usual gaps",
      "Revenue from all the customer's orders so far",
    ])
      expect(meaning).to.contain(text);
  });

  it("says that a selection has no customers, and still shows its orders", async () => {
    await page.locator("#from").fill("2024-03-31");
    await page.locator("#to").fill("2024-03-31");
    await page.getByRole("button", { name: "Podil", exact: true }).click();
    expect(
      await page.locator(".card .note", { hasText: "No registered customers in this selection" }).count(),
    ).to.be.greaterThan(8);
    await page.locator("#registered").scrollIntoViewIfNeeded();
    await page.locator("#registered table.bars").waitFor();
  });
});
