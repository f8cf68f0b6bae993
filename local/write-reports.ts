import { readFile } from "node:fs/promises";
import { folderUrl } from "../generator/command-settings.ts";
import { openFolder } from "../generator/lake/folder.ts";
import { openWarehouse } from "../generator/warehouse/open-warehouse.ts";
import { pagesOnce } from "../report/build.ts";
import { publishReports } from "../report/publish.ts";
import { readAnswers } from "./answers.ts";
import { reportFolder, warehouseUrl } from "./output-folder.ts";

export interface WriteOptions {
  /** The absolute path of a folder that `npm start` filled. The reports go to its subfolder `report`. */
  readonly out: string;
  /** Another warehouse with the marts, as `openWarehouse` takes it. @default the one in `out` */
  readonly warehouse?: string | undefined;
}

/**
 * Writes all reports for a person to open, including the clean room's, which the report job in the cloud leaves out.
 * Returns a line that says how many pages it wrote and what is missing in them. Throws as `publishReports` does.
 */
export async function writeReports({ out, warehouse: url = warehouseUrl({ out }) }: WriteOptions): Promise<string> {
  const { files } = pagesOnce();
  const template = async (name: string) => (files[name] === undefined ? undefined : readFile(files[name], "utf8"));
  const warehouse = await openWarehouse(url);
  try {
    const lake = openFolder(folderUrl(reportFolder({ out })));
    const cleanRoom = await readAnswers(out);
    const { pages, missing } = await publishReports(warehouse, lake, { template, cleanRoom, madeAt: new Date() });
    return [`${Object.keys(pages).length} pages`, ...new Set(missing)].join("; ");
  } finally {
    await warehouse.close();
  }
}
