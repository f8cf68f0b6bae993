import { createHash } from "node:crypto";
import { coffee, ewallet, merchant } from "../generator/tables/index.ts";

/*
 * The jobs run commands of one bundle, and any change of a source changes the bundle's hash. So each job has a fingerprint of its own, which
 * changes only with the sources that the job runs: otherwise a changed word in a report would cause a new snapshot of the merchant.
 */

/** A command of the bundle that a job runs. */
export type ProgramName = "fill" | "generate" | "load" | "report";

/** The files in which each command's work begins, and the tables that it reads or writes. */
const programs: Readonly<
  Record<ProgramName, { readonly from: readonly string[]; readonly tables: readonly object[] }>
> = {
  fill: { from: ["generator/fill.ts"], tables: [merchant, ewallet] },
  generate: { from: ["generator/coffee/generate.ts", "generator/coffee/last-day.ts"], tables: [coffee] },
  load: { from: ["generator/load.ts"], tables: [coffee] },
  report: { from: ["report/publish.ts"], tables: [] },
};

/** The files in which every command begins. */
const always = ["generator/lake/open-lake.ts", "generator/warehouse/open-warehouse.ts"];
/** The command line, which imports every command: changes to these files count, but not to the files that they import. */
const commandLine = ["generator/commands.ts", "generator/command-settings.ts"];
/** The tables are compared without their descriptions, which change no rows. */
const tableFiles = /^generator\/tables\/(coffee|ewallet|merchant)\.ts$/;

/** The files of a bundle and the files that each imports, in the form of esbuild's metafile. */
export type Inputs = Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>;

/**
 * The fingerprint of each command: it changes with a source that the command runs, and with the columns of its tables.
 * @param read returns the content of a file by its path in `inputs`
 */
export function fingerprintPrograms(
  inputs: Inputs,
  read: (path: string) => string | Uint8Array,
): Record<ProgramName, string> {
  const fingerprint = ({ from, tables }: (typeof programs)[ProgramName]) => {
    const files = [...closureOf(inputs, [...from, ...always]), ...commandLine].filter((file) => !tableFiles.test(file));
    const hash = createHash("sha256").update(withoutDescriptions(tables));
    for (const file of [...new Set(files)].sort()) hash.update(`\0${file}\0`).update(read(file));
    return hash.digest("hex").slice(0, 16);
  };
  return {
    fill: fingerprint(programs.fill),
    generate: fingerprint(programs.generate),
    load: fingerprint(programs.load),
    report: fingerprint(programs.report),
  };
}

/** JSON of a value without the descriptions in it. */
export function withoutDescriptions(value: unknown): string {
  return JSON.stringify(value, (key, each) => (key === "description" ? undefined : each)) ?? "";
}

/** The given files and all files that they import, directly or through others. */
function closureOf(inputs: Inputs, from: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    // A file that the bundle leaves out, such as DuckDB's, is not among its inputs.
    const input = inputs[file];
    if (input === undefined) return;
    found.add(file);
    // The command line imports every command.
    if (!commandLine.includes(file)) for (const { path } of input.imports) visit(path);
  };
  for (const file of from) {
    if (inputs[file] === undefined) throw new Error(`${file} is not in the bundle: correct components/programs.ts`);
    visit(file);
  }
  return [...found];
}
