import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { expect } from "chai";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { PageName } from "../../report/report.ts";
import type { OpenPage } from "../support/chromium.ts";
import { cleanRoom } from "./clean-room.ts";
import { inChromium } from "./in-chromium.ts";
import { openPage, publishPages } from "./pages.ts";

/** The folder for the screenshots of a run in continuous integration. */
const screenshots = fileURLToPath(new URL("../../dist/screenshots/", import.meta.url));

const looks = {
  desktop: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  // A laptop at 200 %.
  zoomed: { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
  empty: { hash: "#from=2020-01-01&to=2020-01-31" },
  print: { media: "print" },
} as const satisfies Record<string, BrowserContextOptions & { hash?: string; media?: "print" }>;

/** The looks that only continuous integration tests. */
const rare: readonly (keyof typeof looks)[] = ["zoomed", "empty", "print"];

/** The looks in which each page is tested. */
const seen = {
  sales: ["desktop", "dark", "phone", "zoomed", "empty", "print"],
  customers: ["desktop", "dark", "phone", "zoomed", "empty", "print"],
  "clean-room": ["desktop", "dark", "phone", "zoomed", "print"],
  index: ["desktop", "phone"],
} as const satisfies Record<PageName | "index", readonly (keyof typeof looks)[]>;

inChromium("every page", (bench) => {
  let folder: string;
  let open: OpenPage | undefined;
  before(async () => {
    folder = await publishPages(bench().built, undefined, cleanRoom);
    mkdirSync(screenshots, { recursive: true });
  });
  afterEach(async () => {
    const troubles = open?.troubles ?? [];
    await open?.close();
    open = undefined;
    expect(troubles).to.deep.equal([]);
  });

  /** The violations that the accessibility checker finds. */
  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as axe.AxeResults;
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
    );
  }

  for (const name of ["sales", "customers", "clean-room", "index"] as const)
    for (const look of seen[name])
      it(`${name} is accessible and complete: ${look}`, async function () {
        if (rare.includes(look) && !process.env.CI) this.skip();
        const { media, ...options } = { media: undefined, ...looks[look] };
        open = await openPage(bench().browser, folder, name, options);
        const { page } = open;
        if (media !== undefined) await page.emulateMedia({ media });
        // Draw all charts, as for a printer, not only those in sight.
        await page.evaluate("dispatchEvent(new Event('beforeprint'))");
        if (process.env.CI) await page.screenshot({ path: `${screenshots}${name}-${look}.png`, fullPage: true });
        expect(await faults(page)).to.deep.equal([]);
        expect(
          await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
          "wider than the screen",
        ).to.equal(0);
        expect(
          await page.evaluate(
            "[...document.querySelectorAll('figure')].filter((it) => it.scrollWidth > it.clientWidth + 1).map(({ id }) => id)",
          ),
          "wider than their cards",
        ).to.deep.equal([]);
        for (const figure of await page.locator("figure").all())
          expect(await figure.locator("svg[role=img][aria-label], table, .note").count()).to.be.greaterThan(0);
      });

  for (const name of ["sales", "customers", "clean-room"] as const)
    it(`${name} has no button on paper, and tables that fit on A4, as a window of 1360 pixels drew them`, async () => {
      open = await openPage(bench().browser, folder, name);
      const { page } = open;
      await page.emulateMedia({ media: "print" });
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      // Measured at once: a printer draws no chart again.
      const wide = await page.evaluate(`[...document.querySelectorAll("figure")].flatMap((figure) => {
        figure.style.width = "655px";
        return [...figure.querySelectorAll("table")].filter((table) => table.offsetWidth > 656).map(() => figure.id);
      })`);
      expect(wide).to.deep.equal([]);
      expect(await page.locator("button.plain:visible").count()).to.equal(0);
    });

  it("draws all charts without being scrolled", async () => {
    open = await openPage(bench().browser, folder, "customers");
    expect(await open.page.locator("figure:empty").count()).to.equal(0);
    expect(await open.page.evaluate("scrollY")).to.equal(0);
  });

  it("scrolls to the section that a link names, on the page or from outside", async () => {
    open = await openPage(bench().browser, folder, "customers", { hash: "#who" });
    const { page } = open;
    const top = () => page.evaluate("document.getElementById('who').getBoundingClientRect().top");
    const there = await top();
    expect(there).to.be.within(0, 150);
    await page.evaluate("scrollTo(0, 0)");
    await page.getByRole("link", { name: "Who they are" }).click();
    // Smooth scrolling takes a moment; the test's own limit ends it if the section never gets there.
    while (Math.abs(Number(await top()) - Number(there)) > 1) await page.waitForTimeout(50);
  });

  it("has an accessible table behind each chart", async () => {
    open = await openPage(bench().browser, folder, "customers");
    const { page } = open;
    for (const card of await page.locator(".card").all())
      await card.getByRole("button", { name: /^Table: / }).press("Enter");
    expect(await page.locator(".card .scroll table").count()).to.equal(await page.locator(".card").count());
    expect(await faults(page)).to.deep.equal([]);
  });

  it("links the other pages, and takes the filter along", async () => {
    open = await openPage(bench().browser, folder, "sales", { hash: "#store=Podil" });
    const { page, troubles } = open;
    await page.getByRole("link", { name: "Customers" }).click();
    await page.waitForURL(/customers\.html#store=Podil$/);
    await page.waitForSelector("body[data-ready]");
    expect(await page.getByRole("button", { name: "Podil", exact: true }).getAttribute("aria-pressed")).to.equal(
      "true",
    );
    // Ignore the one request that the test caused.
    troubles.splice(0, 1);
  });

  it("says when it was made, in Kyiv time, and from which tables", async () => {
    open = await openPage(bench().browser, folder, "sales", { timezoneId: "America/New_York" });
    expect(await open.page.locator("footer").innerText()).to.match(
      /^Made 1 April 2024 at 04:30, Kyiv time, from DuckDB: coffee_marts\.flat_orders \([\d,]+ rows\)/,
    );
  });

  it("says that a file without its data is incomplete", async () => {
    open = await openPage(bench().browser, folder, "sales");
    const { page } = open;
    await page.evaluate("document.getElementById('data').textContent = 'cut off'");
    const html = `<!doctype html>${await page.evaluate("document.documentElement.outerHTML")}`;
    await page.setContent(html);
    expect(await page.locator("[role=alert]").innerText()).to.contain("This file is incomplete");
    open.troubles.splice(0);
  });
});
