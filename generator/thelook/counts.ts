import type { CountQuery } from "../warehouse/count.ts";
import { judgedTables, snapshotTables } from "./snapshot.ts";

type Name = keyof typeof judgedTables;

/** Why rows are left out, by their fate in the judged tables. A row has one fate. */
const reasons: Record<Name, Record<string, string>> = {
  users: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
    no_email: "without an e-mail address",
    same_email: "further users of an e-mail address",
  },
  orders: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
    no_user: "of users who are not in the source",
    user_without_email: "of users without an e-mail address",
  },
  order_items: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
    no_order: "of orders that are not in the source",
    order_left_out: "of orders that were left out",
    no_price: "without a price",
  },
};

/** What is worth knowing of the rows that were kept. */
const remarks: Record<Name, { what: string; sql: string }[]> = {
  users: [{ what: 'of these: city "null", now none', sql: countKept("users", "city = 'null'") }],
  orders: [
    {
      what: "of these: moved to the one user of their e-mail address",
      sql: countKept("orders", "user_id <> person"),
    },
    {
      what: "of these: without items, so without a transaction",
      sql: `SELECT COUNTIF(i.order_id IS NULL) FROM ${snapshotTables.orders} AS o
LEFT JOIN (SELECT DISTINCT order_id FROM ${snapshotTables.order_items}) AS i ON i.order_id = o.order_id`,
    },
  ],
  order_items: [
    {
      what: "of these: moved to the user of their order",
      sql: countKept("order_items", "user_id IS DISTINCT FROM person"),
    },
  ],
};

function countKept(name: Name, condition: string): string {
  return `SELECT COUNTIF(fate = 'kept' AND ${condition}) FROM ${judgedTables[name]}`;
}

/** What the snapshot made of the source's rows, table by table: read = repeats + left out, by reason + kept. */
export const snapshotCounts: readonly CountQuery[] = (["users", "orders", "order_items"] as const).flatMap((name) => {
  const from = judgedTables[name];
  return [
    { what: "read", sql: `SELECT COALESCE(SUM(copies), 0) FROM ${from}` },
    { what: "left out: repeats of a row", sql: `SELECT COALESCE(SUM(copies - 1), 0) FROM ${from}` },
    ...Object.entries(reasons[name]).map(([fate, reason]) => ({
      what: `left out: ${reason}`,
      sql: `SELECT COUNTIF(fate = '${fate}') FROM ${from}`,
    })),
    { what: "kept", sql: `SELECT COUNTIF(fate = 'kept') FROM ${from}` },
    ...remarks[name],
  ].map((count) => ({ of: name, ...count }));
});
