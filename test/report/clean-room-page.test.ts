import { expect } from "chai";
import type { Page } from "playwright-core";
import type { OpenPage } from "../support/chromium.ts";
import { cleanRoom } from "./clean-room.ts";
import { inChromium } from "./in-chromium.ts";
import { csvOf, openPage, publishPages } from "./pages.ts";

inChromium("the clean room's page", (bench) => {
  let open: OpenPage;
  let page: Page;
  let folder: string;
  before(async () => {
    folder = await publishPages(bench().built, undefined, cleanRoom);
    open = await openPage(bench().browser, folder, "clean-room");
    page = open.page;
  });
  after(() => page?.context().close());
  afterEach(() => expect(open.troubles).to.deep.equal([]));

  const headline = (name: string) => page.locator(`[id="${name}-headline"]`).innerText();
  const figure = (name: string) => page.locator(`[id="${name}-chart"]`).innerText();
  const answer = (name: string) => page.locator(".answer", { has: page.locator(`[id="${name}"]`) });

  it("opens with who shares what, by which rule and with whom", async () => {
    const diagram = await page.getByRole("group", { name: "Who shares what by which rule" }).innerText();
    for (const part of ["The merchant shares with the e-wallet", "users_shared", "rows that match on hashed_email"])
      expect(diagram).to.contain(part);
    for (const part of [
      "The e-wallet shares with the merchant",
      "Aggregation threshold",
      "groups of at least 50 people",
    ])
      expect(diagram).to.contain(part);
    const [first] = await page.locator("main section").all();
    expect(await first?.locator("#intro").innerText()).to.contain("A hashed e-mail address is still personal data");
    expect(await first?.getByRole("group", { name: "Who shares what" }).count()).to.equal(1);
  });

  it("says until when it has data", async () => {
    expect(await page.locator("#made").innerText()).to.match(/Data until 31 Dec 2025\.$/);
  });

  it("lists the query templates of a party, with the question and the guards of each", async () => {
    const diagram = page.getByRole("group", { name: "Who shares what by which rule" });
    const summary = diagram.getByText("2 query templates: queries that the merchant may run but not read");
    expect(await diagram.innerText()).not.to.contain("overlap_by_segment");
    await summary.click();
    expect(await diagram.innerText())
      .to.contain("overlap_by_segment")
      .and.contain("How much does a customer of each tier spend?")
      .and.contain("at least 50 have none");
    await summary.click();
  });

  it("breaks the lines of a query that paper has no room for", async () => {
    // Narrower than paper, since the query of this test is shorter than a real one.
    const narrow = await openPage(bench().browser, folder, "clean-room", { viewport: { width: 320, height: 900 } });
    await narrow.page.emulateMedia({ media: "print" });
    const query = narrow.page.locator(".refusal pre");
    expect(await query.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).to.equal(0);
    await narrow.close();
  });

  it("ends with what each owner sees of the queries on its views", async () => {
    const last = page.locator("main section").last();
    const [merchant = "", wallet = ""] = await last.getByRole("article").allInnerTexts();
    expect(merchant).to.contain("The merchant sees").and.to.contain("Nobody has asked yet");
    expect(wallet).to.contain("1,203 answers and 4 refusals, counted by view and query template");
    expect(wallet).to.match(/provider_users_shared\s+1,204\s+1,200\s+3\s+1\s+17/);
    expect(wallet).to.match(/transactions_private\s+2\s+1\s+1\s+0\s+0\s+2 of 3\s+0.000019 of 0.00002/);
    expect(wallet).to.match(/overlap_by_segment\s+2\s+2\s+0\s+0\s+–\s+–\s+–/);
    expect(wallet).to.contain("Refused by: aggregation threshold (3) and privacy budget (1).");
    expect(await page.getByRole("link", { name: "Who asked what" }).getAttribute("href")).to.equal("#who-asked");
  });

  it("puts the most telling figure of each answer into its headline, with dollars as dollars", async () => {
    expect(await headline("01-tiers")).to.equal("USD per customer: Business $360.94, 8.1 times the $44.36 of Free");
    expect(await headline("03-overlap")).to.equal("Customers: 34,063");
    expect(await headline("04-small")).to.equal("No group is large enough to be shown");
  });

  it("compares only groups that differ in one thing", async () => {
    expect(await headline("02-trust")).to.equal(
      "Returned: Not verified user 14.8%, 2.0 times the 7.4% of Verified user (China)",
    );
  });

  it("calls a small difference within chance", async () => {
    expect(await headline("07-countries")).to.equal("Share of orders: 45.8% to 48.4%, a difference within chance");
  });

  it("draws each row with its figures", async () => {
    const text = await figure("01-tiers");
    for (const part of ["Free", "15,810", "$44.36", "Business", "$360.94"]) expect(text).to.contain(part);
    expect(await figure("02-trust")).to.contain("China");
  });

  it("draws two categories that cross each other as rows and columns of the most telling figure", async () => {
    const rows = await page.locator('[id="06-decades-chart"] tr').all();
    const texts = await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
    expect(texts).to.deep.equal([
      ["Birth decade", "Free", "Business"],
      ["1980s", "44.50", "361.50"],
      ["1990s", "43.50", "362.50"],
    ]);
    expect(await headline("06-decades")).to.equal(
      "Spend per customer: Business 362.50, 8.3 times the 43.50 of Free (1990s)",
    );
  });

  it("states counts without comparing them, and names suppressed groups as suppressed", async () => {
    expect(await headline("08-cities")).to.equal("Customers: 100 to 500");
    expect(await figure("08-cities")).to.match(/Odesa\s+suppressed/);
    expect(await page.locator('[id="08-cities"] .caption').innerText()).to.equal(
      "Suppressed: figures in 1 of 3 rows, because of too few people.",
    );
  });

  it("shows the values of a table as the chart does", async () => {
    const table = async (name: string) => {
      await page
        .locator(`[id="${name}"]`)
        .getByRole("button", { name: /^Table: / })
        .click();
      return page.locator(`[id="${name}"] .scroll table`).innerText();
    };
    expect(await table("08-cities")).to.match(/Odesa\s+suppressed/);
    expect(await table("06-decades")).to.match(/1980s\s+Free/);
    expect(await table("02-trust")).to.contain("Not verified user");
  });

  it("shows a refusal as one: the query, the rule that refused it, and how to ask instead", async () => {
    const card = page.locator('.refusal[id="05-raw"]');
    expect(await headline("05-raw")).to.match(/^Refused/);
    expect(await card.locator("pre").innerText()).to.equal("SELECT * FROM provider_users_shared");
    const text = await card.locator("dl").innerText();
    expect(text).to.match(
      /Refused by\s+Aggregation threshold\s+BigQuery says\s+You must use .+\s+Ask instead\s+Write SELECT WITH/,
    );
    const border = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).borderTopColor`);
    expect(await border(".refusal")).not.to.equal(await border(".card:not(.refusal)"));
    expect(await page.locator("#refused .answer").count()).to.equal(1);
  });

  it("shows who asked, under which rules, and the query as written", async () => {
    expect(await answer("01-tiers").innerText())
      .to.contain("Asked by the merchant")
      .and.to.contain("2 groups were suppressed.");
    await answer("01-tiers").getByText("The query", { exact: true }).click();
    expect(await answer("01-tiers").locator("pre").innerText()).to.equal(cleanRoom.useCases[0]?.sql);
  });

  it("copies the query, and the command that asks the same", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = () => page.evaluate("navigator.clipboard.readText()");
    const command = answer("06-decades").getByRole("button", { name: "Copy the command: Spend by decade and tier" });
    await command.click();
    expect(await copied()).to.equal("npm run -s query -- --as merchant --file cleanroom/use-cases/06-decades.sql");
    expect(await command.innerText()).to.equal("Copied");
    await page.getByRole("button", { name: "Copy the query: Raw rows" }).click();
    expect(await copied()).to.equal(cleanRoom.useCases.find(({ name }) => name === "05-raw")?.sql);
  });

  it("copies in a browser without the Clipboard API, too", async () => {
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })");
    await page.evaluate("document.addEventListener('copy', () => { window.copied = String(getSelection()); })");
    await page.getByRole("button", { name: "Copy the command: Overlap" }).click();
    expect(await page.getByRole("button", { name: "Copy the command: Overlap" }).innerText()).to.equal("Copied");
    expect(await page.evaluate("window.copied")).to.match(/--as wallet --file cleanroom\/use-cases\/03-overlap\.sql$/);
    await page.reload();
    await page.waitForSelector("body[data-ready]");
  });

  it("links its sections and questions, within reach at every width", async () => {
    for (const width of [360, 768, 1024, 1360, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      for (const link of await page.getByRole("navigation", { name: "Sections" }).getByRole("link").all()) {
        const box = await link.boundingBox();
        expect(box?.x, `${width}`).to.be.at.least(0);
        expect((box?.x ?? 0) + (box?.width ?? 0), `${width}`).to.be.at.most(width);
      }
    }
    await page.setViewportSize({ width: 1360, height: 900 });
    const links = await page.locator(".questions a").all();
    expect(links).to.have.length(cleanRoom.useCases.length);
    await page.getByRole("link", { name: "Customers by city" }).click();
    // Smooth scrolling takes a moment; the test's own limit ends it if the card never gets below the bar.
    const edge = (selector: string, side: "top" | "bottom") =>
      page.locator(selector).evaluate((found, name) => found.getBoundingClientRect()[name], side);
    const isSeen = async () => {
      const top = await edge('[id="08-cities"]', "top");
      return top >= (await edge(".bar", "bottom")) && top <= 900;
    };
    while (!(await isSeen())) await page.waitForTimeout(50);
  });

  it("says that amounts are in dollars, not in hryvnias", async () => {
    expect(await page.locator("footer").innerText())
      .to.contain("Amounts are in US dollars")
      .and.not.to.contain("UAH");
  });

  it("downloads the answer as CSV", async () => {
    const [head, ...rows] = await csvOf(page, "02-trust");
    expect(head).to.deep.equal(["Country", "Is verified user", "Customers", "Returned"]);
    expect(rows.slice(0, 2)).to.deep.equal([
      ["China", "false", "4000", "0.148"],
      ["China", "true", "7000", "0.074"],
    ]);
  });
});
