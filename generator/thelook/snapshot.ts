import { thelook } from "../tables/merchant.ts";
import { columnNames, type Table } from "../tables/table.ts";
import { type Dialect, temporarySelection, temporaryTable, unseen } from "../warehouse/dialect.ts";
import type { CountQuery } from "../warehouse/warehouse.ts";
import { statuses } from "./people.ts";

/** thelook's tables, as a FROM clause names them. */
export interface ThelookTables {
  readonly distribution_centers: string;
  readonly products: string;
  readonly users: string;
  readonly orders: string;
  readonly order_items: string;
}

/** The temporary tables or views of the snapshot: the rows of the merchant's tables. */
export const snapshotTables = {
  distribution_centers: "snapshot_distribution_centers",
  products: "snapshot_products",
  users: "snapshot_users",
  orders: "snapshot_orders",
  order_items: "snapshot_order_items",
} as const satisfies ThelookTables;

/** The temporary tables that hold each distinct row of the source, with its fate and the number of its copies (`copies`). */
const judgedTables = {
  distribution_centers: "judged_distribution_centers",
  products: "judged_products",
  users: "judged_users",
  orders: "judged_orders",
  order_items: "judged_order_items",
} as const satisfies ThelookTables;

/**
 * The statements that make the snapshot from a source, as temporary tables (`snapshotTables`), by these rules:
 * - Rows that are equal in every column count once.
 * - Of several rows with one id, the latest is kept, by the dates of return, delivery, dispatch and creation in this order. The
 *   other columns break ties, so that the choice is always the same.
 * - A person is an e-mail address, lower-cased and trimmed (of blanks, tabs, line ends and characters that nobody sees). Of several
 *   users with one address, the first created is kept (ties: the lowest id) and gets the others' orders. Users without an address are
 *   left out, and so are their orders.
 * - Orders of users who are not in the source are left out. Orders without items are kept.
 * - Items follow their order and belong to its user. Items without an order or a price are left out.
 * - An item whose product is not in the source is kept, and its product becomes NULL. So does the distribution center of a product
 *   if the source does not have it.
 * - The city "null" becomes NULL, and a status of thelook gets its usual spelling, because questions ask for it. Everything else
 *   stays as the source has it.
 */
