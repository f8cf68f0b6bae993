import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

export interface Results {
  /** The absolute path of the folder with the results. */
  readonly out: string;
  /** The setting `--out` as it was given, if it was. */
  readonly given: string | undefined;
  /** Whether there is a clean room to ask. */
  readonly hasRoom: boolean;
  /** Pages to open, by their names. */
  readonly links: Readonly<Record<string, string | undefined>>;
}

/** The lines that `npm start` ends with: commands to try, and results to open. A folder outside of the project is named in full. */
export function nextSteps({ out, given, hasRoom, links }: Results): string[] {
  const chosen = given === undefined ? "" : ` --out "${given}"`;
  const near = relative(process.cwd(), out);
  const here = near === "" ? "." : near.startsWith("..") ? out : near;
  const steps = {
    [`npm run report --${chosen} --open`]: "open the reports",
    ...(hasRoom && {
      [`npm run room${chosen && ` --${chosen}`}`]: "ask the clean room on a page, with a tour",
      [`npm run -s query --${chosen} --as merchant "…"`]: "ask it in a terminal",
      [join(here, "answers")]: "all answers as CSV",
    }),
    [join(here, "warehouse.duckdb")]: "every table and mart",
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
