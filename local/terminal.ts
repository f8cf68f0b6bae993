import type { ResultRow } from "../generator/warehouse/warehouse.ts";

const interactive = process.stdout.isTTY === true;

/** Shows the progress of a step in a few words. Redraws the line on a terminal, and prints nothing to a log. */
export type Show = (state: string) => void;

/**
 * Runs one step and prints its line: the title with the progress, then the seconds that it took and a summary.
 * @param work returns the step's result and a summary in a few words
 */
export async function step<T>(title: string, work: (show: Show) => Promise<[result: T, summary: string]>): Promise<T> {
  const started = performance.now();
  let drawn = "";
  const draw = (line: string) => {
    if (interactive && line !== drawn) process.stdout.write(`\r\x1b[K${line}`);
    drawn = line;
  };
  draw(`  ${title} ...`);
  try {
    const [result, summary] = await work((state) => draw(`  ${title} ... ${state}`.slice(0, process.stdout.columns)));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    draw("");
    console.log(`✓ ${title.padEnd(24)} ${seconds.padStart(5)} s   ${summary}`);
    return result;
  } catch (error) {
    draw("");
    console.log(`✗ ${title}`);
    throw error;
  }
}

/** A whole number with commas between the thousands. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Formats rows as a text table. Numbers are aligned to the right, with as many decimals as the column needs, at most three. */
export function formatTable(rows: readonly ResultRow[], indent = "  "): string {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return `${indent}(no rows)`;
  return formatRows(
    names,
    rows.map((row) => Object.values(row)),
    indent,
  );
}

/** Like `formatTable`, for rows with several columns of the same name. `none` is printed for null. */
export function formatRows(
  names: readonly string[],
  rows: readonly (readonly ResultRow[string][])[],
  indent = "  ",
  none = "",
): string {
  const columns = names.map((name, index) => {
    const values = rows.map((row) => row[index] ?? null);
    const numeric = values.every((value) => value === null || typeof value === "number") && rows.length > 0;
    const texts = numeric
      ? formatNumbers(values as (number | null)[], none)
      : values.map((value) => String(value ?? none));
    const width = Math.max(...[name, ...texts].map((text) => text.length));
    return [name, "─".repeat(width), ...texts].map((text) => (numeric ? text.padStart(width) : text.padEnd(width)));
  });
  const lines = columns[0]?.map((_, line) => `${indent}${columns.map((texts) => texts[line]).join("  ")}`.trimEnd());
  return lines?.join("\n") ?? "";
}

function formatNumbers(values: readonly (number | null)[], none: string): string[] {
  const decimals = Math.max(...values.map((value) => (value === null ? 0 : decimalsOf(value))));
  // Years have no commas.
  const useGrouping = !values.every((value) => value === null || (value >= 1900 && value < 2100));
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping };
  return values.map((value) => (value === null ? none : value.toLocaleString("en-US", options)));
}

function decimalsOf(value: number): number {
  return (String(Math.round(value * 1000) / 1000).split(".")[1] ?? "").length;
}
