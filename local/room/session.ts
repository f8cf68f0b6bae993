import { join } from "node:path";
import {
  type Answer,
  type CleanRoom,
  type Explanation,
  isRefused,
  type LoggedQuery,
  left,
  openLedger,
  type Problem,
  problemOf,
  type RoomOptions,
} from "analysis-rules";
import { PARTIES, type Party } from "../../cleanroom/party.ts";
import type { SharedUsage } from "../../report/clean-room/shape.ts";
import { BUDGET_FILE } from "../rehearsed-room.ts";
import { queriesOn, usageOf } from "../usage.ts";
import { followedRoom } from "./followed-room.ts";
import { notesOf } from "./notes.ts";
import { type Seen, type SeenTable, type SeenTemplate, seenNamed, seenTables, seenTemplates } from "./seen.ts";
import { oneAtATime } from "./turns.ts";

/*
 * The clean room of a rehearsal, open for a whole session: the shell, the page and the MCP server ask through it. Everything that it
 * returns is plain data, fit for JSON. A party gets only what it may know.
 */

/** A query was answered. */
export interface Answered extends Answer {
  readonly kind: "answer";
  /** Sentences about noise, missing groups and what is left of the budgets; empty if there is nothing to say. */
  readonly notes: readonly string[];
  /** Milliseconds from the question to the answer. */
  readonly milliseconds: number;
}

/** A query passed the rules, and was not run. */
export interface Explained {
  readonly kind: "explanation";
  readonly explanation: Explanation;
  readonly notes: readonly string[];
}

/** There is no answer. */
export interface Refused {
  readonly kind: "refused";
  /** The rule, the message, the advice, and the place in the query's text. */
  readonly problem: Problem;
  /** True if the party lacks a right: a rule refused the query, or it names what the party cannot see. False for a wrong query. */
  readonly denied: boolean;
  /** The views with a rule that the query names, and their rules in words. */
  readonly rules: Explanation["views"];
}

/** The privacy budget of a view that a party can read. */
export interface BudgetLeft {
  /** As the party names it, "dataset.view". */
  readonly view: string;
  readonly owner: Party;
  readonly epsilonLeft: number;
  readonly epsilonBudget: number;
  /** The most that one query may take. */
  readonly epsilonPerQuery: number;
  readonly deltaLeft: number;
  readonly deltaBudget: number;
}

/** The questions on an owner's views, as the owner sees them: never a question's text. */
export interface Asked extends SharedUsage {
  /** The questions on the owner's views and templates, the oldest first. */
  readonly questions: readonly LoggedQuery[];
}

/** The clean room of a rehearsal, open until `close`. */
export interface Session {
  /** The tables and views that a party can name, with columns and rules. */
  tables(party: Party): readonly SeenTable[];
  /** The query templates that a party can call. */
  templates(party: Party): readonly SeenTemplate[];
  /** A table, view or template by its name, "dataset.name" or "project.dataset.name" in any case; a refusal lists the names there are. */
  describe(party: Party, name: string): Seen | Refused;
  /**
   * Runs a GoogleSQL query as a party, under the rules, and within the limits of `npm run query`. The queries of one party run one after
   * the other. The rehearsal's files record what the query spends and what the owner sees of it.
   * @param options.signal cancels the query, whether it waits or runs
   * @example
   * const outcome = await session.ask("merchant", "SELECT COUNT(*) AS users FROM merchant.users");
   * if (outcome.kind === "answer") console.log(outcome.rows);
   * else console.log(outcome.problem.message);
   */
  ask(party: Party, sql: string, options?: { readonly signal?: AbortSignal }): Promise<Answered | Refused>;
  /** Checks a query as `ask` does, without running it or spending a budget. The owner's log does not show it. */
  explain(party: Party, sql: string, options?: { readonly signal?: AbortSignal }): Promise<Explained | Refused>;
  /** The privacy budgets of the views that a party can read, and how much of each is left. */
  budget(party: Party): Promise<readonly BudgetLeft[]>;
  /** The questions on an owner's views, as the owner sees them. */
  asked(owner: Party): Promise<Asked>;
  /** Waits for the queries that run, and closes the DuckDB file. */
  close(): Promise<void>;
}

