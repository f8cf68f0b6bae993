import type { Party } from "../../../cleanroom/party.ts";

/* The query in the editor outlives a reload of the page. */

interface KeptQuery {
  readonly party: Party;
  readonly sql: string;
}

const KEY = "query";

/** Keeps a query for the next load of the page in this tab. */
export function keepQuery(query: KeptQuery): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(query));
  } catch {
    // The browser may forbid it.
  }
}

/** The kept query, if the page was reloaded, or left and come back to. */
export function keptQuery(): KeptQuery | undefined {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (navigation?.type === "navigate") return undefined;
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}
