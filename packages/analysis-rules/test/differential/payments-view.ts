import { type Analysed, type Column, listOf, type Node } from "googlesql-duckdb/tree";
import { type PrivateSelect, privateSelect } from "../../src/differential/private-select.ts";
import type { DifferentialPrivacy } from "../../src/policy.ts";
import type { RoomTable } from "../../src/room.ts";

/** A view with differential privacy, over the table `shared.payments`. */
export function payments(rule: Partial<DifferentialPrivacy> = {}): RoomTable {
  return {
    id: "wallet-project.shared.payments",
    project: "merchant-project",
    dataset: "linked",
    table: "payments",
    owner: "wallet",
    columns: [
      { name: "person", kind: "INT64" },
      { name: "status", kind: "STRING" },
      { name: "day", kind: "DATE" },
      { name: "amount", kind: "FLOAT64" },
      { name: "items", kind: "INT64" },
      { name: "price", kind: "NUMERIC" },
    ],
    rule: {
      differentialPrivacy: {
        privacyUnitColumn: "person",
        maxEpsilonPerQuery: 2,
        epsilonBudget: 10,
        deltaPerQuery: 1e-6,
        deltaBudget: 1,
        maxGroupsContributed: 3,
        ...rule,
      },
    },
    relation: "shared.payments",
  };
}

/** Each SELECT WITH DIFFERENTIAL_PRIVACY of a query, in the order of its tree. */
export function selectsOf(query: Analysed, table?: RoomTable): PrivateSelect[] {
  return scansOf(query.query, "DifferentialPrivacyAggregateScan").map((scan) => {
    const unit = listOf<Column>((scan.inputScan as Node).columnList).find(({ name }) => name === "person") as Column;
    return privateSelect(query, scan, unit, table);
  });
}

function scansOf(value: unknown, kind: string): Node[] {
  if (typeof value !== "object" || value === null) return [];
  const own = (value as Node).kind === kind ? [value as Node] : [];
  return [...own, ...Object.values(value).flatMap((inner) => scansOf(inner, kind))];
}
