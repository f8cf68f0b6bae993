import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { resolveFromCaller } from "../generator/caller-folder.ts";
import { checkSettings } from "../generator/coffee/shop-settings.ts";
import { coffeeOptions, dirtShare as dirtShareOption, folderUrl } from "../generator/command-settings.ts";
import { runMain, UserError } from "../generator/errors.ts";
import { flag, list, type Option, readOptions, text } from "../generator/options.ts";
import { checkExport } from "../generator/thelook/rewrite-export.ts";
import { readPulumiYaml, readSetTexts, readStackSettings } from "../pulumi-yaml.ts";
import { nextSteps } from "./next-steps.ts";
import { databasesIn, replaceResults, reportFolder } from "./output-folder.ts";
import { keepLater } from "./room/keep-later.ts";
import { heading } from "./terminal.ts";
import { dbtDocs } from "./write-reports.ts";

const settings = {
  thelook: text("folder with an export of thelook_ecommerce, instead of the built-in synthetic one", undefined),
  ...coffeeOptions,
  dirtShare: decidedLater(dirtShareOption, dirtShareOption.default),
  stack: text("stack to rehearse, with the settings of Pulumi.NAME.yaml", undefined),
  set: list("name=value of any setting of Pulumi.yaml; may be given several times"),
  out: text("folder for the results", ".local"),
  verbose: flag("print every count, answer and table, instead of one screen"),
};

/** `npm start`: rehearses `index.ts` on this machine, answers the use cases, and writes the reports. */
async function main(): Promise<void> {
  const yaml = readPulumiYaml();
  const options = readOptions(
    "npm start -- [settings]: rehearses both demos on this machine, answers the clean room's questions, and makes the reports",
    {
      ...settings,
      // The defaults of these two are in Pulumi.yaml.
      seed: decidedLater(coffeeOptions.seed, yaml.settings.seed?.default),
      scale: decidedLater(coffeeOptions.scale, yaml.settings.scale?.default),
    },
    process.argv.slice(2),
  );
  const { thelook, until, seed, scale, days, dirtShare } = options;
  const { program, defaults } = yaml;
  const config: Record<string, string> = {
    ...defaults,
    ...(options.stack !== undefined && readStackSettings(options.stack)),
    ...readSetTexts(options.set, yaml),
  };
  // The rehearsal has a project of its own.
  delete config["gcp:project"];
  for (const [name, value] of Object.entries({ seed, scale, days })) {
    if (value !== undefined) config[`${program}:${name}`] = String(value);
  }
  // The program checks its settings, but takes yesterday for the last day.
  const wanted = Number(config[`${program}:days`]);
  if (until !== undefined && Number.isInteger(wanted) && wanted > 0)
    checkSettings({ seed: 0, scale: 1, until, days: wanted, shard: { index: 0, count: 1 } });
  const out = resolveFromCaller(options.out);
  if (/[?#]/.test(out))
    throw new UserError(`${out} contains ? or #, which DuckDB does not allow in a path: choose another --out`);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => {
      const holds = databasesIn({ out }).length > 0 ? "the last whole run" : "no whole run yet";
      console.error(`\nStopped. ${out} holds ${holds}.`);
      process.exit(code);
    });
  // Read the whole export before anything runs, so that errors in it appear within a second.
  if (thelook !== undefined) await checkExport(folderUrl(thelook));
  const started = performance.now();
  await replaceResults(out, async (folder) => {
    const env = {
      REHEARSAL_THELOOK: thelook === undefined ? "synthetic:" : folderUrl(thelook),
      ...(until !== undefined && { UNTIL: until }),
      ...(dirtShare !== undefined && { DIRT_SHARE: String(dirtShare) }),
    };
    keepCompiledModules();
    // Pulumi takes a second to load, so check the settings first.
    const { rehearseProgram } = await import("./rehearse-program.ts");
    await rehearseProgram({
      load: () => import("../index.ts"),
      out: folder,
      program,
      config,
      env,
      verbose: options.verbose,
    });
  });

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  heading(`Done in ${seconds} s. Look at these next`);
  const links = {
    "dbt docs": dbtDocs(out),
    reports: join(reportFolder({ out }), "index.html"),
  };
  const given = options.out === settings.out.default ? undefined : options.out;
  for (const line of nextSteps({ out, given, databases: databasesIn({ out }), links })) console.log(`  ${line}`);
  // The first query and the next start load the analyser's compiled code from there. The tests run this file without npm.
  if (process.env.npm_lifecycle_event === "start") keepLater(out);
}

/** Lets this process, and the jobs and functions that it starts, keep the machine code of their modules for the next run. */
function keepCompiledModules(): void {
  const folder = fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
  enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE ??= folder;
}

function decidedLater<T>(option: Option<T>, otherwise: unknown): Option<T | undefined> {
  return { ...option, default: undefined, otherwise };
}

await runMain(main);
