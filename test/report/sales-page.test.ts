import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Page } from "playwright-core";
import type { ResultRow, Warehouse } from "../../generator/warehouse/warehouse.ts";
import { dayName } from "../../report/days.ts";
import { count, decimal, uahExact, uahShort } from "../../report/format.ts";
import { decodeReport } from "../../report/report.ts";
import type { SalesReport } from "../../report/sales/shape.ts";
import { encodeReport } from "../../report/template.ts";
import type { OpenPage } from "../support/chromium.ts";
import { inChromium } from "./in-chromium.ts";
import { csvOf, openPage, publishPages, tableOf } from "./pages.ts";

inChromium("the sales page", (bench) => {
  let warehouse: Warehouse;
  let folder: string;
  let open: OpenPage;
  let page: Page;

  before(async () => {
    folder = await publishPages(bench().built);
    warehouse = await bench().built.open();
  });
  after(() => warehouse?.close());
  beforeEach(async () => {
    open = await openPage(bench().browser, folder, "sales");
    page = open.page;
  });
  afterEach(async () => {
    const { troubles } = open;
    await open?.close();
    expect(troubles).to.deep.equal([]);
  });

  it("says until when it has data, and after a failed night why instead of when it was made", async () => {
    const lead = (of: Page) => of.locator("#made").innerText();
    expect(await lead(page)).to.match(/Data until 31 Mar 2024\.$/);
    expect(await page.locator("#foot").innerText()).to.include("Made 1 April 2024 at 04:30");
    const index = await openPage(bench().browser, folder, "index");
    expect(await lead(index.page)).to.match(/ The coffee shops' data ends on 31 Mar 2024\.$/);
    await index.close();
    const change = "UPDATE coffee_marts.last_build SET status = 'failed', reason = 'test no_sale: Got 2 results'";
    const failed = await openPage(bench().browser, await publishPages(bench().built, change), "sales");
    expect(await lead(failed.page)).to.match(
      /Data until 31 Mar 2024\. Last night failed: test no_sale: Got 2 results\.$/,
    );
    expect(await failed.page.locator("#foot").innerText()).not.to.include("Made");
    await failed.close();
  });

  const kopiykas = (value: ResultRow[string] | undefined) => Math.round(Number(value) * 100);
  const value = (id: string) => page.locator(`#${id} .value`).innerText();

  /** Compares the figures at the top of the page with the order lines. */
  async function showsFigures(where: string): Promise<void> {
    const [row = {}] = await warehouse.run(`SELECT COUNT(DISTINCT order_id) AS orders, SUM(quantity) AS items,
      COUNT(DISTINCT CASE WHEN NOT is_refunded THEN order_id END) AS paid, SUM(net_amount) AS net
      FROM coffee_marts.flat_order_details WHERE ${where}`);
    expect(Number(row.orders)).to.be.greaterThan(0);
    const shown = [
      await value("revenue"),
      await value("orders"),
      await value("average-order"),
      await value("items-per-order"),
    ];
    expect(shown).to.deep.equal([
      uahShort(kopiykas(row.net)),
      count(Number(row.orders)),
      uahExact(kopiykas(row.net) / Number(row.paid)),
      decimal(Number(row.items) / Number(row.orders)),
    ]);
  }

  /** Compares the page with the order lines, chart by chart. */
  async function matches(where: string): Promise<void> {
    await showsFigures(where);
    const stores = await warehouse.run(`SELECT store_name, SUM(net_amount) AS net, COUNT(DISTINCT order_id) AS orders
      FROM coffee_marts.flat_order_details WHERE ${where} GROUP BY 1 ORDER BY 2 DESC`);
    const rows = await tableOf(page, "stores-compared");
    expect(rows.slice(1).map(([name, , net, orders]) => [name, net, orders])).to.deep.equal(
      stores.map(({ store_name, net, orders }) => [store_name, uahExact(kopiykas(net)), count(Number(orders))]),
    );
    const hours = await warehouse.run(`SELECT day_name, order_hour, COUNT(DISTINCT order_id) AS orders
      FROM coffee_marts.flat_order_details WHERE ${where} GROUP BY 1, 2`);
    const cells = (await csvOf(page, "hours")).slice(1).filter(([, , , orders]) => orders !== "0");
    expect(cells.map(([day, hour, , orders]) => [day, hour, orders])).to.have.deep.members(
      hours.map(({ day_name, order_hour, orders }) => [
        day_name,
        `${String(order_hour).padStart(2, "0")}:00`,
        String(orders),
      ]),
    );
    const products = await warehouse.run(`SELECT product_name, SUM(net_amount) AS net, SUM(quantity) AS items
      FROM coffee_marts.flat_order_details WHERE ${where} GROUP BY 1`);
    expect(
      (await csvOf(page, "top-products")).slice(1).map(([name, , net, , items]) => [name, net, items]),
    ).to.have.deep.members(
      products.map(({ product_name, net, items }) => [product_name, Number(net).toFixed(2), String(items)]),
    );
    const mixes = await warehouse.run(`SELECT product_mix_type, COUNT(DISTINCT order_id) AS orders
      FROM coffee_marts.flat_order_details WHERE ${where} GROUP BY 1`);
    expect((await csvOf(page, "mixes")).slice(1).map(([name, , orders]) => [name, orders])).to.have.deep.members(
      mixes.map(({ product_mix_type, orders }) => [product_mix_type, String(orders)]),
    );
  }

  it("starts with all days if there are fewer than twelve months", () => matches("TRUE"));

  it("shows the figures for dates that the reader types", async () => {
    await page.locator("#from").fill("2024-02-20");
    await page.locator("#to").fill("2024-03-04");
    await matches("order_date BETWEEN DATE '2024-02-20' AND DATE '2024-03-04'");
    expect(await page.locator("#period").inputValue()).to.equal("other");
  });

  it("ignores the years that a reader has typed only the first digits of", async () => {
    await page.locator("#from").click({ position: { x: 14, y: 14 } });
    await page.keyboard.type("03102024");
    expect(await page.locator("#from").inputValue()).to.equal("2024-03-10");
    await matches("order_date >= DATE '2024-03-10'");
    await page.goBack();
    expect(await page.locator("#from").inputValue()).not.to.match(/^0/);
    await page.locator("#from").click({ position: { x: 50, y: 14 } });
    await page.keyboard.type("2");
    await page.locator("#from").blur();
    expect(await page.locator("#from").inputValue()).not.to.match(/^0/);
  });

  it("shows the figures for a named period", async () => {
    await page.locator("#period").selectOption({ label: "Last 7 days" });
    await matches("order_date > DATE '2024-03-24'");
    expect(await page.locator("#period-words").innerText()).to.equal(
      "Figures for 25 Mar 2024 – 31 Mar 2024, compared with 18 Mar 2024 – 24 Mar 2024.",
    );
  });

  it("shows the change from the previous period", async () => {
    await page.locator("#period").selectOption({ label: "Last 7 days" });
    const [row] =
      await warehouse.run(`SELECT SUM(CASE WHEN order_date > DATE '2024-03-24' THEN 1 ELSE 0 END) AS now, COUNT(*) AS both
      FROM (SELECT DISTINCT order_id, order_date FROM coffee_marts.flat_order_details WHERE order_date > DATE '2024-03-17') AS orders`);
    const now = Number(row?.now);
    const by = now / (Number(row?.both) - now) - 1;
    const text = `${by > 0 ? "+" : "−"}${(Math.abs(by) * 100).toFixed(1)}%`;
    expect(await page.locator("#orders .change").innerText()).to.contain(text);
  });

  it("shows the figures for stores and order types together", async () => {
    await page.getByRole("button", { name: "Podil", exact: true }).click();
    await page.getByRole("button", { name: "Golden Gate", exact: true }).first().click();
    await page.getByRole("button", { name: "Takeaway", exact: true }).click();
    await matches("store_name IN ('Podil', 'Golden Gate') AND order_type = 'Takeaway'");
    await page.getByRole("button", { name: "Reset" }).click();
    await matches("TRUE");
  });

  it("works with the keyboard alone", async () => {
    await page.getByRole("button", { name: "In-store", exact: true }).focus();
    await page.keyboard.press("Space");
    await matches("order_type = 'In-store'");
    await page.locator(".sections a", { hasText: "Products" }).focus();
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).to.equal("products-heading");
  });

  it("shows one store alone after a click on its name, and all stores after another", async () => {
    await page.getByRole("button", { name: "Show only Golden Gate" }).click();
    await matches("store_name = 'Golden Gate'");
    await page.getByRole("button", { name: "Show all stores" }).click();
    await showsFigures("TRUE");
  });

  it("keeps the filter in its address, which opens the same figures again", async () => {
    await page.getByRole("button", { name: "Takeaway", exact: true }).click();
    await page.locator("#from").fill("2024-03-01");
    const { hash } = new URL(page.url());
    expect(hash).to.equal("#from=2024-03-01&to=2024-03-31&type=Takeaway");
    await open.close();
    open = await openPage(bench().browser, folder, "sales", { hash });
    page = open.page;
    await matches("order_date >= DATE '2024-03-01' AND order_type = 'Takeaway'");
  });

  it("undoes a choice with the browser's Back button", async () => {
    await page.getByRole("button", { name: "Show only Golden Gate" }).click();
    await page.getByRole("button", { name: "Takeaway", exact: true }).click();
    await page.goBack();
    await matches("store_name = 'Golden Gate'");
    await page.goBack();
    await showsFigures("TRUE");
    await page.goForward();
    await showsFigures("store_name = 'Golden Gate'");
  });

  it("shows one category alone after a click on its name: its revenue and pieces, and the orders with it", async () => {
    await page.getByRole("button", { name: "Show only Pastry" }).click();
    expect(new URL(page.url()).hash).to.equal("#category=Pastry");
    const [row = {}] = await warehouse.run(`SELECT COUNT(DISTINCT order_id) AS orders, SUM(quantity) AS items,
      COUNT(DISTINCT CASE WHEN NOT is_refunded THEN order_id END) AS paid, SUM(net_amount) AS net
      FROM coffee_marts.flat_order_details WHERE product_category = 'Pastry'`);
    expect(Number(row.paid)).to.be.lessThan(Number(row.orders));
    const shown = () => Promise.all(["revenue", "orders", "average-order", "items-per-order"].map(value));
    const pastry = [
      uahShort(kopiykas(row.net)),
      count(Number(row.orders)),
      uahExact(kopiykas(row.net) / Number(row.paid)),
      decimal(Number(row.items) / Number(row.orders)),
    ];
    expect(await shown()).to.deep.equal(pastry);
    const [mix = []] = await tableOf(page, "mixes");
    expect(mix).to.include.members(["Revenue of whole orders", "Revenue per whole order"]);
    const days = await warehouse.run(`SELECT order_date, COUNT(DISTINCT order_id) AS orders
      FROM coffee_marts.flat_order_details WHERE product_category = 'Pastry' GROUP BY 1 ORDER BY 1`);
    expect((await csvOf(page, "daily-orders")).slice(1).map(([day, orders]) => [day, orders])).to.deep.equal(
      days.map(({ order_date, orders }) => [order_date, String(orders)]),
    );
    for (const card of ["hours", "discounts-given"])
      expect(await page.locator(`#${card}`).innerText()).to.contain("whole orders");
    expect((await tableOf(page, "top-products")).slice(1).every(([, category]) => category === "Pastry")).to.equal(
      true,
    );
    await page.goBack();
    await showsFigures("TRUE");
    await page.goForward();
    expect(await shown()).to.deep.equal(pastry);
    await page.getByRole("button", { name: "Reset" }).click();
    await showsFigures("TRUE");
  });

  it("shows one day alone after a click in the chart, and all days after another or after Back", async () => {
    const chart = page.locator("#daily-chart svg");
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    const middle = { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 };
    await chart.hover({ position: middle });
    await chart.click({ position: middle });
    const day = new URL(page.url()).hash.match(/^#from=(\S+)&to=\1$/)?.[1];
    await matches(`order_date = DATE '${day}'`);
    await page.goBack();
    await showsFigures("TRUE");
    await page.goForward();
    await showsFigures(`order_date = DATE '${day}'`);
  });

  it("shows one day alone by the keyboard, from the table of days", async () => {
    await page.getByRole("button", { name: "Table: Orders by day" }).press("Enter");
    await page.getByRole("button", { name: "Show only 5 Mar 2024" }).press("Enter");
    expect(new URL(page.url()).hash).to.equal("#from=2024-03-05&to=2024-03-05");
    await page.getByRole("button", { name: "Show other days too" }).press("Enter");
    await page.getByRole("button", { name: "Chart: Orders by day" }).press("Enter");
    await showsFigures("TRUE");
  });

  it("shows the day, and all that happened on it, to a reader who points at a mark", async () => {
    const [row] = await warehouse.run(
      "SELECT event_name FROM coffee_marts.dim_event WHERE kind = 'promotion' AND starts_on > DATE '2024-02-01'",
    );
    const chart = page.locator("#daily-chart svg");
    await chart.scrollIntoViewIfNeeded();
    const told: string[] = [];
    for (const mark of await chart.locator("rect[rx='1.5']").all()) {
      await page.mouse.move(0, 0);
      const box = await mark.boundingBox();
      await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
      told.push((await chart.textContent()) ?? "");
    }
    for (const text of told) expect(text).to.match(/day, \d+ \w+ 2024/);
    expect(told.some((text) => text.includes(String(row?.event_name)))).to.equal(true);
  });

  it("keeps the marks of a single day above its column, and says how to see other days again", async () => {
    const [row] = await warehouse.run(
      "SELECT starts_on FROM coffee_marts.dim_event WHERE kind = 'promotion' AND starts_on > DATE '2024-02-01'",
    );
    await page.getByRole("button", { name: "Table: Orders by day" }).click();
    await page.getByRole("button", { name: `Show only ${dayName(String(row?.starts_on))}` }).click();
    const chart = await page.locator("#daily-chart svg").boundingBox();
    const mark = await page.locator("#daily-chart svg rect[rx='1.5']").first().boundingBox();
    // On the left of the days are the labels of the axis.
    expect((mark?.x ?? 0) - (chart?.x ?? 0)).to.be.at.least(50);
    expect(await page.locator("#daily .caption").innerText()).to.match(/Click it to see other days too\.$/);
    await page.getByRole("button", { name: "Podil", exact: true }).click();
    expect(await page.locator("#stores-compared .caption").innerText()).to.match(/^Click it to see all stores\. /);
    await page.getByRole("button", { name: "Pastry", exact: true }).click();
    expect(await page.locator("#categories .caption").innerText()).to.equal("Click it to see all categories.");
  });

  it("shows which filters are on in colours that the reader's system forces on pages", async () => {
    await page.emulateMedia({ forcedColors: "active" });
    const background = (name: string) =>
      page.evaluate(
        `getComputedStyle([...document.querySelectorAll(".chip")].find((chip) => chip.textContent === "${name}")).backgroundColor`,
      );
    await page.getByRole("button", { name: "Takeaway", exact: true }).click();
    expect(await background("Takeaway")).not.to.equal(await background("In-store"));
    await page.emulateMedia({ forcedColors: null });
  });

  it("marks events and promotions above the days, and names them in the table", async () => {
    const events = await warehouse.run(`SELECT event_name, starts_on, ends_on FROM coffee_marts.dim_event
      WHERE starts_on <= DATE '2024-03-31' AND ends_on >= DATE '2024-02-01' ORDER BY event_id`);
    expect(events.length).to.be.greaterThan(2);
    const rows = (await csvOf(page, "daily")).slice(1);
    for (const { event_name, starts_on, ends_on } of events)
      for (const [day = "", , , , names = ""] of rows)
        expect(names.split("; ").includes(String(event_name)), `${event_name} on ${day}`).to.equal(
          events.some(
            (one) => one.event_name === event_name && day >= String(one.starts_on) && day <= String(one.ends_on),
          ),
          `${starts_on} to ${ends_on}`,
        );
    expect(await page.locator("#daily-chart svg rect[rx='1.5']").count()).to.equal(events.length);
    expect(await page.locator("#daily-chart .legend").innerText()).to.contain("Promotions");
  });

  it("draws an event of weeks paler, however few of its days are shown: a name above it belongs to a short event", async () => {
    const change = `UPDATE coffee_marts.dim_event SET kind = 'outage', starts_on = DATE '2024-03-25', ends_on = DATE '2024-06-01'
      WHERE event_name = 'Obolon opens'`;
    const outage = await openPage(bench().browser, await publishPages(bench().built, change), "sales");
    const opacities = await outage.page
      .locator("#daily-chart svg rect[rx='1.5']")
      .evaluateAll((bars) => bars.map((bar) => bar.getAttribute("style")?.split("fill-opacity:")[1]));
    expect(opacities.filter((opacity) => opacity === "0.4")).to.have.length(1);
    await outage.close();
  });

  it("has its section links in sight with twelve stores, 360 to 2560 px wide", async () => {
    await open.close();
    const many = await withTwelveStores(folder);
    open = await openPage(bench().browser, many, "sales", { viewport: { width: 360, height: 900 } });
    page = open.page;
    for (const width of [360, 390, 640, 720, 960, 1024, 1180, 1360, 1600, 1920, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      // The page notices the width in the next frames, and draws charts out of sight when it is idle, or at once for a printer.
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      const links = (await page.evaluate(sectionLinks)) as SectionLink[];
      expect(links.length).to.equal(6);
      for (const { text, left, right, isOnTop } of links) {
        expect(right - left, `${text}, ${width} px`).to.be.above(30);
        expect(left, `${text}, ${width} px`).to.be.at.least(0);
        expect(right, `${text}, ${width} px`).to.be.at.most(width);
        expect(isOnTop, `${text} can be clicked, ${width} px`).to.equal(true);
      }
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), `${width} px`).to.equal(0);
    }
  });

  it("shows a section's heading below the filters, however many lines they take", async () => {
    for (const width of [1280, 1024, 820]) {
      await page.setViewportSize({ width, height: 900 });
      for (const link of ["Stores", "Products"]) {
        await page.getByRole("link", { name: link, exact: true }).click();
        // Smooth scrolling takes a moment; the test's own limit ends it if the heading never gets there.
        while (!(await page.evaluate(isBelowTheBar))) await page.waitForTimeout(50);
      }
    }
  });

  it("labels each day of a week below its column", async () => {
    await page.locator("#period").selectOption({ label: "Last 7 days" });
    await page.locator("#daily-chart svg rect").first().waitFor();
    const texts = await page.locator("#daily-chart svg text").allTextContents();
    expect(texts).to.include.members(["25 Mar", "26 Mar", "31 Mar"]);
    expect(texts.join(" ")).not.to.match(/[AP]M|1 Apr/);
  });

  it("says in place of every chart that a selection has no orders", async () => {
    await page.locator("#from").fill("2024-03-31");
    await page.locator("#to").fill("2024-03-01");
    const cards = await page.locator(".card").count();
    expect(cards).to.equal(9);
    expect(await page.locator(".card .note", { hasText: "No orders in this selection" }).count()).to.equal(cards);
    expect(await page.locator("figure svg").count()).to.equal(0);
    expect(await page.locator("#period-words").innerText()).to.equal("The first day is after the last one.");
  });

  it("still says so when the window gets narrower, and shows the chart again when there are orders", async () => {
    await page.locator("#daily").getByRole("button", { name: "Table: Revenue by day" }).click();
    await page.locator("#from").fill("2024-04-02");
    await page.setViewportSize({ width: 700, height: 900 });
    await page.waitForTimeout(100);
    expect(await page.locator("#daily-chart").innerText()).to.contain("No orders in this selection");
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.getByRole("button", { name: "Reset" }).click();
    await page.locator("#daily").getByRole("button", { name: "Table: Revenue by day" }).waitFor();
    expect(await page.locator("#daily-chart svg").isVisible()).to.equal(true);
  });

  it("redraws a chart that is out of sight", async () => {
    await page.locator("#map circle").nth(1).waitFor();
    await page.getByRole("button", { name: "Podil", exact: true }).click();
    await page.locator("#map circle").nth(1).waitFor({ state: "detached" });
    expect(await page.locator("#map circle").count()).to.equal(1);
    expect(await page.evaluate("scrollY")).to.equal(0);
  });
});

