import { pathToFileURL } from "node:url";
import { UserError } from "../errors.ts";
import { openFolder } from "../lake/folder.ts";
import { openLake } from "../lake/lake.ts";
import { rehearsalFolder } from "../rehearsal.ts";
import type { SourceOptions } from "./source.ts";

/** The one thing of Google Cloud that a rehearsal does not have. */
const PUBLIC = "bigquery://bigquery-public-data/thelook_ecommerce";

/**
 * Where a rehearsal reads thelook from: the public dataset is what REHEARSAL_THELOOK names, a folder of its export (`file:///…`) or
 * `synthetic:`; buckets are folders. Outside a rehearsal nothing is changed. Throws UserError for what BigQuery could not read.
 */
export async function rehearsedOptions<O extends Pick<SourceOptions, "source" | "lake">>(options: O): Promise<O> {
  const { source } = options;
  const rehearsal = rehearsalFolder();
  if (rehearsal === undefined) return options;
  if (source.startsWith("gs://")) return { ...options, source: (await openLake(source)).url };
  if (source.startsWith("file:")) throw new UserError(`BigQuery cannot read ${source}: use gs://BUCKET/PREFIX`);
  if (source !== PUBLIC) return options;
  const { REHEARSAL_THELOOK: stand = "" } = process.env;
  if (stand !== "synthetic:" && !stand.startsWith("file:///"))
    throw new UserError(`REHEARSAL_THELOOK is "${stand}": use file:///FOLDER of thelook's CSV export, or synthetic:`);
  return { ...options, source: stand, lake: openFolder(pathToFileURL(rehearsal).href) };
}