/**
 * Opens the clean room that `npm start` made in a folder. If a later rehearsal replaces it, the next query opens the new one.
 * Throws UserError if the folder holds no rehearsal, or one that cannot be read.
 * @param folder the folder that `npm start` wrote to
 * @param options the limits of one query, and the parties that are going to ask: their analysers start at once
 * @example
 * const session = await openSession(".local");
 * const { problem } = await session.ask("wallet", "SELECT * FROM merchant.users"); // not visible
 * await session.close();
 */
export async function openSession(
  folder: string,
  options: Pick<RoomOptions, "limits" | "soon"> = {},
): Promise<Session> {
  const current = await followedRoom(folder, options);
  const turns = Object.fromEntries(PARTIES.map((party) => [party, oneAtATime()])) as Record<
    Party,
    ReturnType<typeof oneAtATime>
  >;

  /** Works with the open room when it is the party's turn. An error that is about the query becomes a refusal. */
  async function inTurn<T>(
    party: Party,
    sql: string,
    work: (open: CleanRoom) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | Refused> {
    try {
      return await turns[party](
        () =>
          current.using(async (open) => {
            try {
              return await work(open);
            } catch (error) {
              const rules = isCancelled(error) ? [] : await open.rulesFor(party, sql).catch(() => []);
              return refusedBy(error, rules);
            }
          }),
        signal,
      );
    } catch (error) {
      // The query was cancelled while it waited for its turn.
      return refusedBy(error, []);
    }
  }

  return {
    tables: (party) => seenTables(current.room, party),
    templates: (party) => seenTemplates(current.room, party),
    describe(party, name) {
      const found = seenNamed(current.room, party, name);
      if ("kind" in found) return found;
      return { kind: "refused", problem: found, denied: true, rules: [] };
    },
    ask: (party, sql, options = {}) =>
      inTurn(
        party,
        sql,
        async (open) => {
          const began = performance.now();
          const answer = await open.ask(party, sql, options);
          const milliseconds = Math.round(performance.now() - began);
          return { kind: "answer" as const, ...answer, notes: notesOf(answer.explanation), milliseconds };
        },
        options.signal,
      ),
    explain: (party, sql, options = {}) =>
      inTurn(
        party,
        sql,
        async (open) => {
          const explanation = await open.check(party, sql, options);
          return { kind: "explanation" as const, explanation, notes: notesOf(explanation, "would") };
        },
        options.signal,
      ),
    async budget(party) {
      const ledger = openLedger(join(folder, BUDGET_FILE));
      const views = (current.room.parties[party]?.tables ?? []).flatMap(({ id, dataset, table, owner, rule }) => {
        const privacy = rule?.differentialPrivacy;
        return privacy ? [{ id, view: `${dataset}.${table}`, owner: owner as Party, privacy }] : [];
      });
      return Promise.all(
        views.map(async ({ id, view, owner, privacy }) => {
          const { epsilonBudget, deltaBudget, maxEpsilonPerQuery: epsilonPerQuery } = privacy;
          const spent = await ledger.spent(id);
          const [epsilonLeft, deltaLeft] = [left(spent.epsilon, epsilonBudget), left(spent.delta, deltaBudget)];
          return { view, owner, epsilonLeft, epsilonBudget, epsilonPerQuery, deltaLeft, deltaBudget };
        }),
      );
    },
    async asked(owner) {
      const [usage, questions] = await Promise.all([usageOf(owner, folder), queriesOn(owner, folder)]);
      return { ...usage, questions };
    },
    async close() {
      await Promise.all(PARTIES.map((party) => turns[party](async () => {})));
      await current.close();
    },
  };
}

function isCancelled(error: unknown): boolean {
  return problemOf(error)?.rule === "cancelled";
}

/** The refusal that an error stands for. Throws the error if it is not about the query. */
function refusedBy(error: unknown, rules: Refused["rules"]): Refused {
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  return { kind: "refused", problem, denied: isRefused(error), rules };
}
