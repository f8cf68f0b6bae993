import { ways } from "./attack-room.ts";
import type { Won } from "./attacks.ts";
import { count, formatRows, WIDTH, wrap } from "./terminal.ts";

/** What one attack won from each way of sharing, and from a query template at last. */
export interface Outcomes {
  readonly attack: string;
  readonly won: readonly Won[];
}

/** The columns whose answers contain noise or are rounded, so that even a right claim is a guess. */
const blurred = new Set(["differential privacy", "query template"]);

/** The outcomes as a table that fits a usual terminal, with the notes that it needs below. */
export function outcomesText(outcomes: readonly Outcomes[], width = WIDTH): string {
  const columns = [...ways, "query template"];
  const notes = new Set<string>();
  const cell = ({ right, of, byGuessing, refusedBy, only }: Won, column = "") => {
    if (refusedBy === "names") return "not shared";
    if (refusedBy === "GoogleSQL") return "impossible";
    if (refusedBy !== undefined) return "refused";
    if (right === 0) return "nothing";
    if (only !== undefined) notes.add(`† ${only}`);
    const isGuess = byGuessing !== undefined && (right < of || blurred.has(column));
    if (isGuess) notes.add(`* guesses: blind ones are right about ${count(byGuessing)} of ${count(of)}`);
    const found = right === of && !isGuess ? `all ${count(of)}` : `${count(right)} of ${count(of)}`;
    return `${found}${isGuess ? " *" : ""}${only === undefined ? "" : " †"}`;
  };
  const rows = outcomes.map(({ attack, won }) => [attack, ...won.map((each, index) => cell(each, columns[index]))]);
  const table = formatRows(["attack", ...columns], rows, "", "", width);
  return [table, "", ...[...notes].map((note) => wrap(note, "", width))].join("\n").trimEnd();
}
