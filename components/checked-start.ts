import * as pulumi from "@pulumi/pulumi";
import type { JobArgs } from "./google/job.ts";
import { MOUNT } from "./names.ts";
import type { ProgramName } from "./programs.ts";
import type { UploadedCode } from "./uploaded-code.ts";

/**
 * A program for `node --eval`: runs a file with its arguments if the file's SHA-256 is the given one. A job therefore never runs code that somebody
 * put into the bucket in place of the deployed code: to change the hash, they would have to change the job.
 */
export const RUN_IF_UNCHANGED = `
const [node, file, sha256, ...args] = process.argv;
const found = require("node:crypto").createHash("sha256").update(require("node:fs").readFileSync(file)).digest("hex");
if (found === sha256) {
  process.argv = [node, file, ...args];
  import(require("node:url").pathToFileURL(file).href);
} else {
  console.error("error: " + file + " is not the code that was deployed: its SHA-256 is " + found + " and not " + sha256 +
    ". Find out who changed it, then deploy again: pulumi up --refresh");
  process.exitCode = 1;
}`
  .trim()
  .replaceAll(/\n\s*/g, " ");

/**
 * A program for dbt's image, in `python -c`: runs a program with its arguments if the files of a folder, in the order of their paths, have the
 * given SHA-256 (`readDbtProject` computes the same). So dbt never runs a project that somebody changed in the bucket.
 */
export const RUN_IF_FOLDER_UNCHANGED = `
import hashlib, os, sys
folder, sha256, *program = sys.argv[1:]
files = [os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names]
found = hashlib.sha256()
for path, file in sorted((os.path.relpath(file, folder).replace(os.sep, "/"), file) for file in files):
    with open(file, "rb") as content:
        found.update(path.encode() + b"\\0" + content.read() + b"\\0")
if found.hexdigest() != sha256:
    sys.exit(f"error: {folder} is not the code that was deployed: its SHA-256 is {found.hexdigest()} and not {sha256}. "
        "Find out who changed it, then deploy again: pulumi up --refresh")
os.execvp(program[0], program)`.trim();

/** The parts of a job's declaration that run a command of the bundle, after a check of the bundle's hash. @param args the command's arguments */
export function checkedStart(
  { bundle, sha256, fingerprints }: UploadedCode,
  command: ProgramName,
  ...args: string[]
): Pick<JobArgs, "command" | "args" | "codeFingerprint" | "notInFingerprint"> {
  const path = pulumi.interpolate`${MOUNT}/${bundle}`;
  return {
    command: ["node"],
    args: ["--eval", RUN_IF_UNCHANGED, path, sha256, command, ...args],
    codeFingerprint: fingerprints[command],
    notInFingerprint: [path, sha256],
  };
}

/** The parts of a job's declaration that run dbt in dbt's image, after a check of the project's hash. The job's arguments are dbt's. */
export function checkedDbt({ dbtFolder, dbtSha256 }: UploadedCode): Pick<JobArgs, "command" | "notInFingerprint"> {
  const folder = pulumi.interpolate`${MOUNT}/${dbtFolder}`;
  return {
    command: ["python", "-c", RUN_IF_FOLDER_UNCHANGED, folder, dbtSha256, "dbt"],
    notInFingerprint: [dbtSha256],
  };
}
