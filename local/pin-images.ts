import { spawnSync } from "node:child_process";
import { isUserError, runMain, UserError } from "../generator/errors.ts";
import { flag, type Option, readOptions } from "../generator/options.ts";
import { readPulumiYaml } from "../pulumi-yaml.ts";
import { digestOf } from "./image-digests.ts";

/*
 * `npm run pin`: pins the images that the jobs run on. A tag may point to another image tomorrow; a digest always names the same image.
 */

await runMain(async () => {
  const options = readOptions(
    "npm run pin -- [settings]: finds the digests of the images that the jobs run on today",
    {
      set: flag("set the digests in the current stack, instead of printing the commands"),
      registry: address("address of a registry to ask instead of the images' own"),
    },
    process.argv.slice(2),
  );
  const { settings } = readPulumiYaml();
  const [node = "", dbt = "", tag = ""] = ["generatorImage", "dbtImage", "dbtTag"].map(
    (name) => settings[name]?.default,
  );
  const ghcr = `ghcr.io/${dbt}:${tag}`;
  const [nodeDigest, dbtDigest] = await digestsOf([node, ghcr], options.registry);
  const pinned = { generatorImage: `${node.replace(/:[^:/]+$/, "")}@${nodeDigest}`, dbtTag: dbtDigest ?? "" };
  console.log(`# ${node} and ${ghcr}, as they are today`);
  for (const [name, value] of Object.entries(pinned)) {
    console.log(`npx pulumi config set ${name} ${value}`);
    if (options.set) setInStack(name, value);
  }
});

/** A setting that takes the address of a server. */
function address(help: string): Option<string | undefined> {
  const parse = (given: string) => {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
    throw "an address such as https://registry.example.com";
  };
  return { help, default: undefined, parse };
}

/** The digest of each image. Throws UserError with a line for each that has none. */
async function digestsOf(images: readonly string[], registry: string | undefined): Promise<string[]> {
  const wrong: string[] = [];
  const digests = images.map((image) =>
    digestOf(image, registry).catch((error: unknown) => {
      if (!isUserError(error)) throw error;
      wrong.push(error.message);
      return "";
    }),
  );
  const found = await Promise.all(digests);
  if (wrong.length > 0) throw new UserError(wrong.sort().join("\n"));
  return found;
}

function setInStack(name: string, value: string): void {
  const { error, status } = spawnSync("pulumi", ["config", "set", name, value], { stdio: "inherit" });
  if (error !== undefined)
    throw new UserError(
      `pulumi cannot be run (${error.message}): install Pulumi's command line, or run the commands above later`,
    );
  if (status !== 0) throw new UserError(`pulumi did not set ${name}: choose the stack with npx pulumi stack select`);
}
