import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import axe from "axe-core";
import { expect } from "chai";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { AskReply } from "../../../local/room/api.ts";
import { tour } from "../../../local/room/tour.ts";
import { temporaryFolder } from "../../generator/thelook/merchant.ts";
import { findChromium, howToGetChromium, type OpenPage, openAt, startChromium } from "../../support/chromium.ts";
import { type ServedRoom, servedRoom } from "./served-room.ts";

const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

describe("the page of the clean room", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let served: ServedRoom;
  let browser: Browser;
  let opened: OpenPage | undefined;
  let page: Page;

  before(async function () {
    const chromium = findChromium();
    if (chromium === undefined) {
      if (process.env.CI) throw new Error(howToGetChromium);
      console.error(`      ${howToGetChromium}`);
      return this.skip();
    }
    [served, browser] = await Promise.all([servedRoom(folder), startChromium(chromium)]);
  });
  after(async () => {
    await browser?.close();
    await served?.close();
  });
  afterEach(async () => {
    await opened?.close();
    expect(opened?.troubles).to.deep.equal([]);
  });

  async function open(options: BrowserContextOptions = {}, hash = ""): Promise<void> {
    opened = await openAt(browser, served.server.url, "body[data-ready]", { viewport: desktop, ...options, hash });
    page = opened.page;
  }

  /** Does something that asks a question, and returns the server's reply when the page shows it. */
  async function asked(act: () => Promise<unknown>): Promise<AskReply> {
    const [response] = await Promise.all([page.waitForResponse(/\/api\/ask$/), act()]);
    await page.waitForSelector(".bench[aria-busy=false]");
    return response.json();
  }

  /** Replaces the query. */
  async function write(sql: string): Promise<void> {
    await page.getByRole("textbox", { name: "Query, in GoogleSQL" }).click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText(sql);
  }

  async function expectAccessible(where: string): Promise<void> {
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults;
    expect(
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
      ),
      where,
    ).to.deep.equal([]);
    const tooWide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(tooWide, `${where}: wider than the screen`).to.equal(0);
  }

  const told = () => page.locator(".told p").first().innerText();
  const ownerSees = () => page.locator(".owner").innerText();
  const focused = () => page.evaluate("document.activeElement.textContent");

  it("leads through the tour by the keyboard alone, and each query has the outcome that the text describes", async () => {
    expect(tour.length).to.equal(8);
    await open();
    await page.getByRole("button", { name: "Step 1: The shortcut" }).focus();
    await page.keyboard.press("Enter");
    for (const [at, { title, queries }] of tour.entries()) {
      expect(await focused()).to.equal(title);
      for (const { label, sql, expects, told: tells } of queries) {
        // Tab goes from the heading to the step's question.
        let tabs = 0;
        while ((await focused()) !== label && tabs++ < 4) await page.keyboard.press("Tab");
        const { outcome } = await asked(() => page.keyboard.press("Enter"));
        if ("refused" in expects) {
          expect([outcome.kind, "rule" in outcome && outcome.rule], sql).to.deep.equal(["refused", expects.refused]);
        } else {
          expect(outcome.kind, JSON.stringify(outcome).slice(0, 400)).to.equal("answer");
          if (outcome.kind === "answer") expect(expects.answers(outcome), JSON.stringify(outcome.rows)).to.equal(true);
        }
        expect(await told()).to.equal(tells(outcome).replaceAll(/\*\*|`/g, ""));
        expect(await told()).not.to.match(/NaN|undefined|answers otherwise/);
      }
      if (at === tour.length - 1) break;
      // Shift-Tab goes back to the step's buttons.
      let tabs = 0;
      while ((await focused()) !== "Next" && tabs++ < 6) await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
    }
    expect(await page.getByRole("button", { name: "Next" }).isDisabled()).to.equal(true);
    // The last text tells the overlap, and so does the answer's headline.
    expect(await page.locator("#answer-headline").innerText()).to.match(/^Overlap: Display 55\.0%, 1\.3 times /);
  });

  it("keeps the query and who asks when the page is reloaded, and begins anew when it is opened", async () => {
    await open({}, "#step-3");
    await page.getByRole("button", { name: "The e-wallet", exact: true }).click();
    await write("SELECT 'from the audience'");
    await page.reload();
    await page.waitForSelector("body[data-ready]");
    const query = () => page.getByRole("textbox", { name: "Query, in GoogleSQL" }).innerText();
    expect(await query()).to.equal("SELECT 'from the audience'");
    expect(await page.getByRole("button", { name: "The e-wallet", exact: true }).getAttribute("aria-pressed")).to.equal(
      "true",
    );
    await page.goto("about:blank");
    await page.goto(`${served.server.url}#step-3`);
    await page.waitForSelector("body[data-ready]");
    expect(await query()).not.to.include("audience");
    // As after an upgrade that renames a party: the page would stay empty, however often it is reloaded.
    await page.evaluate(`addEventListener("pagehide", () => {
      sessionStorage.setItem("clean-room-query", '{"party":"bank","sql":"SELECT 1"}');
    })`);
    await page.reload();
    await page.waitForSelector("body[data-ready]");
    expect(await query()).not.to.equal("SELECT 1");
  });

  it("names people by an attack, and every line that it prints is true", async () => {
    const [attack] = tour[6]?.queries ?? [];
    const outcome = await served.session.ask("merchant", attack?.sql ?? "");
    const instance = await DuckDBInstance.create(join(served.place, "clean-room.duckdb"), { access_mode: "READ_ONLY" });
    const tables = await instance.connect();
    const truth = await tables.runAndReadAll(`SELECT u.first_name, u.last_name, u.city,
        IF(p.account_tier = 'Free', 'has a free wallet', 'pays for a tier') FROM merchant.users AS u
      JOIN ewallet_provider.provider_users AS p USING (hashed_email) WHERE u.id <= 1000 ORDER BY u.id`);
    tables.closeSync();
    instance.closeSync();
    expect(outcome.kind === "answer" && outcome.rows).to.deep.equal(truth.getRows());
    await open();
  });

  it("shows a refusal's rule, marks its place in the query, and shows what the owner sees", async () => {
    await open({}, "#step-2");
    await asked(() => page.getByRole("button", { name: "Join the view" }).click());
    const refusal = page.getByRole("article", { name: "Refused by the rule “Aggregation threshold”" });
    expect(await refusal.innerText())
      .to.contain("You must use SELECT WITH AGGREGATION_THRESHOLD")
      .and.contain("groups of at least 50 distinct hashed_email");
    expect(await page.locator(".refused-here").innerText()).to.equal("linked_ewallet_provider.provider_users_shared");
    expect(await ownerSees()).to.match(
      /the e-wallet sees[\s\S]*A question was refused[\s\S]*the merchant[\s\S]*provider_users_shared[\s\S]*aggregation threshold/,
    );
    await refusal.getByRole("button", { name: "Line 3, column 6" }).click();
    await page.keyboard.insertText("x");
    expect(await page.locator(".refused-here").count(), "a change of the query takes the mark away").to.equal(0);
    expect(await page.locator(".cm-content").innerText()).to.contain("JOIN x AS p");
  });

  it("does not keep the tour waiting if the other party asks the tour's query", async () => {
    await open();
    const before = await told();
    expect(before).to.equal("Press “Look everybody up”, and read here what happened and why.");
    await page.getByRole("button", { name: "The e-wallet", exact: true }).click();
    await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    expect(await told()).to.equal(before);
  });

  it("tells the owner, and only the owner, how many groups are suppressed", async () => {
    await open({}, "#step-4");
    const reply = await asked(() => page.getByRole("button", { name: "Spend by country" }).click());
    expect(reply.entries.merchant?.groupsSuppressed).to.be.above(0);
    expect(await page.locator(".told").innerText()).to.match(
      /The merchant sees: one question answered, \d+ groups? suppressed\./,
    );
    expect(await ownerSees()).to.contain(`Groups suppressed\n${reply.entries.merchant?.groupsSuppressed}`);
    expect(JSON.stringify(reply.outcome)).not.to.match(/suppressedGroups|groupsSuppressed|groups? (was|were)/);
    expect(await page.locator("#answer").innerText()).to.contain("China");
  });

  it("scrolls to the answer of a question that is asked at the desk", async () => {
    await open({ viewport: { width: 1280, height: 720 } }, "#step-4");
    await asked(() => page.getByRole("button", { name: "Spend by country" }).click());
    expect(await page.evaluate("scrollY"), "the tour's card says what came of it").to.equal(0);
    await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    const isInSight = `(() => {
      const { top, bottom } = document.getElementById("answer").getBoundingClientRect();
      return top >= 0 && (bottom <= innerHeight + 1 || top < 50);
    })()`;
    // The test's own limit ends it if the answer never gets there.
    while (!(await page.evaluate(isInSight))) await page.waitForTimeout(50);
  });

  it("shows what was asked elsewhere when its window is used again", async () => {
    await open({}, "#step-4");
    const refusals = async () => Number(/users_shared\s.*?(\d+) refused/.exec(await ownerSees())?.[1] ?? 0);
    await asked(() => page.getByRole("button", { name: "Spend by country" }).click());
    const before = await refusals();
    await page.locator(".owner summary").click();
    const question = JSON.stringify({ party: "wallet", sql: "SELECT * FROM linked_merchant.users_shared" });
    await page.evaluate(`fetch("/api/ask", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: ${JSON.stringify(question)},
    }).then((response) => response.text())`);
    expect(await refusals()).to.equal(before);
    await page.evaluate("dispatchEvent(new Event('focus'))");
    // The test's own limit ends it if nothing changes.
    while ((await refusals()) === before) await page.waitForTimeout(50);
    expect(await refusals()).to.equal(before + 1);
    const isOpen = (await page.locator(".owner details").getAttribute("open")) !== null;
    expect(isOpen, "the list of questions stays open").to.equal(true);
  });

  it("shows a budget shrink", async () => {
    await open({}, "#step-6");
    const seen = async () =>
      /epsilon ([\d.]+) of 3 left, delta ([\d.e-]+) of 0.00002/.exec(await ownerSees())?.map(Number);
    const [, epsilon = 0, delta = 0] = (await seen()) ?? [];
    await asked(() => page.getByRole("button", { name: "Count with noise" }).click());
    const [, epsilonNow, deltaNow] = (await seen()) ?? [];
    expect(epsilonNow).to.be.closeTo(epsilon - 0.1, 1e-9);
    expect(deltaNow).to.be.closeTo(delta - 1e-6, 1e-12);
    // Delta is spent first, after twenty queries: the bar must not promise more.
    const bar = await page
      .locator(".budget i i")
      .first()
      .evaluate((element) => element.style.width);
    expect(Number.parseFloat(bar)).to.be.closeTo(100 * Math.min((epsilonNow ?? 0) / 3, (deltaNow ?? 0) / 2e-5), 0.01);
  });

  it("completes only names that the party can see", async () => {
    await open();
    await write("SELECT COUNT(*) AS n FROM merchant.us");
    const list = page.locator(".cm-tooltip-autocomplete");
    await page.keyboard.press("Control+Space");
    await list.waitFor();
    expect(await list.innerText()).to.contain("users");
    // The editor takes no choice in the first moment, so that an Enter meant for the text makes none.
    await page.waitForTimeout(300);
    await page.keyboard.press("Enter");
    const { outcome } = await asked(() => page.keyboard.press("Control+Enter"));
    expect(outcome.kind, await page.locator(".cm-content").innerText()).to.equal("answer");
    await write("SELECT * FROM ewallet_prov");
    await page.keyboard.press("Control+Space");
    await page.waitForTimeout(300);
    expect(await page.getByText("provider_users", { exact: true }).filter({ visible: true }).count()).to.equal(0);
  });

  it("shows text of an answer as text, and a query on a party's own tables to nobody else", async () => {
    await open();
    await write(
      "SELECT '<img src=x onerror=alert(1)>' AS `<b>x</b>`, 1 AS n UNION ALL SELECT '\"><script>alert(1)</script>', 2",
    );
    await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    expect(await page.locator("#answer").innerText()).to.contain("<img src=x onerror=alert(1)>");
    expect(await page.locator("main img, main script, #answer b").count()).to.equal(0);
    expect(await ownerSees()).to.match(/the e-wallet sees\s+Nothing/);
  });

  it("shows a very long text without growing wider", async () => {
    await open();
    for (const sql of [
      "SELECT REPEAT('x', 5000) AS t, 1 AS n UNION ALL SELECT REPEAT('word ', 1000), 2",
      "SELECT REPEAT('x', 5000) AS t",
    ]) {
      await write(sql);
      await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), sql).to.equal(0);
      const card = "document.getElementById('answer')";
      expect(await page.evaluate(`${card}.scrollWidth - ${card}.clientWidth`), sql).to.equal(0);
    }
    expect(await page.locator("#answer-headline").innerText()).to.equal("1 row");
  });

  it("shows all digits of an answer's figures, and no line through a NULL", async () => {
    await open();
    await write(
      `SELECT * FROM UNNEST([STRUCT(DATE '2024-01-01' AS day, 64.19 AS price, NUMERIC '12345678901234567890.5' AS total, 9007199254740993 AS n),
      (DATE '2024-01-02', NULL, 1, 2), (DATE '2024-01-03', 0.00012, 2, 3)]) ORDER BY day`,
    );
    await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    const answer = page.locator("#answer");
    expect(await answer.locator("svg").count()).to.equal(0);
    // A bar cannot show a long number either.
    expect(await page.locator("#answer-headline").innerText()).to.equal("3 rows");
    expect((await answer.locator("tbody tr").allInnerTexts()).map((row) => row.split(/\s+/))).to.deep.equal([
      ["2024-01-01", "64.19", "12345678901234567890.5", "9007199254740993"],
      ["2024-01-02", "–", "1", "2"],
      ["2024-01-03", "0.00012", "2", "3"],
    ]);
    await write("SELECT COUNT(*) / 16000000 AS share, 1.5e-9 AS small FROM merchant.distribution_centers");
    await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    expect(await page.locator("#answer-headline").innerText()).to.equal("Share: 6.25e-7, Small: 1.5e-9");
  });

  it("checks a query without asking it, cancels one that runs, and says what fails", async () => {
    await open();
    await write(
      "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(DISTINCT hashed_email) AS n FROM linked_ewallet_provider.provider_users_shared GROUP BY city",
    );
    await page.getByRole("button", { name: "Only check the rules" }).click();
    await page.getByRole("heading", { name: "Refused by the rule “Join restriction”" }).waitFor();
    await write(
      "SELECT COUNT(*) AS n FROM merchant.order_items AS a CROSS JOIN merchant.order_items AS b CROSS JOIN merchant.order_items AS c WHERE a.sale_price + b.sale_price + c.sale_price < 0",
    );
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator(".outcome", { hasText: "Cancelled." }).waitFor();
    // The next question need not wait for the one that was cancelled.
    await write("SELECT 1 AS one");
    const { outcome } = await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    expect(outcome.kind === "answer" && outcome.rows).to.deep.equal([[1]]);
    await page.route("**/api/ask", (route) => route.abort());
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page
      .locator(".outcome", { hasText: "The server does not answer. Start it again with npm run room." })
      .waitFor();
    expect(opened?.troubles.splice(0).filter((each) => !each.includes("net::ERR_FAILED"))).to.deep.equal([]);
  });

  it("shows both parties, and puts a template's call into the query", async () => {
    await open();
    const wallet = page.getByRole("region", { name: "The e-wallet", exact: true });
    expect(await wallet.innerText())
      .to.contain("linked_merchant.users_shared")
      .and.contain("List overlap: rows that match on hashed_email");
    await wallet.getByText("spend_by_segment").click();
    await wallet.getByRole("button", { name: "Load a call: linked_merchant.spend_by_segment" }).click();
    expect(await page.getByRole("button", { name: "The e-wallet", exact: true }).getAttribute("aria-pressed")).to.equal(
      "true",
    );
    const { outcome, entries } = await asked(() => page.getByRole("button", { name: "Ask", exact: true }).click());
    expect(outcome.kind).to.equal("answer");
    expect(entries.merchant?.named).to.deep.equal(["spend_by_segment"]);
  });

  it("is as wide as a phone", async () => {
    await open({ viewport: phone, isMobile: true, hasTouch: true });
    expect(await page.evaluate("[innerWidth, document.documentElement.scrollWidth]")).to.deep.equal([390, 390]);
  });

  it("is accessible, light and dark, on a desktop and on a phone", async () => {
    const states: Readonly<Record<string, () => Promise<unknown>>> = {
      "an answer": () => asked(() => page.getByRole("button", { name: "Join the view" }).click()),
      "a short answer, with all details open": async () => {
        await page.getByRole("button", { name: "Step 4: Too few to tell" }).click();
        await asked(() => page.getByRole("button", { name: "Spend by country" }).click());
        for (const summary of await page.locator("summary").all()) await summary.click();
      },
      "a query that is longer than the editor, which scrolls": async () => {
        await page.getByRole("button", { name: "Step 7: The attack that works" }).click();
        await asked(() => page.getByRole("button", { name: "Pad every group" }).click());
      },
    };
    await open({}, "#step-2");
    for (const [state, reach] of Object.entries(states)) {
      await reach();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await expectAccessible(`${state}, ${colorScheme}`);
      }
      await page.setViewportSize(phone);
      await expectAccessible(`${state}, on a phone`);
      await page.setViewportSize(desktop);
    }
  });
});
