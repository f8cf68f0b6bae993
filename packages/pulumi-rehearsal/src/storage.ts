import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Rehearsal } from "./adapter.ts";
import { at, type Content, type Declared, need, wrong } from "./declaration.ts";
import { bucketFolder } from "./rehearsal.ts";

/** Creates the folder of a bucket. Throws UserError for a name that Cloud Storage refuses. */
export async function realiseBucket(rehearsal: Rehearsal, bucket: Declared): Promise<void> {
  const name = need<string>(bucket, "name");
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name))
    throw wrong(bucket, `"${name}" cannot be the name of a bucket: use 3 to 63 lower-case letters, digits, -, _ and .`);
  rehearsal.touchable.set(`bucket/${name}`, [bucket]);
  await mkdir(bucketFolder(rehearsal, name), { recursive: true });
}

/** Writes an object as a file into its bucket's folder. An archive becomes a folder, because only functions read archives. */
export async function realiseObject(rehearsal: Rehearsal, object: Declared): Promise<void> {
  const bucket = need<string>(object, "bucket");
  if (!rehearsal.touchable.has(`bucket/${bucket}`))
    throw wrong(object, `is in the bucket ${bucket}, which is not declared`);
  const path = join(bucketFolder(rehearsal, bucket), need<string>(object, "name"));
  const source = at<Content>(object.inputs, "source");
  const text = at<string>(object.inputs, "content");
  if (source === undefined && text === undefined) throw wrong(object, "has neither source nor content");
  await writeContent(path, source ?? { text: text ?? "" });
}

/** Writes a file, or a folder with an archive's files. */
export async function writeContent(path: string, content: Content): Promise<void> {
  if ("files" in content) {
    for (const [name, each] of Object.entries(content.files)) await writeContent(join(path, name), each);
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  if ("file" in content) await copyFile(content.file, path);
  else await writeFile(path, content.text);
}
