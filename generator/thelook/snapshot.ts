import { columnNames, type Table } from "../tables/table.ts";
import * as thelook from "../tables/thelook.ts";
import { type Dialect, temporaryTable } from "../warehouse/dialect.ts";

/** Where the rows of thelook's tables are read from, as FROM takes it. */
export interface ThelookTables {
  readonly users: string;
  readonly orders: string;
  readonly order_items: string;
}

/** The temporary tables that hold the snapshot: the rows of the merchant's tables. */
export const snapshotTables = {
  users: "snapshot_users",
  orders: "snapshot_orders",
  order_items: "snapshot_order_items",
} as const satisfies ThelookTables;

/** The temporary tables that hold each distinct row of the source, with its fate and how often it stood there (`copies`). */
export const judgedTables = {
  users: "judged_users",
  orders: "judged_orders",
  order_items: "judged_order_items",
} as const satisfies ThelookTables;

/**
 * The statements that make the snapshot from a source, as temporary tables (`snapshotTables`), by these rules:
 * - Rows alike in every column count once.
 * - Of several rows with one id the latest is kept: by the dates of return, delivery, dispatch and creation in this order, then by
 *   the other columns, so that it is always the same one.
 * - A person is an e-mail address, lower-cased and trimmed: of several users the first created is kept, ties by the lowest id, and the
 *   others' orders become this one's. Users without an address are left out, and their orders with them.
 * - Orders of users who are not in the source are left out; orders without items are kept.
 * - Items go with their order and belong to its user; items without an order or a price are left out.
 * - The city "null" is no city. Everything else stays as the source has it.
 */
export function snapshotStatements(dialect: Dialect, source: ThelookTables): string[] {
  // With the frame that BigQuery assumes, a RANGE, it refuses NULLS LAST: github.com/tobymao/sqlglot/issues/2804
  const firstCreated = "ORDER BY created_at NULLS LAST, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  return [
    temporaryTable(
      judgedTables.users,
      `SELECT *, CASE
    WHEN id IS NULL THEN 'no_id'
    WHEN version > 1 THEN 'repeated_id'
    WHEN address IS NULL THEN 'no_email'
    WHEN id <> person THEN 'same_email'
    ELSE 'kept' END AS fate
FROM (
  SELECT *, CASE WHEN address IS NOT NULL THEN
    FIRST_VALUE(id) OVER (PARTITION BY address, version ${firstCreated}) END AS person
  FROM (
    SELECT *, NULLIF(LOWER(TRIM(email, ' ')), '') AS address FROM (${versions(thelook.users, source.users, "id")}) AS versions
  ) AS addresses
) AS people`,
    ),
    temporaryTable(
      judgedTables.orders,
      `SELECT o.*, u.person, CASE
    WHEN o.order_id IS NULL THEN 'no_id'
    WHEN o.version > 1 THEN 'repeated_id'
    WHEN u.id IS NULL THEN 'no_user'
    WHEN u.person IS NULL THEN 'user_without_email'
    ELSE 'kept' END AS fate
FROM (${versions(thelook.orders, source.orders, "order_id")}) AS o
LEFT JOIN ${judgedTables.users} AS u ON u.id = o.user_id AND u.version = 1`,
    ),
    temporaryTable(
      judgedTables.order_items,
      `SELECT i.*, o.person, CASE
    WHEN i.id IS NULL THEN 'no_id'
    WHEN i.version > 1 THEN 'repeated_id'
    WHEN o.order_id IS NULL THEN 'no_order'
    WHEN o.fate <> 'kept' THEN 'order_left_out'
    WHEN i.sale_price IS NULL THEN 'no_price'
    ELSE 'kept' END AS fate
FROM (${versions(thelook.orderItems, source.order_items, "id")}) AS i
LEFT JOIN ${judgedTables.orders} AS o ON o.order_id = i.order_id AND o.version = 1`,
    ),
    kept("users", thelook.users, {
      email: "address",
      city: "NULLIF(city, 'null')",
      hashed_email: dialect.sha256("address"),
    }),
    kept("orders", thelook.orders, { user_id: "person" }),
    kept("order_items", thelook.orderItems, { user_id: "person" }),
  ];
}

/** The distinct rows of a source, each with how often it stood there, the latest one of each id being version 1. */
function versions(table: Table, from: string, id: string): string {
  const columns = columnNames(table);
  const dates = ["returned_at", "delivered_at", "shipped_at", "created_at"].filter((name) => columns.includes(name));
  const others = columns.filter((name) => name !== id && !dates.includes(name));
  const latest = [...dates.map((name) => `${name} DESC NULLS LAST`), ...others.map((name) => `${name} NULLS LAST`)];
  // Rows without an id have no version: they are not versions of one another.
  return `
  SELECT *, CASE WHEN ${id} IS NOT NULL THEN
    ROW_NUMBER() OVER (PARTITION BY ${id} ORDER BY ${latest.join(", ")}) END AS version
  FROM (SELECT ${columns.join(", ")}, COUNT(*) AS copies FROM ${from} GROUP BY ${columns.join(", ")}) AS distinct_rows
`;
}

/** The rows that were kept, with some columns changed or added. */
function kept(name: keyof ThelookTables, table: Table, changed: Record<string, string>): string {
  const columns = [...new Set([...columnNames(table), ...Object.keys(changed)])];
  const values = columns.map((column) => (changed[column] ? `${changed[column]} AS ${column}` : column));
  return temporaryTable(
    snapshotTables[name],
    `SELECT ${values.join(", ")} FROM ${judgedTables[name]} WHERE fate = 'kept'`,
  );
}
