import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { fill } from "../../../generator/fill.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import {
  allRows,
  countOf,
  emptyWarehouse,
  item,
  order,
  syntheticExport,
  temporaryFolder,
  user,
  writeExport,
} from "./merchant.ts";

describe("A source of thelook", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  const sound = () => writeExport(folder, { users: [user(1), user(2)], orders: [order(1, 1)], items: [item(1, 1, 1)] });
  const fillFolder = (path: string) => fill(warehouse(), { source: pathToFileURL(path).href, seed: 1 });
  before(() => fillFolder(sound()));
  /** An export with one change. */
  const changed = (file: string, change: (text: string) => string) => {
    const path = join(sound(), file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
    return join(path, "..");
  };
  /** The message of a fill that fails; checks that the tables are as they were, with the rows of an earlier fill. */
  const refusal = async (failing: () => Promise<unknown>) => {
    const before = await allRows(warehouse());
    expect(before["merchant.users"]).not.to.deep.equal([]);
    const error = await failing().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.name, String(error?.stack)).to.equal("UserError");
    expect(await allRows(warehouse())).to.deep.equal(before);
    return error?.message ?? "";
  };

  it("may have other files, extra columns, and columns in any order", async () => {
    const path = changed("users.csv", (text) => {
      const [header, ...rows] = text.trim().split("\n");
      return [`user_geom,${header}`, ...rows.map((row) => `POINT(1 2),${row}`)].join("\n");
    });
    writeFileSync(join(path, "inventory_items.csv"), "id,name\n1,Kyiv\n");
    expect((await fillFolder(path)).tables["merchant.users"]).to.equal(2);
  });

  it("may be synthetic: then its files go into the lake", async () => {
    const lake = await openLake(pathToFileURL(join(folder, "lake")).href);
    const steps: string[] = [];
    const progress = (step: string) => steps.push(step);
    const written = await fill(warehouse(), { source: "synthetic:", seed: 5, scale: 0.003, lake, progress });
    const rows = await allRows(warehouse());
    expect(await lake.list("thelook/")).to.deep.equal(
      ["distribution_centers", "order_items", "orders", "products", "users"].map((name) => `thelook/${name}.csv`),
    );
    expect(rows["merchant.users"]?.length).to.be.within(290, 300);
    expect(steps.join(" ")).to.match(/300 of 300 users.+\/users\.csv.+\/orders\.csv.+\/order_items\.csv.+wallet/);
    expect(written.source).to.equal("synthetic:");
    const apart = await fill(warehouse(), { source: await syntheticExport(0.003, 5), seed: 5 });
    expect(await allRows(warehouse())).to.deep.equal(rows);
    expect(apart.counts).to.deep.equal(written.counts);
  });

  it("may lack products and distribution centers: then it says so, and the items have no product", async () => {
    const steps: string[] = [];
    const progress = (step: string) => steps.push(step);
    const path = writeExport(folder, {
      users: [user(1)],
      orders: [order(1, 1)],
      items: [item(1, 1, 1, { product_id: 5 })],
    });
    const filled = await fill(warehouse(), { source: pathToFileURL(path).href, seed: 1, progress });
    expect(steps.join("\n")).to.match(
      /there is no .*products\.csv: merchant\.products stays empty.*\n.*no .*distribution_centers\.csv/,
    );
    const { "merchant.products": products = [], "merchant.order_items": items = [] } = await allRows(warehouse());
    expect(products).to.deep.equal([]);
    expect(items.map(({ product_id }) => product_id)).to.deep.equal([null]);
    expect(countOf(filled, "products", "read")).to.equal(0);
    expect(countOf(filled, "order_items", "of these: product not in the source, now none")).to.equal(1);
  });

  it("is refused if the folder is missing, a file or empty, or lacks a file", async () => {
    const missing = join(folder, "nowhere");
    expect(await refusal(() => fillFolder(missing))).to.match(/nowhere does not exist.*users\.csv, orders\.csv/);
    const file = join(sound(), "users.csv");
    expect(await refusal(() => fillFolder(file))).to.match(/users\.csv is not a folder/);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(await refusal(() => fillFolder(empty))).to.match(/empty is empty: an export/);
    const without = sound();
    rmSync(join(without, "orders.csv"));
    rmSync(join(without, "order_items.csv"));
    expect(await refusal(() => fillFolder(without))).to.match(/has no orders\.csv and no order_items\.csv/);
  });

  it("is refused if a column is missing, with its name", async () => {
    const path = changed("orders.csv", (text) => text.replace("created_at", "made_at"));
    expect(await refusal(() => fillFolder(path))).to.match(/orders\.csv, line 1.*created_at/);
  });

  it("is refused if a file holds something else, or was cut short", async () => {
    const foreign = changed("users.csv", () => "name,colour\nAnn,red\n");
    expect(await refusal(() => fillFolder(foreign))).to.match(
      /users\.csv is not a table merchant\.users: it has name, colour/,
    );
    const cut = changed("order_items.csv", (text) => text.slice(0, -12));
    expect(await refusal(() => fillFolder(cut))).to.match(/order_items\.csv, line 2/);
  });

  it("is refused if a value does not fit, with file, line, column and value", async () => {
    const path = changed("users.csv", (text) => text.replace(/,40,(?=[^,]*,[^,]*,[^,]*,[^,]*,Kyiv,.*\n$)/, ",forty,"));
    expect(await refusal(() => fillFolder(path))).to.match(/users\.csv, line 3, column age: "forty"/);
  });

  it("is refused if a file has no rows", async () => {
    const path = changed("order_items.csv", (text) => `${text.split("\n")[0]}\n`);
    expect(await refusal(() => fillFolder(path))).to.match(/order_items\.csv has no rows/);
  });

  it("is refused if its files do not belong together", async () => {
    const path = writeExport(folder, { users: [user(1)], orders: [order(1, 8)], items: [item(1, 1, 8)] });
    expect(await refusal(() => fillFolder(path))).to.match(/do its files belong together/);
  });

  it("is refused if everybody is too young for a wallet", async () => {
    const young = { users: [user(1, { age: 0 })], orders: [order(1, 1)], items: [item(1, 1, 1)] };
    expect(await refusal(() => fillFolder(writeExport(folder, young)))).to.match(
      /every user .* younger than 18, so nobody has a wallet; leave an unknown age empty/,
    );
  });

  it("is refused if the warehouse cannot read it", async () => {
    const refuse = (source: string) => refusal(() => fill(warehouse(), { source, seed: 1 }));
    expect(await refuse("thelook")).to.match(/"thelook" is not a source of thelook: use bigquery:/);
    expect(await refuse("bigquery://bigquery-public-data/thelook_ecommerce")).to.match(/can be read by BigQuery only/);
    expect(await refuse("gs://bucket/thelook")).to.match(/DuckDB cannot read gs:\/\/bucket\/thelook: download/);
    expect(await refuse("synthetic:")).to.match(/needs a place for its files/);
  });
});
