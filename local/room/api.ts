import type { Party } from "../../cleanroom/party.ts";
import type { ViewUsage } from "../../report/clean-room/shape.ts";

/*
 * The shapes of the JSON between the page and its server. They repeat the session's types, because the page's code runs in
 * a browser and must not import code that needs Node.
 */

/** A value of an answer, in types that JSON has. */
export type CellValue = string | number | boolean | null | object;

/** Everything that the page shows before anybody asks: `GET /api/room`. */
export interface RoomView {
  readonly parties: readonly PartyView[];
  readonly examples: readonly Example[];
  /** The questions that each owner has seen so far. */
  readonly seen: Readonly<Record<Party, OwnerView>>;
}

/** A party, and all that it can name. */
export interface PartyView {
  readonly name: Party;
  readonly tables: readonly TableView[];
  readonly templates: readonly TemplateView[];
}

export interface ColumnView {
  readonly name: string;
  /** GoogleSQL's type, such as "INT64". */
  readonly type: string;
  readonly description?: string;
}

/** A table or view that a party can name. */
export interface TableView {
  /** As a query writes it: "dataset.table". */
  readonly name: string;
  /** "own": the party's own table. "offered": a view that it shares. "linked": a view that the other party shares with it. */
  readonly whose: "own" | "offered" | "linked";
  readonly columns: readonly ColumnView[];
  readonly columnsOnly: boolean;
  readonly rule?: { readonly name: string; readonly shows: string; readonly joins?: string };
}

/** A query template that a party can call. */
export interface TemplateView {
  /** As a query writes it: "dataset.name". */
  readonly name: string;
  readonly owner: Party;
  readonly parameters: readonly ColumnView[];
  readonly columns: readonly ColumnView[];
  readonly guards: string;
  readonly question?: string;
  readonly example?: string;
}

/** A query to put into the editor. */
export interface Example {
  readonly party: Party;
  readonly title: string;
  readonly kind: "question" | "template";
  readonly sql: string;
}

/** The body of `POST /api/ask` and `POST /api/check`. */
export interface Question {
  readonly party: Party;
  readonly sql: string;
}

/** The answer to `POST /api/ask`. */
export interface AskReply {
  readonly outcome: Answered | Refused;
  /** All queries that each owner has seen so far. */
  readonly seen: Readonly<Record<Party, OwnerView>>;
  /** The log entries of this question, by the owner that sees them; an owner whose data it did not name sees nothing. */
  readonly entries: Readonly<Partial<Record<Party, SeenQuestion>>>;
}

/** The answer to `POST /api/check`. */
export type CheckReply = { readonly kind: "explanation"; readonly rules: Rules } | Refused;

export interface Answered {
  readonly kind: "answer";
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** At most `MOST_ROWS` of them, and fewer if they are long. */
  readonly rows: readonly (readonly CellValue[])[];
  /** The number of rows of the whole answer. */
  readonly rowCount: number;
  readonly milliseconds: number;
  readonly rules: Rules;
}

/** The rules that shaped an answer, in words. */
export interface Rules {
  readonly views: readonly ViewRule[];
  readonly templates: readonly { readonly template: string; readonly ownerTitle: string; readonly guards: string }[];
  readonly checks: readonly string[];
  /** Sentences about noise, missing groups and budgets. */
  readonly notes: readonly string[];
}

export interface ViewRule {
  readonly view: string;
  readonly ownerTitle: string;
  readonly rule: string;
}

/** There is no answer. */
export interface Refused {
  readonly kind: "refused";
  readonly rule: string;
  readonly message: string;
  readonly advice?: string;
  /** The place in the query's text, counted from 1. A tab goes to the next multiple of eight columns. */
  readonly line?: number;
  readonly column?: number;
  /** True if the party lacks a right; false for a wrong query. */
  readonly denied: boolean;
  readonly views: readonly ViewRule[];
}

/** The questions on an owner's views, as the owner sees them: never a question's text. */
export interface OwnerView {
  readonly views: readonly ViewUsage[];
  /** The newest questions, the newest first. */
  readonly newest: readonly SeenQuestion[];
}

/** One question, as the owner of the data sees it. */
export interface SeenQuestion {
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly by: Party;
  readonly outcome: "answered" | "refused" | "failed";
  readonly rule?: string;
  readonly groupsSuppressed?: number;
  /** The views and templates of the owner. */
  readonly named: readonly string[];
  readonly epsilon: number;
}

/** The body of every refusal by the server itself, before a question is asked. */
export interface HttpProblem {
  readonly error: { readonly status: number; readonly message: string };
}

/** The rows of an answer that are sent to the page. */
export const MOST_ROWS = 1000;
