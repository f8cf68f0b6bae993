import { randomUUID } from "node:crypto";
import { addRecord, linesIn } from "../record-file.ts";
import { Refusal } from "../refusal.ts";
import { RoomError } from "../room.ts";

/** The amount that a query takes from the budget of one view. */
export interface Charge {
  /** The source view, as "project.dataset.table". */
  readonly view: string;
  /** The view as the query names it, "dataset.table", for the message. */
  readonly name: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly epsilonBudget: number;
  readonly deltaBudget: number;
}

/** The part of a view's privacy budget that is spent. */
export interface Spent {
  readonly epsilon: number;
  readonly delta: number;
}

/** A record of what queries spent of the views' privacy budgets. */
export interface Ledger {
  /** Spends all of the charges or none. Throws BudgetExceeded if a budget is too small. */
  spend(charges: readonly Charge[]): Promise<void>;
  /** The amount spent on a source view, by the view's id. */
  spent(view: string): Promise<Spent>;
}

/** A view's privacy budget does not cover the query. */
export class BudgetExceeded extends Refusal {
  constructor(message: string, advice?: string) {
    super("differential privacy", message, advice);
    this.name = "BudgetExceeded";
  }
}

/** The ledger of a room without budgets, in which nothing can be spent. */
export const noLedger: Ledger = {
  async spend([charge]) {
    if (charge) throw new Error(`${charge.name} has a budget, and there is no ledger`);
  },
  spent: async () => nothing,
};

/**
 * Opens the ledger in a file, which has one line per query. Several processes may share it. Each appends its charges as one line, an
 * atomic write, then replays all lines in their order, which is the same for every process, and proceeds if its own line fitted into
 * the budgets. A process that dies between the two steps has spent budget without reading anything.
 */
export function openLedger(file: string): Ledger {
  const what = "spent privacy budgets";
  const lines = async () => (await linesIn(file, what)).flatMap(entryOf);
  return {
    async spend(charges) {
      if (charges.length === 0) return;
      const entry: Entry = { id: randomUUID(), charges };
      // Budgets never grow, so do not write a charge that exceeds one now.
      refuse(replay([...(await lines()), entry]), entry);
      await addRecord(file, what, entry);
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

/** A truncated line does not count, since its process has read no rows. Throws RoomError for a whole line that is not an entry. */
function entryOf(line: string): Entry[] {
  let entry: Entry;
  try {
    entry = JSON.parse(line) as Entry;
  } catch {
    return [];
  }
  const isAmount = (amount: unknown) => typeof amount === "number" && amount >= 0;
  const isCharge = (charge: Charge) =>
    typeof charge?.view === "string" &&
    [charge.epsilon, charge.delta, charge.epsilonBudget, charge.deltaBudget].every(isAmount);
  if (typeof entry?.id === "string" && Array.isArray(entry.charges) && entry.charges.every(isCharge)) return [entry];
  throw new RoomError(
    "wrong",
    `the record of spent privacy budgets has a line that is no charge: ${line.slice(0, 100)}; restore the file, or begin a new record`,
  );
}

interface Replay {
  readonly spent: ReadonlyMap<string, Spent>;
  /** By the id of a refused entry: the charge that exceeded a budget, and what its view had spent before. */
  readonly refused: ReadonlyMap<string, { readonly charge: Charge; readonly before: Spent }>;
}

/** Goes through the entries in order. Each is spent as a whole or refused. */
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

/** Tolerates floating-point errors: ten charges of 0.1 fit into a budget of 1. */
function exceeds(sum: number, budget: number): boolean {
  return sum > budget * (1 + TOLERANCE);
}

/**
 * The rest of a budget, without floating-point noise.
 * @example
 * left(0.1 + 0.2, 0.3); // 0
 */
export function left(spent: number, budget: number): number {
  const rest = budget - spent;
  return rest > budget * TOLERANCE ? Number(rest.toPrecision(9)) : 0;
}

const TOLERANCE = 1e-9;

function refuse({ refused }: Replay, { id, charges }: Entry): void {
  const excess = refused.get(id);
  if (excess === undefined) return;
  const { charge, before } = excess;
  throw new BudgetExceeded(
    `Privacy budget is not sufficient for table '${charge.name}' in this query.`,
    adviceOn(
      charge,
      before,
      charges.filter(({ view }) => view === charge.view),
    ),
  );
}

/** Says which of a view's two budgets the query exceeds, and what to do. */
function adviceOn({ epsilonBudget, deltaBudget }: Charge, before: Spent, charges: readonly Charge[]): string {
  const lacking = (name: "epsilon" | "delta", budget: number): string[] => {
    const asked = charges.reduce((sum, charge) => sum + charge[name], 0);
    if (!exceeds(before[name] + asked, budget)) return [];
    return [
      `The query needs ${name} ${Number(asked.toPrecision(9))}, and ${left(before[name], budget)} of ${budget} is left.`,
    ];
  };
  const epsilon = lacking("epsilon", epsilonBudget);
  const delta = lacking("delta", deltaBudget);
  return [
    ...epsilon,
    ...delta,
    delta.length > 0
      ? "Each SELECT WITH DIFFERENTIAL_PRIVACY takes the delta that the rule sets, whatever OPTIONS say."
      : left(before.epsilon, epsilonBudget) > 0 && "Ask for less, with OPTIONS (epsilon = …).",
  ]
    .filter(Boolean)
    .join(" ");
}
