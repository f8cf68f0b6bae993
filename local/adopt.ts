import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runMain, UserError } from "../generator/errors.ts";
import { readPulumiYaml } from "../pulumi-yaml.ts";

/*
 * `npm run adopt -- NAME...`: adds resources to the stack's state that exist at Google but not in the state. That happens when Google
 * creates a resource and answers with an error, or when an `up` is killed meanwhile: every later `up` then fails with 409.
 */

/** The types that can be adopted: those whose ids follow from their inputs. */
const adoptable = [
  "gcp:storage/bucket:Bucket",
  "gcp:bigquery/dataset:Dataset",
  "gcp:bigquery/table:Table",
  "gcp:serviceaccount/account:Account",
  "gcp:bigqueryanalyticshub/dataExchange:DataExchange",
  "gcp:bigqueryanalyticshub/listing:Listing",
  "gcp:artifactregistry/repository:Repository",
  "gcp:cloudrunv2/job:Job",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:cloudscheduler/job:Job",
];

const help = `npm run adopt -- NAME...: adds to the stack's state what exists at Google
  NAME             a resource as \`up\` printed it before its 409, such as
                   files-bucket
Kinds that can be adopted:
${adoptable.map((type) => type.replace(/^gcp:(\w+)\/.*:(\w+)$/, "  gcp.$1.$2")).join("\n")}`;

/** A file that `pulumi import` reads. */
interface ImportFile {
  readonly nameTable?: Readonly<Record<string, string>>;
  readonly resources: readonly { readonly type: string; readonly name: string; readonly id?: string }[];
}

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  const how = "name the resources to adopt, as `up` printed them before its 409: npm run adopt -- files-bucket";
  if (names.includes("--help")) return console.log(help);
  const setting = names.find((name) => name.startsWith("-"));
  if (setting !== undefined) throw new UserError(`${setting} is not a setting: ${how}`);
  if (names.length === 0) throw new UserError(how);
  const folder = await mkdtemp(join(tmpdir(), "adopt-"));
  try {
    const file = join(folder, "import.json");
    const config = await stackConfig();
    await pulumi("preview", "--import-file", file, "--non-interactive");
    const { resources, ...rest } = JSON.parse(await readFile(file, "utf8")) as ImportFile;
    const ids = await declaredIds(config);
    const wanted = names.map((name) => {
      const found = resources.find((each) => each.name === name && adoptable.includes(each.type));
      if (found === undefined)
        throw new UserError(`${name} is not a resource that up would create, or not of a kind that can be adopted`);
      return { ...found, id: ids.get(`${found.type} ${name}`) ?? "" };
    });
    await writeFile(file, JSON.stringify({ ...rest, resources: wanted }));
    await pulumi(
      "import",
      "--file",
      file,
      "--protect=false",
      "--generate-code=false",
      "--skip-preview",
      "--yes",
      "--non-interactive",
    );
    for (const { name, id } of wanted) console.log(`adopted ${name}: ${id}`);
    console.log("Now run npx pulumi up");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The stack's settings, by their full names. */
async function stackConfig(): Promise<Record<string, string>> {
  const given = JSON.parse(await pulumi("config", "--json")) as Record<string, { value?: string }>;
  return Object.fromEntries(Object.entries(given).map(([name, { value = "" }]) => [name, value]));
}

/** The ids that Google gives the declared resources, by type and name. */
async function declaredIds(config: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  // These take a second to load, so a wrong call should fail before.
  const [{ computeOutputs, evaluate }, { adapters }] = await Promise.all([
    import("pulumi-rehearsal"),
    import("./adapters.ts"),
  ]);
  const { program, defaults } = readPulumiYaml();
  const all: Record<string, string> = { ...defaults, ...config };
  const place = { project: all["gcp:project"] ?? "", location: all[`${program}:region`] ?? "" };
  const options = { project: place.project, program, config: all, adapters };
  const { resources } = await evaluate(() => import("../index.ts"), options);
  return new Map(
    resources.map(({ type, name, inputs }) => [
      `${type} ${name}`,
      computeOutputs(type, name, inputs, place, adapters).id,
    ]),
  );
}

async function pulumi(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)("pulumi", args, { maxBuffer: 1e9 })).stdout;
  } catch (error) {
    const {
      code,
      stdout = "",
      stderr = "",
      message,
    } = error as NodeJS.ErrnoException & Record<"stdout" | "stderr", string>;
    if (code === "ENOENT") throw new UserError("Pulumi's command line is missing: `npx pulumi version` installs it");
    throw new UserError(`pulumi ${args[0]} failed:\n${`${stdout}\n${stderr}`.trim() || message}`);
  }
}

await runMain(main);
