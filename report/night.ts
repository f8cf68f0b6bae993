import { builtRun } from "../generator/runs.ts";
import { type ResultRow, rowIfThere, type Warehouse } from "../generator/warehouse/warehouse.ts";
import { dayName } from "./days.ts";

/** How old the marts are, and why they are not newer. */
export interface Night {
  /** The last day of the data that the marts were built from, `YYYY-MM-DD`; absent if they do not say. */
  readonly until?: string;
  /** Why last night's data is not in them: part of a sentence. Absent if it is. */
  readonly failed?: string;
}

/**
 * Reads from dbt's records how old the marts are.
 * @param expected the newest day that the marts should have, `YYYY-MM-DD`; without it, only a failed build of dbt counts as a failure
 */
export async function readNight(warehouse: Warehouse, expected?: string): Promise<Night> {
  const [built, last] = await Promise.all([
    builtRun(warehouse),
    rowIfThere(warehouse, "SELECT status, reason FROM coffee_marts.last_build"),
  ]);
  const failed = failureOf(last) ?? (built && missingDay(built.until, expected));
  return { ...(built && { until: built.until }), ...(failed !== undefined && { failed }) };
}

function failureOf(last: ResultRow | undefined): string | undefined {
  if (last?.status === "running") return "dbt has not finished";
  if (last?.status !== "failed") return undefined;
  // dbt's own words for "expected none" add nothing.
  return String(last.reason)
    .replace(/, configured to fail if [^;]*/g, "")
    .replace(/\.$/, "");
}

function missingDay(until: string, expected = until): string | undefined {
  return until < expected ? `no data of ${dayName(expected)} was loaded` : undefined;
}
