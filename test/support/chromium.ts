import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import {
  type Browser,
  type BrowserContextOptions,
  type ConsoleMessage,
  chromium,
  type Page,
  type Request,
} from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];
const elsewhere = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The advice if `findChromium` finds nothing. */
export const howToGetChromium =
  "no Chromium on this machine: install it (Debian: apt install chromium; Ubuntu: snap install chromium; macOS: brew install " +
  "--cask chromium), or name one: CHROMIUM=/path/to/chrome npm test";

/** The system's Chromium or Chrome, or the one that CHROMIUM names; undefined where there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const named = process.env.CHROMIUM;
  const places = named
    ? [named]
    : [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...elsewhere];
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Chromium loads two pages of its own for the address bar of each window, and starts one process more than a page needs. */
const notForTests = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess"];
/** Playwright turns these off. Chromium reads only the last list, so ours has to repeat the names that a page could notice. */
const asPlaywright = [
  ...["AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "PaintHolding", "MediaRouter"],
  ...["OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch", "HttpsUpgrades"],
];

/**
 * Starts it without a window, and without a process that draws as a graphics card would. Its sandbox needs rights that containers seldom
 * give; the pages are our own.
 */
export function startChromium(executablePath: string): Promise<Browser> {
  const off = [...notForTests, ...asPlaywright].join(",");
  const args = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer", `--disable-features=${off}`];
  return chromium.launch({ executablePath, args });
}

/** An open page, with the problems it has had so far. */
export interface OpenPage {
  readonly page: Page;
  /** Errors on the console, uncaught errors, and requests for anything but the URL and what is below it. */
  readonly troubles: string[];
  /** Ends the test's use of the page. */
  close(): Promise<void>;
}

/** Closed pages, by the options of their context. Showing something else costs them two thirds of what a new page would cost. */
const closed = new WeakMap<Browser, Map<string, Page[]>>();

/**
 * Opens a page and waits until it is ready. Its context has the options. It is new, or one that another test has closed, without what the
 * browser kept for it.
 * @param ready the selector that the page matches once it is ready
 */
export async function openAt(
  browser: Browser,
  url: string,
  ready: string,
  { hash = "", ...options }: BrowserContextOptions & { readonly hash?: string },
): Promise<OpenPage> {
  const all = closed.get(browser) ?? new Map<string, Page[]>();
  closed.set(browser, all);
  const key = JSON.stringify(options);
  const known = all.get(key) ?? [];
  all.set(key, known);
  const page = known.pop() ?? (await (await browser.newContext(options)).newPage());
  const troubles: string[] = [];
  const onConsole = (message: ConsoleMessage) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  };
  const onError = (error: Error) => troubles.push(String(error));
  const onRequest = (request: Request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
      troubles.push(`asked for ${request.url()}`);
  };
  page.on("console", onConsole).on("pageerror", onError).on("request", onRequest);
  await page.goto(`${url}${hash}`);
  await page.waitForSelector(ready);
  return {
    page,
    troubles,
    async close() {
      if (known.includes(page)) return;
      page.off("console", onConsole).off("pageerror", onError).off("request", onRequest);
      // A page that kept something there would find it again, unlike in a new context.
      await page.evaluate("localStorage.clear(); sessionStorage.clear()");
      await page.context().clearCookies();
      await page.goto("about:blank");
      await page.unrouteAll();
      await page.emulateMedia({ media: null });
      await page.mouse.move(0, 0);
      if (options.viewport) await page.setViewportSize(options.viewport);
      known.push(page);
    },
  };
}
