/**
 * Writes dbt's `models/sources.yml` from the table definitions in generator/tables:
 * `npx node transform/sources.ts`. A test fails while the file is out of date.
 */
import { writeFile } from "node:fs/promises";
import { coffee, coffeeDataset } from "../generator/tables/index.ts";
import type { Table } from "../generator/tables/table.ts";

export const sourcesFile = new URL("models/sources.yml", import.meta.url);

/** A night is a day after the last one, so a load that is older was made for another night. */
const freshness = [
  "        config:",
  "          loaded_at_field: loaded_at",
  "          freshness:",
  "            error_after: { count: 24, period: hour }",
];

/** The text of `models/sources.yml`. */
export function sourcesYml(): string {
  const lines = ["sources:"];
  for (const dataset of new Set(coffeeDataset.map((table) => table.dataset))) {
    lines.push(
      `  - name: ${dataset}`,
      "    description: Tables as loaded. transform/sources.ts writes this file.",
      "    tables:",
    );
    for (const table of coffeeDataset.filter((each) => each.dataset === dataset)) {
      lines.push(`      - name: ${table.table}`, `        description: ${JSON.stringify(table.description)}`);
      if (table === coffee.loads) lines.push(...freshness);
      lines.push(...boundsTest(table));
      lines.push("        columns:");
      for (const [name, column] of Object.entries(table.columns)) {
        lines.push(`          - name: ${name}`, `            description: ${JSON.stringify(column.description)}`);
        lines.push(`            data_type: ${column.type.toLowerCase()}`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

/**
 * dbt's test that every row of a source is within the bounds that the load checks too: `within()` ranges, and names that are not empty.
 * Each table has one test with all its bounds, so that dbt reads it once.
 */
function boundsTest(table: Table): string[] {
  const bounds = Object.entries(table.columns).flatMap(([name, { type, mode, range }]) => {
    const rules = [
      ...(range?.min === undefined ? [] : [`${name} >= ${range.min}`]),
      ...(range?.max === undefined ? [] : [`${name} <= ${range.max}`]),
      ...(type === "STRING" && mode === "REQUIRED" ? [`trim(${name}) <> ''`] : []),
    ];
    if (rules.length === 0) return [];
    return mode === "NULLABLE" ? [`(${name} is null or (${rules.join(" and ")}))`] : rules;
  });
  if (bounds.length === 0) return [];
  return [
    "        data_tests:",
    "          - expression_is_true:",
    `              name: ${table.table}_within_bounds`,
    "              arguments:",
    "                expression: >-",
    ...bounds.map((bound, index) => `                  ${index === 0 ? "" : "and "}${bound}`),
  ];
}

if (import.meta.filename === process.argv[1]) await writeFile(sourcesFile, sourcesYml());
