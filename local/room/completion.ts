import { PARTIES, type Party } from "../../cleanroom/party.ts";
import type { Seen } from "./seen.ts";
import type { Session } from "./session.ts";

/** The words that begin the parts of a query, and the privacy clauses. */
const KEYWORDS =
  `SELECT FROM WHERE GROUP ORDER LIMIT JOIN HAVING WITH AGGREGATION_THRESHOLD DIFFERENTIAL_PRIVACY OPTIONS DISTINCT
  COUNT COUNTIF SUM AVG CAST DESCRIBE`.split(/\s+/);

/** The shell's commands. */
const COMMANDS = ["\\as", "\\d", "\\templates", "\\explain", "\\budget", "\\asked", "\\format", "\\help", "\\q"];

/**
 * Completes the last word of a line: commands, names of tables and templates, columns of the tables that the statement names.
 * @param before the lines of the statement above this one
 * @param line this line up to the cursor
 * @param after the rest of this line: somebody may come back from FROM to the columns
 * @returns the completions of the word, and the word, as a completer of node:readline returns them
 */
export function completed(
  session: Session,
  party: Party,
  before: string,
  line: string,
  after = "",
): [string[], string] {
  const [, command, argument] = /^(\\\w+)\s+(.*)$/.exec(before === "" ? line : "") ?? [];
  if (command === "\\as") return [startingWith(argument ?? "", PARTIES), argument ?? ""];
  if (command === "\\format") return [startingWith(argument ?? "", ["table", "csv", "json"]), argument ?? ""];
  if (before === "" && /^\\\w*$/.test(line)) return [startingWith(line, COMMANDS), line];
  const word = /[\w.`]*$/.exec(line)?.[0] ?? "";
  const seen: Seen[] = [...session.tables(party), ...session.templates(party)];
  const named = namedIn(`${before}\n${line}${after}`, seen);
  const dot = word.lastIndexOf(".");
  const alias = dot < 0 ? undefined : word.slice(0, dot);
  const ofAlias = named.filter((each) => alias !== undefined && each.alias === alias).flatMap(({ columns }) => columns);
  if (ofAlias.length > 0)
    return [
      startingWith(
        word,
        ofAlias.map((column) => `${alias}.${column}`),
      ),
      word,
    ];
  const columns = dot < 0 ? named.flatMap(({ columns }) => columns) : [];
  const keywords = word === "" || dot >= 0 ? [] : KEYWORDS;
  const aliases = dot < 0 ? named.flatMap(({ alias }) => alias ?? []) : [];
  return [
    startingWith(word, [...new Set([...aliases, ...columns, ...seen.map(({ name }) => name), ...keywords])]),
    word,
  ];
}

/** The tables that a statement names after FROM and JOIN, with their aliases. */
function namedIn(
  sql: string,
  seen: readonly Seen[],
): { readonly alias: string | undefined; readonly columns: string[] }[] {
  const found = sql.matchAll(
    /\b(?:FROM|JOIN)\s+([\w.]+)(?:\s+(?:AS\s+)?(?!(?:ON|USING|JOIN|WHERE|GROUP|ORDER|LIMIT)\b)(\w+))?/gi,
  );
  return [...found].flatMap(([, name, alias]) => {
    const table = seen.find((each) => each.name === name);
    return table ? [{ alias, columns: table.columns.map((column) => column.name) }] : [];
  });
}

function startingWith(word: string, names: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(wanted));
}
