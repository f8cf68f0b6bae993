import { expect } from "chai";
import { readUseCases } from "../../../cleanroom/use-cases.ts";
import { snapshotCounts, snapshotStatements, snapshotTables } from "../../../generator/thelook/snapshot.ts";
import { refuseNoCustomer, walletCounts, walletStatements } from "../../../generator/wallet/wallet.ts";
import { dialects } from "../../../generator/warehouse/dialect.ts";

/** GoogleSQL's reserved words: cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords */
const reserved =
  `all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current
  default define desc distinct else end enum escape except exclude exists extract false fetch following for from full group
  grouping groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural new
  no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows select
  set some struct tablesample then to treat true unbounded union unnest using when where window with within`.split(
    /\s+/,
  );

describe("The SQL for BigQuery, where the emulators are more lenient than BigQuery", () => {
  const source = {
    distribution_centers: "`p.d.distribution_centers`",
    products: "`p.d.products`",
    users: "`p.d.users`",
    orders: "`p.d.orders`",
    order_items: "`p.d.order_items`",
  };
  const statements = [
    ...snapshotStatements(dialects.bigquery, source),
    ...walletStatements(dialects.bigquery, snapshotTables, { seed: 1 }),
    refuseNoCustomer,
    ...[...snapshotCounts, ...walletCounts, ...readUseCases()].map(({ sql }) => sql),
  ];

  it("uses no reserved word as a name", () => {
    // Types in a CAST are in upper case, names are not.
    const names = statements.flatMap((sql) => [...sql.matchAll(/\bAS\s+([a-z_]+)/g)].map(([, name]) => name));
    expect(names).to.include.members(["fate", "digits", "attribute_value"]);
    expect(names.filter((name) => reserved.includes(name ?? ""))).to.deep.equal([]);
  });

  it("uses NULLS LAST only without a RANGE frame: in row numbers and ROWS frames", () => {
    const windows = statements.flatMap((sql) => [...sql.matchAll(/(\w+)\([^()]*\) OVER \(([^()]*)\)/g)]);
    expect(windows.map(([, name]) => name)).to.include.members(["ROW_NUMBER", "FIRST_VALUE"]);
    for (const [text, name, window = ""] of windows) {
      if (name !== "ROW_NUMBER" && window.includes("NULLS")) expect(window, text).to.include(" ROWS BETWEEN ");
    }
  });
});
