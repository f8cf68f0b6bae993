import { type Analyser, loadAnalyser } from "googlesql-duckdb/tree";
import type { AnalysisRule } from "../src/policy.ts";
import { type Protected, protect } from "../src/protect.ts";
import { catalogOf, type Room, type RoomTable, tablesOf } from "../src/room.ts";

/*
 * A clean room with a view for each kind of rule. The merchant asks: it owns the tables `own` and the views `shared`, and the wallet
 * owns the views `linked`.
 */

const projects = { merchant: "shop-project", wallet: "wallet-project" };

type Kinds = Readonly<Record<string, RoomTable["columns"][number]["kind"]>>;

function table(
  owner: keyof typeof projects,
  dataset: string,
  name: string,
  kinds: Kinds,
  rule?: AnalysisRule,
): RoomTable {
  return {
    id: `${projects[owner]}.${dataset}.${name}`,
    project: projects.merchant,
    dataset,
    table: name,
    owner,
    columns: Object.entries(kinds).map(([column, kind]) => ({ name: column, kind })),
    relation: `${dataset}.${name}`,
    ...(rule && { rule }),
  };
}

const any = (...columns: string[]) => ({ joinRestriction: { condition: "JOIN_ANY", columns } }) as const;
const all = (...columns: string[]) => ({ joinRestriction: { condition: "JOIN_ALL", columns } }) as const;
const free = (...columns: string[]) => ({ joinRestriction: { condition: "JOIN_NOT_REQUIRED", columns } }) as const;
const blocked = { joinRestriction: { condition: "JOIN_BLOCKED", columns: [] } } as const;
const threshold = (least: number, privacyUnitColumn = "hashed_email") => ({
  aggregationThreshold: { threshold: least, privacyUnitColumn },
});
const noise = (privacyUnitColumn: string) => ({
  differentialPrivacy: {
    privacyUnitColumn,
    maxEpsilonPerQuery: 1,
    epsilonBudget: 20,
    deltaPerQuery: 1e-6,
    deltaBudget: 2e-5,
  },
});

const person: Kinds = { hashed_email: "STRING", city: "STRING", points: "INT64" };
const order: Kinds = { order_id: "INT64", hashed_email: "STRING", amount: "FLOAT64", status: "STRING" };

/** Everything that the merchant can name. */
export const tables: RoomTable[] = [
  table("merchant", "own", "users", {
    id: "INT64",
    hashed_email: "STRING",
    age: "INT64",
    country: "STRING",
    city: "STRING",
    created_at: "TIMESTAMP",
  }),
  table("merchant", "own", "orders", { order_id: "INT64", user_id: "INT64", status: "STRING", amount: "FLOAT64" }),
  table(
    "merchant",
    "shared",
    "segments",
    { hashed_email: "STRING", gender: "STRING", spend: "FLOAT64" },
    { ...threshold(60), ...any("hashed_email") },
  ),
  table("merchant", "shared", "people", { hashed_email: "STRING", gender: "STRING" }, any("hashed_email")),
  table(
    "wallet",
    "linked",
    "users",
    { hashed_email: "STRING", tier: "STRING", verified: "BOOL", city: "STRING", decade: "INT64" },
    { ...threshold(50), ...any("hashed_email") },
  ),
  table("wallet", "linked", "members", person, threshold(20)),
  table("wallet", "linked", "guests", person, threshold(30, "Hashed_Email")),
  table("wallet", "linked", "visits", person, { ...threshold(40), ...free("hashed_email", "city") }),
  table("wallet", "linked", "closed", person, { ...threshold(25), ...blocked }),
  table("wallet", "linked", "strict", person, { ...threshold(35), ...all("hashed_email", "city") }),
  table("wallet", "linked", "payments", order, any("order_id")),
  table("wallet", "linked", "refunds", order, any("order_id", "hashed_email")),
  table("wallet", "linked", "pairs", order, all("order_id", "hashed_email")),
  // BigQuery would refuse this rule. The view must be protected nevertheless.
  table("wallet", "linked", "loose", order, free("hashed_email")),
  table("wallet", "linked", "noisy", person, noise("hashed_email")),
  table("wallet", "linked", "quiet", person, { ...noise("hashed_email"), ...blocked }),
  table("wallet", "linked", "murmur", person, { ...noise("hashed_email"), ...any("hashed_email") }),
];

export const room: Room = {
  parties: {
    merchant: { title: "the merchant", project: projects.merchant, tables },
    wallet: { title: "the wallet", project: projects.wallet, tables: [] },
  },
};

let loaded: Promise<Analyser> | undefined;

/** Checks a query of the merchant. Throws SqlError and Refusal. */
export async function ask(sql: string): Promise<Protected> {
  loaded ??= loadAnalyser(catalogOf(tables));
  return protect((await loaded).analyse(sql), tablesOf(tables));
}
