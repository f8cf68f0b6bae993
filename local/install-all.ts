import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Installs dbt and GoogleSQL if they are missing or out of date; with `--test`, the tests' local servers too. A command calls it when it has
 * read its settings, so that `--help` and a wrong setting need no installation. If it fails, the installer has said why, and this process ends.
 */
export function installAll(...flags: "--test"[]): void {
  const installer = fileURLToPath(new URL("install.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [installer, ...flags], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
