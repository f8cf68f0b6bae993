import { readdirSync, readFileSync } from "node:fs";
import { PARTIES, type Party } from "./party.ts";

/** A question that one party of the clean room asks about the customers it shares with the other. */
export interface UseCase {
  /** The file's name without its ending, such as "01-transaction-verification". */
  readonly name: string;
  /** Such as "Transaction verification". */
  readonly title: string;
  /** Who asks what, in one sentence. */
  readonly question: string;
  /** Who runs the query. */
  readonly party: Party;
  /** The rule that does not let the query through, as `Refusal` names it; undefined where it has an answer. */
  readonly refused?: string;
  /** A GoogleSQL query on the party's own tables and the linked dataset; its answer is a small table of aggregates. */
  readonly sql: string;
}

const folder = new URL("use-cases/", import.meta.url);

/** The use cases in the order of their files. Throws where a file does not begin with its comment lines. */
export function readUseCases(): UseCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parseUseCase(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));
}

/** Reads a use case from its file's text. Throws where the comment lines are not those of a use case. */
export function parseUseCase(name: string, sql: string): UseCase {
  const [, title, question, by, refused] = header.exec(sql) ?? [];
  const party = PARTIES.find((one) => one === by);
  if (!title || !question || !party)
    throw new Error(
      `${name}.sql: the first lines are "-- title", "-- question", "-- as ${PARTIES.join("|")}" and, where it is refused, "-- refused: rule"`,
    );
  return { name, title, question, party, ...(refused && { refused }), sql };
}

const header = /^-- (.+)\n-- (.+)\n-- as (\w+)\n(?:-- refused: (.+)\n)?/;
