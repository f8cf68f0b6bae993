import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

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
