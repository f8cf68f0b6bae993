import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openFolder } from "../../generator/lake/folder.ts";
import type { Pages } from "../../report/build.ts";
import { pagesOnce } from "../../report/build.ts";
import type { CleanRoomData } from "../../report/clean-room/shape.ts";
import { publishReports } from "../../report/publish.ts";
import type { PageName } from "../../report/report.ts";
import { type OpenPage, openAt } from "../support/chromium.ts";
import type { BuiltMarts } from "./marts.ts";

/** The time at which the tests make their pages. */
export const madeAt = new Date("2024-04-01T01:30:00Z");

let folders = 0;
let files: Pages["files"] | undefined;

/** Publishes the real pages from marts, after the script `change` has changed a copy of them. Returns the folder. */
export async function publishPages(built: BuiltMarts, change?: string, cleanRoom?: CleanRoomData): Promise<string> {
  const folder = join(built.folder, `pages-${++folders}`);
  files ??= pagesOnce().files;
  const pages = files;
  const warehouse = await built.open(change);
  try {
    const template = async (name: string) => (pages[name] === undefined ? undefined : readFile(pages[name], "utf8"));
    await publishReports(warehouse, openFolder(pathToFileURL(folder).href), { template, madeAt, cleanRoom });
    return folder;
  } finally {
    await warehouse.close();
  }
}

/** Opens a page from the file system and waits until it shows its figures. */
export function openPage(
  browser: Browser,
  folder: string,
  name: PageName | "index",
  options: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<OpenPage> {
  const url = pathToFileURL(join(folder, `${name}.html`)).href;
  const ready = "body[data-ready]:not(:has(figure:empty))";
  return openAt(browser, url, ready, { viewport: { width: 1360, height: 900 }, ...options });
}

/** The table behind a card, as rows of texts, header first. */
export async function tableOf(page: Page, card: string): Promise<string[][]> {
  await page.locator(`[id="${card}"] button[aria-expanded=false]`).click();
  const rows = await page.locator(`[id="${card}-table"] tr`).all();
  const texts = await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
  await page.locator(`[id="${card}"] button[aria-expanded=true]`).click();
  return texts;
}

/** Downloads a card's CSV. Returns rows of fields. */
export async function csvOf(page: Page, card: string): Promise<string[][]> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(`[id="${card}"]`).getByRole("button", { name: "CSV" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  return text
    .trimEnd()
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, -1)
        .map(([, field = ""]) => field.replace(/^"|"$/g, "")),
    );
}
