import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { type Manifest, manifestPath } from "../../generator/lake/manifest.ts";
import { load } from "../../generator/load.ts";
import { LoadedShop } from "./loaded-shop.ts";

describe("loading the coffee shop the night after", () => {
  const shop = new LoadedShop({ until: "2024-03-10", days: 40, scale: 0.1, seed: 7 });
  const whole = async () => {
    const kept = await shop.contents();
    await load(shop.warehouse, shop.lake, { whole: true });
    expect(await shop.contents()).to.deep.equal(kept);
  };
  const linesOf = (files: Manifest["files"], ...months: string[]) =>
    files.reduce((sum, { month = "", rows }) => sum + (months.includes(month) ? rows : 0), 0);

  it("reads only the months that changed, and leaves the rows that a whole load gives", async () => {
    const { files } = await shop.generate({ until: "2024-03-11", days: 41 });
    const { changed, rows } = await load(shop.warehouse, shop.lake);
    const customers = files.find(({ table }) => table === "customers")?.rows ?? 0;
    expect(changed).to.be.within(linesOf(files, "2024-03"), linesOf(files, "2024-03") + customers);
    expect(rows.orders).to.equal(files.reduce((sum, { table, rows }) => sum + (table === "orders" ? rows : 0), 0));
    await whole();
  });

  it("reads nothing if nothing changed, but still records the load", async () => {
    expect((await load(shop.warehouse, shop.lake)).changed).to.equal(0);
    await whole();
  });

  it("refuses a manifest that says other days, rows or months than its unchanged files have", async () => {
    const of = (table: string, changes: object) => ({
      files: shop.manifest.files.map((file) => (file.table === table ? { ...file, ...changes } : file)),
    });
    const until = (day: string) => ({ settings: { ...shop.manifest.settings, until: day } });
    const cases: readonly (readonly [object, RegExp])[] = [
      [
        until("2024-03-20"),
        /coffee_shop\.orders: no orders on 2024-03-11 to 2024-03-20, although a store was open, and the manifest says that the run is of 2024-01-31 to 2024-03-20/,
      ],
      [until("2024-03-09"), /the orders are of 2024-01-31 to 2024-03-10, and the manifest says/],
      [
        { settings: { ...shop.manifest.settings, from: "2024-01-01" } },
        /no orders on 2024-01-01 to 2024-01-30, although a store was open/,
      ],
      [of("orders", { rows: 1 }), /coffee_shop\.orders: \d+ rows arrived, the manifest promises 3\./],
      [of("stores", { rows: 1 }), /coffee_shop\.stores: \d rows arrived, the manifest promises 1\./],
      [of("stores", { month: "2024-02" }), /names a month of stores, whose file must have the whole table/],
      [
        { files: shop.manifest.files.filter(({ month }) => month !== "2024-02") },
        /is not a manifest \(it names no file of 2024-02/,
      ],
    ];
    for (const [changes, message] of cases) {
      await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...shop.manifest, ...changes }));
      expect(await shop.refused()).to.match(message);
    }
  });

  const ordersOf = (wanted: string) =>
    shop.manifest.files.find(({ table, month }) => table === "orders" && month === wanted)?.path ?? "";
  /** Moves orders of a month to another store or day, before a load that must refuse them. */
  const moved = async (month: string, change: (order: string) => string) => {
    const path = ordersOf(month);
    const text = await readFile(shop.lake.uri(path), "utf8");
    await writeFile(shop.lake.uri(path), text.split("\n").map(change).join("\n"));
    await shop.promise("orders", {});
    const message = await shop.refused({ allowShrink: true });
    await writeFile(shop.lake.uri(path), text);
    await shop.promise("orders", {});
    return message;
  };

  it("refuses days without orders between others", async () => {
    expect(await moved("2024-03", (order) => order.replaceAll(/2024-03-0[2-8]/g, "2024-03-01"))).to.match(
      /coffee_shop\.orders: no orders on 2024-03-02 to 2024-03-08, although a store was open, .* list the days in events/,
    );
  });

  it("takes days without orders on which the stores were closed, and refuses those of one store that was open", async () => {
    shop.manifest = await shop.generate({ scale: 2, until: "2022-03-20" });
    const message = await moved("2022-02", (order) => order.replace(/(,2022-02-1[4567],.*),2,(?=[a-z]+,)/, "$1,1,"));
    expect(message).to.match(/no orders on 2022-02-14 to 2022-02-17, although Podil was open/);
    // Nor are days refused on which the stores have their day off every week.
    const path = ordersOf("2022-02");
    const text = await readFile(shop.lake.uri(path), "utf8");
    await writeFile(
      shop.lake.uri(path),
      text.replaceAll("2022-02-13", "2022-02-12").replaceAll("2022-02-20", "2022-02-19"),
    );
    await shop.promise("orders", {});
    await load(shop.warehouse, shop.lake, { allowShrink: true });
    const [found] = await shop.warehouse.run(
      "SELECT MAX(order_date) AS last, COUNT(*) >= 50 AS enough FROM coffee_shop.orders",
    );
    expect(found).to.deep.equal({ last: "2022-02-23", enough: true });
  });

  it("takes days without orders between others if there are no events to list closed days", async () => {
    const events = shop.manifest.files.find(({ table }) => table === "events")?.path ?? "";
    await writeFile(shop.lake.uri(events), `${(await readFile(shop.lake.uri(events), "utf8")).split("\n")[0]}\n`);
    await shop.promise("events", { rows: 0 });
    shop.manifest = JSON.parse((await shop.lake.readText(manifestPath("csv_sources"))) ?? "");
    const path = ordersOf("2024-03");
    const text = await readFile(shop.lake.uri(path), "utf8");
    await writeFile(shop.lake.uri(path), text.replaceAll(/2024-03-0[2-8]/g, "2024-03-01"));
    await shop.promise("orders", {});
    await load(shop.warehouse, shop.lake, { allowShrink: true });
  });

  it("drops the months that have left the window", async () => {
    await shop.generate({ until: "2024-04-10", days: 20 });
    await load(shop.warehouse, shop.lake, { allowShrink: true });
    expect(await shop.warehouse.run("SELECT MIN(order_date) AS first FROM coffee_shop.orders")).to.deep.equal([
      { first: "2024-03-22" },
    ]);
    await whole();
  });

  it("loads a table again that was emptied or changed by hand, and with it the months of its orders or lines", async () => {
    const before = await shop.contents();
    await shop.warehouse.run(
      "DELETE FROM coffee_shop.stores WHERE store_id = 1; DELETE FROM coffee_shop.orders WHERE TRUE",
    );
    await load(shop.warehouse, shop.lake);
    expect(await shop.contents()).to.deep.equal(before);
  });

  it("refuses lines in the file of another month", async () => {
    const [earlier, now] = shop.manifest.files.filter(({ table }) => table === "order_details").slice(-2);
    const textOf = (path = "") => readFile(shop.lake.uri(path), "utf8");
    const [header = "", first = "", ...rest] = (await textOf(now?.path)).split("\n");
    await writeFile(shop.lake.uri(earlier?.path ?? ""), `${await textOf(earlier?.path)}${first}\n`);
    await writeFile(shop.lake.uri(now?.path ?? ""), [header, ...rest].join("\n"));
    const more = new Map([
      [earlier?.path, 1],
      [now?.path, -1],
    ]);
    const files = await Promise.all(
      shop.manifest.files.map(async (file) => ({
        ...file,
        ...(await shop.lake.stat(file.path)),
        rows: file.rows + (more.get(file.path) ?? 0),
      })),
    );
    await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...shop.manifest, files }));
    expect(await shop.refused()).to.match(
      /OrderDetails-2024-02\.csv: \d+ rows, and the files have \d+ rows of 2024-02/,
    );
  });

  it("refuses new customers and products that rows of earlier months need", async () => {
    const [path, text] = [shop.pathOf("customers"), await readFile(shop.pathOf("customers"), "utf8")];
    const [header, ...rows] = text.trimEnd().split("\n");
    const [{ id } = {}] = await shop.warehouse.run(
      "SELECT MIN(customer_id) AS id FROM coffee_shop.orders WHERE order_date < DATE '2024-03-01'",
    );
    const fewer = rows.filter((row) => !row.startsWith(`${id},`));
    await writeFile(path, `${[header, ...fewer].join("\n")}\n`);
    await shop.promise("customers", { rows: fewer.length });
    expect(await shop.refused()).to.match(new RegExp(`customer_id is ${id}, which no row of customers has`));
  });

  it("refuses an order that a row of an earlier month has, and a row in another month's file", async () => {
    const orders = shop.manifest.files.filter(({ table }) => table === "orders");
    const [earlier = "", now = ""] = orders.slice(-2).map(({ path }) => shop.lake.uri(path));
    const [header, first = ""] = (await readFile(earlier, "utf8")).split("\n");
    const rows = (await readFile(now, "utf8")).trimEnd().split("\n").slice(1);
    await writeFile(now, `${[header, ...rows, first].join("\n")}\n`);
    const files = await Promise.all(
      shop.manifest.files.map(async (file) =>
        shop.lake.uri(file.path) === now
          ? { ...file, ...(await shop.lake.stat(file.path)), rows: rows.length + 1 }
          : file,
      ),
    );
    await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...shop.manifest, files }));
    expect(await shop.refused()).to.match(/order_id \d+: 2 rows have this order_id/);
    const other = first.replace(/^\d+/, "20240210019999999");
    await writeFile(now, `${[header, ...rows, other].join("\n")}\n`);
    const moved = await Promise.all(
      files.map(async (file) =>
        shop.lake.uri(file.path) === now ? { ...file, ...(await shop.lake.stat(file.path)) } : file,
      ),
    );
    await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...shop.manifest, files: moved }));
    expect(await shop.refused()).to.match(/Orders-2024-03\.csv: \d+ rows, and the files have \d+ rows of 2024-03/);
  });
});
