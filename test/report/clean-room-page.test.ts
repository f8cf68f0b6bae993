import { expect } from "chai";
import type { Page } from "playwright-core";
import { cleanRoom } from "./clean-room.ts";
import { inChromium } from "./in-chromium.ts";
import { csvOf, type OpenPage, openPage, publishPages } from "./pages.ts";

inChromium("the clean room's page", (bench) => {
  let open: OpenPage;
  let page: Page;
  before(async () => {
    open = await openPage(bench().browser, await publishPages(bench().built, undefined, cleanRoom), "clean-room");
    page = open.page;
  });
  after(() => page?.context().close());
  afterEach(() => expect(open.troubles).to.deep.equal([]));

  const headline = (name: string) => page.locator(`[id="${name}-headline"]`).innerText();
  const figure = (name: string) => page.locator(`[id="${name}-chart"]`).innerText();

  it("puts the most telling figure of each answer into its headline", async () => {
    expect(await headline("01-tiers")).to.equal("Spend per customer: Business 360.94, 8.1 times the 44.36 of Free");
    expect(await headline("02-trust")).to.equal(
      "Returned: Not verified user 14.8%, 2.0 times the 7.4% of Verified user",
    );
    expect(await headline("03-overlap")).to.equal("Customers: 34,063");
    expect(await headline("04-small")).to.equal("No group is large enough to be shown");
  });

  it("draws each row with its figures", async () => {
    const text = await figure("01-tiers");
    for (const part of ["Free", "15,810", "44.36", "Business", "360.94"]) expect(text).to.contain(part);
    expect(await figure("02-trust")).to.contain("China");
  });

  it("draws two categories that cross each other as rows and columns of the most telling figure", async () => {
    const rows = await page.locator('[id="06-decades-chart"] tr').all();
    const texts = await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
    expect(texts).to.deep.equal([
      ["Birth decade", "Free", "Business"],
      ["1980", "44.50", "361.50"],
      ["1990", "43.50", "362.50"],
    ]);
    expect(await headline("06-decades")).to.equal("Spend per customer: Business 362.50, 8.3 times the 43.50 of Free");
  });

  it("states counts without comparing them", async () => {
    expect(await headline("08-cities")).to.equal("Customers: Kyiv 500, Lviv 100");
  });

  it("leaves small groups out of the comparison", async () => {
    expect(await headline("07-countries")).to.equal("Share of orders: China 48.4%, 1.1 times the 45.8% of Poland");
  });

  it("shows the reason in place of a refused answer", async () => {
    expect(await figure("05-raw")).to.equal("Refused: You must use SELECT WITH AGGREGATION_THRESHOLD for this query.");
  });

  it("shows who asked, under which rules, and the query as written", async () => {
    const answer = page.locator(".answer", { has: page.locator('[id="01-tiers"]') });
    expect(await answer.innerText())
      .to.contain("Asked by the merchant")
      .and.to.contain("2 groups were suppressed.");
    await answer.getByText("The query").click();
    expect(await answer.locator("pre").innerText()).to.equal(cleanRoom.useCases[0]?.sql);
  });

  it("says that amounts are in dollars, not in hryvnias", async () => {
    expect(await page.locator("footer").innerText())
      .to.contain("Amounts are in US dollars")
      .and.not.to.contain("UAH");
  });

  it("downloads the answer as CSV", async () => {
    const [head, ...rows] = await csvOf(page, "02-trust");
    expect(head).to.deep.equal(["Country", "Is verified user", "Returned"]);
    expect(rows).to.deep.equal([
      ["China", "false", "0.148"],
      ["China", "true", "0.074"],
    ]);
  });
});
