import { pathToFileURL } from "node:url";
import { rehearsalFolder } from "pulumi-rehearsal/touched";
import { UserError } from "../errors.ts";
import { openFolder } from "../lake/folder.ts";
import type { Lake } from "../lake/lake.ts";
import { openLake } from "../lake/open-lake.ts";
import { PUBLIC_THELOOK } from "../tables/merchant.ts";

/**
 * In a rehearsal, replaces the public dataset, the only part of Google Cloud that a rehearsal cannot imitate, by the source that
 * REHEARSAL_THELOOK names: a folder of its export (`file:///…`) or `synthetic:`. Replaces a bucket by its folder. Outside a rehearsal it
 * changes nothing. Throws UserError for a source that BigQuery cannot read.
 */
export async function rehearsedOptions<O extends { readonly source: string; readonly lake?: Lake | undefined }>(
  options: O,
): Promise<O> {
  const { source } = options;
  const rehearsal = rehearsalFolder();
  if (rehearsal === undefined) return options;
  if (source.startsWith("gs://")) return { ...options, source: (await openLake(source)).url };
  if (source.startsWith("file:")) throw new UserError(`BigQuery cannot read ${source}: use gs://BUCKET/PREFIX`);
  if (source !== PUBLIC_THELOOK) return options;
  const { REHEARSAL_THELOOK: stand = "" } = process.env;
  if (stand !== "synthetic:" && !stand.startsWith("file:///"))
    throw new UserError(`REHEARSAL_THELOOK is "${stand}": use file:///FOLDER of thelook's CSV export, or synthetic:`);
  return { ...options, source: stand, lake: openFolder(pathToFileURL(rehearsal).href) };
}
