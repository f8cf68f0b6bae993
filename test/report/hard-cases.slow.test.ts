import { expect } from "chai";
import type { Page } from "playwright-core";
import type { OpenPage } from "../support/chromium.ts";
import { inChromium } from "./in-chromium.ts";
import { openPage, publishPages } from "./pages.ts";

/** Checks that every chart shows something, or has a sentence in its place. */
async function isWhole(page: Page): Promise<void> {
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  for (const card of await page.locator(".card").all()) {
    const text = await card.innerText();
    expect(await card.locator("figure").locator("svg, table, .note").count(), text).to.be.greaterThan(0);
    expect(text).not.to.match(/NaN|undefined|Infinity|null|\[object/);
  }
  expect(await page.locator("main").innerText()).not.to.match(/NaN|undefined|Infinity|null|\[object/);
}

inChromium("the pages of unusual marts", (bench) => {
  let open: OpenPage | undefined;
  afterEach(async () => {
    const troubles = open?.troubles;
    await open?.close();
    open = undefined;
    expect(troubles).to.deep.equal([]);
  });

  async function show(change: string, name: "sales" | "customers"): Promise<Page> {
    const folder = await publishPages(bench().built, change);
    open = await openPage(bench().browser, folder, name);
    return open.page;
  }

  const orders = ["flat_orders", "flat_order_details"];
  const people = ["flat_customer_metrics", "flat_customer_months", "flat_visit_gaps"];
  const only = (where: string) =>
    orders.map((mart) => `DELETE FROM coffee_marts.${mart} WHERE NOT (${where})`).join(";");
  const empty = (marts: readonly string[]) => marts.map((mart) => `DELETE FROM coffee_marts.${mart}`).join(";");

  it("say that there are no orders yet if the marts are empty", async () => {
    const page = await show(empty([...orders, ...people]), "sales");
    expect(await page.locator("main").innerText()).to.equal(
      "There are no orders yet. Figures appear here after the first one.",
    );
    await open?.close();
    const customers = await show(empty([...orders, ...people]), "customers");
    expect(await customers.locator("main").innerText()).to.contain("There are no customers and no orders yet");
  });

  it("show a single store without comparing it", async () => {
    const page = await show(only("store_name = 'Podil'"), "sales");
    await isWhole(page);
    expect(await page.locator("#stores-compared-headline").innerText()).to.match(/^Podil: ₴/);
    expect(await page.locator("#map-headline").innerText()).to.match(/^Podil in Podilskyi: [\d.]+ orders a day$/);
  });

  it("show a single day", async () => {
    const page = await show(only("order_date = DATE '2024-03-16'"), "sales");
    await isWhole(page);
    expect(await page.locator("#daily-headline").innerText()).to.match(/ on 16 Mar 2024$/);
    expect(await page.locator("#period-words").innerText()).to.contain("no change is shown");
  });

  it("show whole months and distinct percents in a chart of two months, and no half of a name on the map", async () => {
    const page = await show(
      `UPDATE coffee_marts.flat_orders SET is_registered = FALSE, customer_id = NULL WHERE hash(order_id) % 10 > 0;
      UPDATE coffee_marts.flat_order_details SET is_registered = FALSE, customer_id = NULL WHERE hash(order_id) % 10 > 0`,
      "customers",
    );
    await isWhole(page);
    const svg = page.locator("#registered-share figure svg");
    const percents = await svg.locator('g[text-anchor="end"] text').allTextContents();
    expect(percents.length).to.be.above(1);
    expect(new Set(percents).size, percents.join(" ")).to.equal(percents.length);
    const below = (await svg.locator("text").allTextContents()).filter((text) => !text.includes("%"));
    expect(below.map((text) => text.replace(/\d{4}$/, ""))).to.deep.equal(["Feb", "Mar"]);
    await open?.close();
    const sales = await show(only("store_name IN ('Golden Gate', 'Podil')"), "sales");
    await isWhole(sales);
    const [frame] = await sales
      .locator("#map svg")
      .evaluateAll((maps) => maps.map((map) => map.getBoundingClientRect()));
    const names = await sales
      .locator("#map svg > text")
      .evaluateAll((texts) => texts.map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() })));
    expect(names.length).to.be.above(1);
    for (const { text, box } of names) {
      expect(box.left, String(text)).to.be.at.least(frame?.left as number);
      expect(box.right, String(text)).to.be.at.most(frame?.right as number);
    }
  });

  it("show a single order", async () => {
    const page = await show(only("order_id = (SELECT MIN(order_id) FROM coffee_marts.flat_orders)"), "sales");
    await isWhole(page);
    expect(await page.locator("#orders .value").innerText()).to.equal("1");
  });

  it("show days on which every order was refunded", async () => {
    await isWhole(
      await show(
        "UPDATE coffee_marts.flat_orders SET net_amount = 0, is_refunded = TRUE; UPDATE coffee_marts.flat_order_details SET net_amount = 0, is_refunded = TRUE",
        "sales",
      ),
    );
  });

  it("show the orders if nobody is registered", async () => {
    const page = await show(
      `${empty(people)}; UPDATE coffee_marts.flat_orders SET is_registered = FALSE, customer_id = NULL`,
      "customers",
    );
    await isWhole(page);
    expect(await page.locator("#registered-headline").innerText()).to.equal("All orders are anonymous");
    expect(await page.locator("#segments-compared").innerText()).to.contain(
      "There are no registered customers with orders yet",
    );
  });

  it("show a single customer", async () => {
    const one = people.map(
      (mart) =>
        `DELETE FROM coffee_marts.${mart} WHERE customer_id <> (SELECT MIN(customer_id) FROM coffee_marts.flat_visit_gaps)`,
    );
    const page = await show(one.reverse().join(";"), "customers");
    await isWhole(page);
    expect(await page.locator("#customers .value").innerText()).to.equal("1");
  });

  for (const mart of ["flat_orders", "flat_customer_metrics", "flat_customer_months", "flat_visit_gaps", "dim_store"])
    it(`name ${mart}, if it is missing, in place of the charts that need it`, async () => {
      const page = await show(`DROP TABLE coffee_marts.${mart}`, "customers");
      await isWhole(page);
      expect(await page.locator("main").innerText()).to.contain(`coffee_marts.${mart}`);
      expect(await page.locator("footer").innerText()).to.contain(`coffee_marts.${mart} (missing)`);
    });

  it("name a missing mart in place of the sales", async () => {
    const page = await show("DROP TABLE coffee_marts.flat_orders", "sales");
    expect(await page.locator("main").innerText()).to.contain("coffee_marts.flat_orders");
  });
});
