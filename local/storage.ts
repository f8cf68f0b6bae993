import { copyFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../generator/lake/folder.ts";
import { at, type Content, type Declared, need, wrong } from "./declaration.ts";
import { bucketFolder, type World } from "./world.ts";

/** A bucket is a folder. */
export async function realiseBucket(world: World, bucket: Declared): Promise<void> {
  const name = need<string>(bucket, "name");
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name)) throw wrong(bucket, `"${name}" is no name for a bucket`);
  world.buckets.set(name, bucket);
  await makeFolder(bucketFolder(world, name));
}

/** An object is a file in it; an archive is a folder of its name, since only functions read one. */
export async function realiseObject(world: World, object: Declared): Promise<void> {
  const bucket = need<string>(object, "bucket");
  if (!world.buckets.has(bucket)) throw wrong(object, `is to be in the bucket ${bucket}, which is not declared`);
  const path = join(bucketFolder(world, bucket), need<string>(object, "name"));
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
  await makeFolder(dirname(path));
  if ("file" in content) await copyFile(content.file, path);
  else await writeFile(path, content.text);
}
