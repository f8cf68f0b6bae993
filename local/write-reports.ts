import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { DBT_ARTIFACTS, datasets } from "../components/names.ts";
import { folderUrl } from "../generator/command-settings.ts";
import { openFolder } from "../generator/lake/folder.ts";
import { openWarehouse } from "../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../generator/warehouse/warehouse.ts";
import { pagesOnce } from "../report/build.ts";
import type { Beside } from "../report/highlights.ts";
import { publishReports } from "../report/publish.ts";
import { readAnswers } from "./answers.ts";
import { type Database, databases, databasesIn, databaseUrl, reportFolder } from "./output-folder.ts";

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
export async function writeReports({ out, warehouse: given }: WriteOptions): Promise<string> {
  const { files } = pagesOnce();
  const template = async (name: string) => (files[name] === undefined ? undefined : readFile(files[name], "utf8"));
  // `npm run room` may have it open, too.
  const found = databasesIn({ out });
  const database = found.includes(databases.warehouse) ? databases.warehouse : databases.cleanRoom;
  const warehouse = await openWarehouse(given ?? databaseUrl({ out }, database), { readOnly: true });
  try {
    const lake = openFolder(folderUrl(reportFolder({ out })));
    const cleanRoom = await readAnswers(out);
    const coffeeShops = given !== undefined || (await hasMarts(warehouse));
    const { pages, missing } = await publishReports(warehouse, lake, {
      template,
      coffeeShops,
      cleanRoom,
      beside: besideReports(out, found, cleanRoom !== undefined),
      madeAt: new Date(),
    });
    return [`${Object.keys(pages).length} pages`, ...new Set(missing)].join("; ");
  } finally {
    await warehouse.close();
  }
}

/** Whether the rehearsed program declares the dataset of the marts. */
async function hasMarts(warehouse: Warehouse): Promise<boolean> {
  const found = await warehouse.run(`SELECT 1 FROM duckdb_schemas() WHERE schema_name = '${datasets.marts}'`);
  return found.length > 0;
}

/** Links to the other results, relative to the reports' folder. */
function besideReports(out: string, found: readonly Database[], answered: boolean): Beside[] {
  const docs = dbtDocs(out);
  const all: (Beside | undefined)[] = [
    docs === undefined
      ? undefined
      : {
          href: addressFrom(out, docs),
          name: "dbt docs",
          about: "Every mart and column, its tests, and how one is made from another.",
        },
    answered ? { href: "../answers/", name: "Answers", about: "The clean room's answers as CSV files." } : undefined,
    {
      href: "../",
      name: "All files",
      about: `The tables (${found.join(" and ")}, for any DuckDB client from 1.3 on), the buckets and the logs.`,
    },
  ];
  return all.filter((each) => each !== undefined);
}

/** The file with dbt's documentation, which a person can double-click, if the rehearsal has written it. */
export function dbtDocs(out: string): string | undefined {
  const buckets = join(out, "bucket");
  if (!existsSync(buckets)) return undefined;
  const files = readdirSync(buckets).map((bucket) => join(buckets, bucket, DBT_ARTIFACTS.docs, "static_index.html"));
  return files.find(existsSync);
}

function addressFrom(out: string, file: string): string {
  return relative(reportFolder({ out }), file).split(sep).map(encodeURIComponent).join("/");
}
