import { randomUUID } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { Refusal } from "../refusal.ts";

/** What a query takes of the budget of one view. */
export interface Charge {
  /** The source view, as "project.dataset.table". */
  readonly view: string;
  /** As the query names it, for the message: "dataset.table". */
  readonly name: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly epsilonBudget: number;
  readonly deltaBudget: number;
}

/** What was spent of a view's privacy budget. */
export interface Spent {
  readonly epsilon: number;
  readonly delta: number;
}

/** What was spent of the views' privacy budgets. */
export interface Ledger {
  /** Spends all of the charges or none. Throws Refusal where a budget is not sufficient. */
  spend(charges: readonly Charge[]): Promise<void>;
  /** What was spent on a source view, by its id. */
  spent(view: string): Promise<Spent>;
}

/** The ledger's file, beside the warehouse. A rehearsal begins with none, as the budget of a view made anew is whole. */
export const BUDGET_FILE = "clean-room-budget.jsonl";

/**
 * The ledger in a file, a line a query. Processes may share it: each appends what it asks for, which files do in one piece, then reads
 * the lines in their order, the same for all, and goes on if its own was sufficient there. A process that ends between the two has
 * spent and not read.
 */
export function openLedger(file: string): Ledger {
  const lines = async () => (await readFile(file, "utf8").catch(unlessMissing)).split("\n").flatMap(entryOf);
  return {
    async spend(charges) {
      if (charges.length === 0) return;
      const entry: Entry = { id: randomUUID(), charges };
      // What is refused now is refused for good, and need not be written.
      refuse(replay([...(await lines()), entry]), entry);
      // A line that was cut off by the end of its process stays apart.
      await appendFile(file, `\n${JSON.stringify(entry)}\n`);
      refuse(replay(await lines()), entry);
    },
    async spent(view) {
      return replay(await lines()).spent.get(view) ?? nothing;
    },
  };
}

interface Entry {
  readonly id: string;
  readonly charges: readonly Charge[];
}

const nothing: Spent = { epsilon: 0, delta: 0 };

/** A process that could not write its whole line has read nothing. */
function entryOf(line: string): Entry[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as Entry];
  } catch {
    return [];
  }
}

interface Replay {
  readonly spent: ReadonlyMap<string, Spent>;
  /** The charge that was too much, and what its view had spent before the query, by the id of its entry. */
  readonly refused: ReadonlyMap<string, { readonly charge: Charge; readonly before: Spent }>;
}

/** Goes through the entries in their order: each is spent as a whole, or refused. */
function replay(entries: readonly Entry[]): Replay {
  let spent = new Map<string, Spent>();
  const refused = new Map<string, { charge: Charge; before: Spent }>();
  for (const { id, charges } of entries) {
    const after = new Map(spent);
    const excess = charges.find((charge) => {
      const { epsilon, delta } = after.get(charge.view) ?? nothing;
      const sum = { epsilon: epsilon + charge.epsilon, delta: delta + charge.delta };
      after.set(charge.view, sum);
      return exceeds(sum.epsilon, charge.epsilonBudget) || exceeds(sum.delta, charge.deltaBudget);
    });
    if (excess) refused.set(id, { charge: excess, before: spent.get(excess.view) ?? nothing });
    else spent = after;
  }
  return { spent, refused };
}

/** Ten tenths are one, whatever floating point says. */
function exceeds(sum: number, budget: number): boolean {
  return sum > budget * (1 + TOLERANCE);
}

/** What is left of a budget, without what binary fractions add. */
export function left(spent: number, budget: number): number {
  const rest = budget - spent;
  return rest > budget * TOLERANCE ? Number(rest.toPrecision(9)) : 0;
}

const TOLERANCE = 1e-9;

function refuse({ refused }: Replay, { id, charges }: Entry): void {
  const excess = refused.get(id);
  if (excess === undefined) return;
  const { charge, before } = excess;
  throw new Refusal(
    "differential privacy",
    `Privacy budget is not sufficient for table '${charge.name}' in this query.`,
    adviceOn(
      charge,
      before,
      charges.filter(({ view }) => view === charge.view),
    ),
  );
}

/** Which of a view's two budgets the charges of a query exceed, and what can be done. */
function adviceOn({ epsilonBudget, deltaBudget }: Charge, before: Spent, charges: readonly Charge[]): string {
  const lacking = (name: "epsilon" | "delta", budget: number): string[] => {
    const asked = charges.reduce((sum, charge) => sum + charge[name], 0);
    if (!exceeds(before[name] + asked, budget)) return [];
    return [
      `The query takes ${name} ${Number(asked.toPrecision(9))}, and ${left(before[name], budget)} of ${budget} is left.`,
    ];
  };
  const epsilon = lacking("epsilon", epsilonBudget);
  const delta = lacking("delta", deltaBudget);
  return [
    ...epsilon,
    ...delta,
    delta.length > 0
      ? "Delta is what the rule says for each SELECT WITH DIFFERENTIAL_PRIVACY, whatever OPTIONS say."
      : left(before.epsilon, epsilonBudget) > 0 && "Ask for less, by OPTIONS (epsilon = …).",
    "On a laptop, npm start makes the budget whole again.",
  ]
    .filter(Boolean)
    .join(" ");
}

function unlessMissing(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}