interface SectionLink {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  /** False if something covers or clips the link, which then cannot be clicked. */
  readonly isOnTop: boolean;
}

/** Evaluated in the page: whether the focused heading is the first below the filter bar, and no more than a few lines below it. */
const isBelowTheBar = `(() => {
  const between = document.activeElement.getBoundingClientRect().top - document.querySelector(".bar").getBoundingClientRect().bottom;
  return document.activeElement.tagName === "H2" && between >= 0 && between < 60;
})()`;

/** Evaluated in the page: a `SectionLink` for each. */
const sectionLinks = `[...document.querySelectorAll(".sections a")].map((link) => {
  const { left, right, top, bottom } = link.getBoundingClientRect();
  const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return { text: link.innerText, left, right, isOnTop: link.contains(hit) };
})`;

/** A copy of the sales page with twelve stores in its filter bar. Returns its folder. */
async function withTwelveStores(folder: string): Promise<string> {
  const html = await readFile(join(folder, "sales.html"), "utf8");
  const data = /<script type="text\/plain" id="data">([^<]+)</.exec(html)?.[1] ?? "";
  const report = await decodeReport<SalesReport>(data);
  const { sales } = report.data;
  if (sales === undefined) throw new Error("the page has no sales");
  const more = Array.from({ length: 12 - sales.stores.length }, (_, i) => ({
    ...(sales.stores[0] as (typeof sales.stores)[number]),
    name: `Lesi Boulevard ${i + 7}`,
  }));
  const full = { ...report, data: { sales: { ...sales, stores: [...sales.stores, ...more] } } };
  const copy = join(folder, "twelve");
  await mkdir(copy, { recursive: true });
  await writeFile(
    join(copy, "sales.html"),
    html.replace(data, () => encodeReport(full)),
  );
  return copy;
}
