/**
 * Writes dbt's `models/sources.yml` from the table definitions in generator/tables:
 * `npx node transform/sources.ts`. A test fails while the file is out of date.
 */
import { writeFile } from "node:fs/promises";
import { coffeeTables } from "../generator/tables/index.ts";

export const sourcesFile = new URL("models/sources.yml", import.meta.url);

/** The text of `models/sources.yml`. */
export function sourcesYml(): string {
  const lines = ["sources:"];
  for (const dataset of new Set(coffeeTables.map((table) => table.dataset))) {
    lines.push(
      `  - name: ${dataset}`,
      "    description: Tables as loaded. transform/sources.ts writes this file.",
      "    tables:",
    );
    for (const table of coffeeTables.filter((each) => each.dataset === dataset)) {
      lines.push(`      - name: ${table.table}`, `        description: ${JSON.stringify(table.description)}`);
      lines.push("        columns:");
      for (const [name, column] of Object.entries(table.columns)) {
        lines.push(`          - name: ${name}`, `            description: ${JSON.stringify(column.description)}`);
        lines.push(`            data_type: ${column.type.toLowerCase()}`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

if (import.meta.filename === process.argv[1]) await writeFile(sourcesFile, sourcesYml());