export function snapshotStatements(dialect: Dialect, source: ThelookTables): string[] {
  // With its default frame, a RANGE, BigQuery rejects NULLS LAST: github.com/tobymao/sqlglot/issues/2804
  const firstCreated = "ORDER BY created_at NULLS LAST, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  return [
    temporaryTable(
      judgedTables.distribution_centers,
      judgedById(thelook.distributionCenters, source.distribution_centers),
    ),
    temporaryTable(
      judgedTables.products,
      `SELECT p.*, c.id AS center FROM (${judgedById(thelook.products, source.products)}) AS p
LEFT JOIN ${judgedTables.distribution_centers} AS c ON c.id = p.distribution_center_id AND c.fate = 'kept'`,
    ),
    temporaryTable(
      judgedTables.users,
      `SELECT *, ${dialect.sha256("address")} AS hashed_email, CASE
    WHEN id IS NULL THEN 'no_id'
    WHEN version > 1 THEN 'repeated_id'
    WHEN address IS NULL THEN 'no_email'
    WHEN id <> person THEN 'same_email'
    ELSE 'kept' END AS fate
FROM (
  SELECT *, CASE WHEN address IS NOT NULL THEN
    FIRST_VALUE(id) OVER (PARTITION BY address, version ${firstCreated}) END AS person
  FROM (
    SELECT *, ${plainEmail} AS address FROM (${versions(thelook.users, source.users, "id")}) AS versions
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
      `SELECT i.*, o.person, p.id AS product, CASE
    WHEN i.id IS NULL THEN 'no_id'
    WHEN i.version > 1 THEN 'repeated_id'
    WHEN o.order_id IS NULL THEN 'no_order'
    WHEN o.fate <> 'kept' THEN 'order_left_out'
    WHEN i.sale_price IS NULL THEN 'no_price'
    ELSE 'kept' END AS fate
FROM (${versions(thelook.orderItems, source.order_items, "id")}) AS i
LEFT JOIN ${judgedTables.orders} AS o ON o.order_id = i.order_id AND o.version = 1
LEFT JOIN ${judgedTables.products} AS p ON p.id = i.product_id AND p.fate = 'kept'`,
    ),
    kept(dialect, "distribution_centers", thelook.distributionCenters, {}),
    kept(dialect, "products", thelook.products, { distribution_center_id: "center" }),
    kept(dialect, "users", thelook.users, {
      email: "address",
      city: "NULLIF(city, 'null')",
      hashed_email: "hashed_email",
    }),
    kept(dialect, "orders", thelook.orders, { user_id: "person", status: usualStatus }),
    kept(dialect, "order_items", thelook.orderItems, { user_id: "person", product_id: "product", status: usualStatus }),
  ];
}

/** An expression for a user's address: lower-cased and trimmed, NULL for none. */
export const plainEmail = `NULLIF(LOWER(TRIM(email, ${unseen})), '')`;

/** The status in its usual spelling, which nearly all rows have: TRIM is slow. Americans write "Canceled". */
const usualStatus = `CASE WHEN status IN (${statuses.map((status) => `'${status}'`).join(", ")}) THEN status
  ELSE COALESCE(CASE LOWER(TRIM(status, ${unseen})) WHEN 'canceled' THEN 'Cancelled' ${statuses
    .map((status) => `WHEN '${status.toLowerCase()}' THEN '${status}'`)
    .join(" ")} END, status) END`;

/** The distinct rows of a source, each with the number of its copies. The latest row of an id is version 1. */
function versions(table: Table, from: string, id: string): string {
  const columns = columnNames(table);
  const dates = ["returned_at", "delivered_at", "shipped_at", "created_at"].filter((name) => columns.includes(name));
  const others = columns.filter((name) => name !== id && !dates.includes(name));
  const latest = [...dates.map((name) => `${name} DESC NULLS LAST`), ...others.map((name) => `${name} NULLS LAST`)];
  const all = columns.join(", ");
  // Few ids stand in several rows, and only these are worth comparing column by column.
  const severalTimes = `SELECT ${id} FROM ${from} WHERE ${id} IS NOT NULL GROUP BY ${id} HAVING COUNT(*) > 1`;
  // Rows without an id are not versions of one another, so they have no version.
  return `
  SELECT ${all}, 1 AS copies, 1 AS version FROM ${from} WHERE ${id} IS NOT NULL AND ${id} NOT IN (${severalTimes})
  UNION ALL
  SELECT ${all}, copies, CASE WHEN ${id} IS NOT NULL THEN
    ROW_NUMBER() OVER (PARTITION BY ${id} ORDER BY ${latest.join(", ")}) END AS version
  FROM (
    SELECT ${all}, COUNT(*) AS copies FROM ${from}
    WHERE ${id} IS NULL OR ${id} IN (${severalTimes})
    GROUP BY ${all}
  ) AS distinct_rows
`;
}

/** The query that judges the rows of a table by their ids alone. */
function judgedById(table: Table, from: string): string {
  return `SELECT *, CASE WHEN id IS NULL THEN 'no_id' WHEN version > 1 THEN 'repeated_id' ELSE 'kept' END AS fate
FROM (${versions(table, from, "id")}) AS versions`;
}

/** The rows that were kept, with some columns changed or added. */
function kept(dialect: Dialect, name: keyof ThelookTables, table: Table, changed: Record<string, string>): string {
  const columns = [...new Set([...columnNames(table), ...Object.keys(changed)])];
  const values = columns.map((column) => (changed[column] ? `${changed[column]} AS ${column}` : column));
  return temporarySelection(
    dialect,
    snapshotTables[name],
    `SELECT ${values.join(", ")} FROM ${judgedTables[name]} WHERE fate = 'kept'`,
  );
}

type Name = keyof typeof judgedTables;

/** The reasons for leaving rows out, by `fate` in the judged tables. Each row has one fate. */
const reasons: Record<Name, Record<string, string>> = {
  distribution_centers: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
  },
  products: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
  },
  users: {
    no_id: "without an id",
    repeated_id: "older versions of an id",
    no_email: "without an e-mail address",
    same_email: "repeated e-mail addresses",
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

/** Facts worth knowing about the rows that were kept. */
const remarks: Record<Name, { what: string; sql: string }[]> = {
  distribution_centers: [],
  products: [
    {
      what: "of these: distribution center not in the source, now none",
      sql: countKept("products", "distribution_center_id IS NOT NULL AND center IS NULL"),
    },
  ],
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
    {
      what: "of these: product not in the source, now none",
      sql: countKept("order_items", "product_id IS NOT NULL AND product IS NULL"),
    },
  ],
};

function countKept(name: Name, condition: string): string {
  return `SELECT COUNTIF(fate = 'kept' AND ${condition}) FROM ${judgedTables[name]}`;
}

/** How the snapshot treated the source's rows, table by table: read = repeats + left out (by reason) + kept. */
export const snapshotCounts: readonly CountQuery[] = (Object.keys(judgedTables) as Name[]).flatMap((name) => {
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
