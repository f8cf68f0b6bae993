import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runMain, UserError } from "../generator/errors.ts";
import { openFolder } from "../generator/lake/folder.ts";
import { readOptions, text } from "../generator/options.ts";
import { folderUrl, resolveFromCaller } from "../generator/settings.ts";
import { openWarehouse } from "../generator/warehouse/warehouse.ts";
import { buildPages } from "../report/build.ts";
import { cleanRoomData } from "../report/clean-room.ts";
import { publishReports } from "../report/publish.ts";
import { reportFolder, warehouseUrl } from "./world.ts";

const settings = {
  out: text("folder that npm start wrote to", ".local"),
  warehouse: text(
    "another warehouse that has the marts: bigquery://PROJECT or duckdb:///FILE",
    undefined,
    "WAREHOUSE_URL",
  ),
};

/** `npm run report`: makes the reports anew from the marts of the last `npm start`, or of another warehouse; `--open` opens them. */
async function main(): Promise<void> {
  const given = process.argv.slice(2);
  const options = readOptions(
    "npm run report -- [--open]",
    settings,
    given.filter((arg) => arg !== "--open"),
  );
  const out = resolveFromCaller(options.out);
  if (options.warehouse === undefined && !existsSync(join(out, "warehouse.duckdb")))
    throw new UserError(
      `there is no warehouse.duckdb in ${out}: run npm start first, or name a warehouse by --warehouse`,
    );
  const { files } = buildPages();
  const warehouse = await openWarehouse(options.warehouse ?? warehouseUrl({ out }));
  try {
    const template = async (name: string) => (files[name] === undefined ? undefined : readFile(files[name], "utf8"));
    const cleanRoom = await cleanRoomData();
    const lake = openFolder(folderUrl(reportFolder({ out })));
    const { missing } = await publishReports(warehouse, lake, { template, cleanRoom, madeAt: new Date() });
    for (const each of new Set(missing)) console.log(each);
  } finally {
    await warehouse.close();
  }
  const page = pathToFileURL(join(reportFolder({ out }), "index.html")).href;
  console.log(page);
  if (given.includes("--open")) open(page);
}

/** Opens an address in the person's browser; where there is none, the printed link has to do. */
function open(url: string): void {
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", '""']
        : ["xdg-open"];
  const opener = spawn(command as string, [...args, url], { stdio: "ignore", detached: true });
  opener.on("error", () => console.log(`No browser was found here (${command}): open the link in yours`));
  opener.unref();
}

await runMain(main);
