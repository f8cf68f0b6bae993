import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type Database, databases } from "./output-folder.ts";

export interface Results {
  /** The absolute path of the folder with the results. */
  readonly out: string;
  /** The setting `--out` as it was given, if it was. */
  readonly given: string | undefined;
  /** The DuckDB files among the results. */
  readonly databases: readonly Database[];
  /** Pages to open, by their names. */
  readonly links: Readonly<Record<string, string | undefined>>;
}

const held: Readonly<Record<Database, string>> = {
  [databases.cleanRoom]: "the parties' tables",
  [databases.warehouse]: "the coffee shops' tables and marts",
};

/** The lines that `npm start` ends with: commands to try, and results to open. A folder outside of the project is named in full. */
export function nextSteps({ out, given, databases: made, links }: Results): string[] {
  const chosen = given === undefined ? "" : ` --out "${given}"`;
  const near = relative(process.cwd(), out);
  const here = near === "" ? "." : near.startsWith("..") ? out : near;
  const steps = {
    [`npm run report --${chosen} --open`]: "open the reports",
    ...(made.includes(databases.cleanRoom) && {
      [`npm run room${chosen && ` --${chosen}`}`]: "ask the clean room on a page, with a tour",
      [`npm run -s query --${chosen} --as merchant "…"`]: "ask it in a terminal",
      [join(here, "answers")]: "all answers as CSV",
    }),
    ...Object.fromEntries(made.map((name) => [join(here, name), held[name]])),
    [join(here, "logs")]: "the output of each job",
  };
  const widest = Math.max(...Object.keys(steps).map(({ length }) => length));
  return [
    ...Object.entries(steps).map(([what, why]) => `${what.padEnd(widest)}  ${why}`),
    ...Object.entries(links).flatMap(([what, file]) =>
      file === undefined ? [] : [`${what.padEnd(9)}${pathToFileURL(file).href}`],
    ),
  ];
}
