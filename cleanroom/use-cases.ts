import { readdirSync, readFileSync } from "node:fs";

/** A question that one party of the clean room asks about the customers it shares with the other. */
export interface UseCase {
  /** The file's name without its ending, such as "01-transaction-verification". */
  readonly name: string;
  /** Such as "Transaction verification". */
  readonly title: string;
  /** Who asks what, in one sentence. */
  readonly question: string;
  /** A GoogleSQL query in the subset that DuckDB runs as well; its answer is a small table of aggregates. */
  readonly sql: string;
}

const folder = new URL("use-cases/", import.meta.url);

/** The use cases in the order of their files. Throws where a file does not begin with the two comment lines, title and question. */
export function readUseCases(): UseCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parseUseCase(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));
}

function parseUseCase(name: string, sql: string): UseCase {
  const [, title, question] = /^-- (.+)\n-- (.+)\n/.exec(sql) ?? [];
  if (!title || !question) throw new Error(`${name}.sql: the first two lines are "-- title" and "-- question"`);
  return { name, title, question, sql };
}
