import { PARTIES, type Party } from "../../../cleanroom/party.ts";

/* The query in the editor outlives a reload of the page. */

interface KeptQuery {
  readonly party: Party;
  readonly sql: string;
}

const KEY = "clean-room-query";

/** Keeps a query for the next load of the page in this tab. */
export function keepQuery(query: KeptQuery): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(query));
  } catch {
    // The browser may forbid it.
  }
}

/** The kept query, if the page was reloaded, or left and come back to; undefined for one of a party that the room no longer has. */
export function keptQuery(): KeptQuery | undefined {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (navigation?.type === "navigate") return undefined;
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return PARTIES.includes(kept?.party) && typeof kept.sql === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
}
