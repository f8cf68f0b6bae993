import { readFile } from "node:fs/promises";
import { openFolder } from "../generator/lake/folder.ts";
import { folderUrl } from "../generator/settings.ts";
import { openWarehouse } from "../generator/warehouse/warehouse.ts";
import { buildPages } from "../report/build.ts";
import { publishReports } from "../report/publish.ts";
import { cleanRoomData } from "./clean-room-report.ts";
import { reportFolder, warehouseUrl } from "./world.ts";

export interface WriteOptions {
  /** Absolute folder of the rehearsal; the reports come into its `report`. */
  readonly out: string;
  /** Another warehouse that has the marts. @default the rehearsal's */
  readonly warehouse?: string | undefined;
}

/**
 * Writes the reports for a person to open, all pages: the clean room's among them, which the job in the cloud leaves out. Says how many, and
 * what they miss. Throws as `publishReports` does.
 */
export async function writeReports({ out, warehouse: url = warehouseUrl({ out }) }: WriteOptions): Promise<string> {
  const { files } = buildPages();
  const template = async (name: string) => (files[name] === undefined ? undefined : readFile(files[name], "utf8"));
  const warehouse = await openWarehouse(url);
  try {
    const lake = openFolder(folderUrl(reportFolder({ out })));
    const cleanRoom = cleanRoomData(out);
    const { pages, missing } = await publishReports(warehouse, lake, { template, cleanRoom, madeAt: new Date() });
    return [`${Object.keys(pages).length} pages`, ...new Set(missing)].join("; ");
  } finally {
    await warehouse.close();
  }
}
