import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { withoutDescriptions } from "./programs.ts";

/** The files of the dbt project that are deployed. */
export interface DbtProject {
  /** The absolute path of each file, by its path within the project (with `/`). */
  readonly files: Readonly<Record<string, string>>;
  /** The SHA-256 over paths and contents. */
  readonly sha256: string;
  /** The first eight digits of the SHA-256 over everything that decides the rows: all paths, and contents without descriptions. */
  readonly rows: string;
}

const project = fileURLToPath(new URL("../transform/", import.meta.url));
/** Files in the project's folder that only a laptop needs or leaves behind. */
const notDeployed = /^(target|logs|dbt_packages|requirements\.(in|txt)|sources\.ts|\..*)(\/|$)/;

/** Files that only dbt's documentation uses. */
const isDocumentation = /\.md$|^models\/exposures\.yml$/;

/** Lists the files of a dbt project, in the order of their paths. @param folder ends with a slash. @default `transform/` */
export function readDbtProject(folder = project): DbtProject {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("\\", "/").replace(/\/+/g, "/"))
    .map((path) => path.slice(folder.replaceAll("\\", "/").length))
    .filter((path) => !notDeployed.test(path))
    .sort();
  const [hash, rows] = [createHash("sha256"), createHash("sha256")];
  for (const path of paths) {
    const content = readFileSync(folder + path);
    hash.update(`${path}\0`).update(content).update("\0");
    // A removed file needs another folder: Pulumi deletes it only after the last run.
    rows.update(`${path}\0`);
    if (isDocumentation.test(path)) continue;
    const deciding = path.endsWith(".yml") ? withoutDescriptions(load(content.toString())) : content;
    rows.update(deciding).update("\0");
  }
  return {
    files: Object.fromEntries(paths.map((path) => [path, folder + path])),
    sha256: hash.digest("hex"),
    rows: rows.digest("hex").slice(0, 8),
  };
}
