import { readdirSync, readFileSync } from "node:fs";
import { UserError } from "./errors.ts";
import { PARTIES, type Party } from "./party.ts";

/** A question of one party about the customers that both parties know. */
export interface UseCase {
  /** The file's name without .sql, such as "01-transaction-verification". */
  readonly name: string;
  /** A short title, such as "Transaction verification". */
  readonly title: string;
  /** One sentence that says who asks what. */
  readonly question: string;
  /** The party that runs the query. */
  readonly party: Party;
  /** The name of the rule that refuses the query, as in `Refusal`; undefined if the query has an answer. */
  readonly refused?: string;
  /** A GoogleSQL query on the party's own tables and its linked dataset. Its answer is a small table of aggregates. */
  readonly sql: string;
}

const folder = new URL("use-cases/", import.meta.url);

/** Reads the use cases in the order of their files. Throws UserError if a file does not start with the expected comment lines. */
export function readUseCases(): UseCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parseUseCase(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));
}

/** Reads a use case from its file's text. Throws UserError if the comment lines do not have the form of a use case's. */
export function parseUseCase(name: string, text: string): UseCase {
  // Windows ends lines with \r\n, and editors leave blanks.
  const sql = text.replace(/[ \t\r]+$/gm, "");
  const [, title, question, by, refused] = header.exec(sql) ?? [];
  const party = PARTIES.find((one) => one === by);
  if (!title || !question || !party)
    throw new UserError(
      `cleanroom/use-cases/${name}.sql: the first lines are "-- title", "-- question", "-- as ${PARTIES.join("|")}" and, if a rule refuses the query, "-- refused: rule"`,
    );
  return { name, title, question, party, ...(refused && { refused }), sql };
}

const header = /^-- (.+)\n-- (.+)\n-- as (\w+)\n(?:-- refused: (.+)\n)?/;
