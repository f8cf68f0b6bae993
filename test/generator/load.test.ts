import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { type Manifest, manifestPath } from "../../generator/lake/manifest.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { type LoadOptions, load } from "../../generator/load.ts";
import { coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import { fullName } from "../../generator/tables/table.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";

const small = { until: "2024-03-10", days: 10, scale: 0.1 };

describe("loading the coffee shop", () => {
  let folder: string;
  let lake: Lake;
  let warehouse: Warehouse;
  let manifest: Manifest;
  /** A folder with a bucket and a warehouse that holds its files. Each test changes a copy. */
  let loaded: string;
  const openIn = async (place: string) => {
    lake = await openLake(pathToFileURL(join(place, "bucket")).href);
    warehouse = await openWarehouse(`duckdb://${join(place, "warehouse.duckdb")}`);
  };
  before(async () => {
    loaded = await mkdtemp(join(tmpdir(), "loaded-"));
    await createTables(`duckdb://${join(loaded, "warehouse.duckdb")}`, coffeeDataset);
    await openIn(loaded);
    manifest = await generateShop(7);
    await load(warehouse, lake);
    await warehouse.close();
  });
  after(() => rm(loaded, { recursive: true }));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "load-"));
    await cp(loaded, folder, { recursive: true });
    await openIn(folder);
    manifest = JSON.parse((await lake.readText(manifestPath("csv_sources"))) ?? "");
  });
  afterEach(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  const generateShop = (seed: number, count = 1) =>
    Array.from({ length: count }, (_, index) => ({ index, count })).reduce(
      (before, shard) => before.then(() => generateCoffee(lake, { ...small, seed, shard })),
      Promise.resolve({} as Manifest),
    );
  const pathOf = (table: string) => lake.uri(manifest.files.find((file) => file.table === table)?.path ?? "");
  const contents = async () => {
    const tables: Record<string, unknown> = {};
    for (const table of coffeeTables) {
      tables[table.table] = await warehouse.run(`SELECT * FROM ${fullName(table)} ORDER BY ALL`);
    }
    return tables;
  };
  /** Runs a load that must fail, and checks that all tables are as they were. */
  const refused = async (options: LoadOptions = {}) => {
    const before = await contents();
    const message = await userError(() => load(warehouse, lake, options));
    expect(await contents()).to.deep.equal(before);
    return message;
  };

  it("fills all six tables with as many rows as the manifest promises", async () => {
    for (const { table, rows } of manifest.files) {
      const [found] = await warehouse.run(`SELECT count(*) AS rows FROM coffee_shop.${table}`);
      expect(found?.rows, table).to.equal(rows).and.to.be.above(0);
    }
  });

  it("replaces rows and never adds any: a second load leaves every table the same", async () => {
    const before = await contents();
    await load(warehouse, lake);
    expect(await contents()).to.deep.equal(before);
  });

  it("loads a run of several shards as the same rows", async () => {
    const before = await contents();
    await generateShop(7, 3);
    await load(warehouse, lake);
    expect(await contents()).to.deep.equal(before);
  });

  it("replaces the rows by those of another run", async () => {
    const before = await contents();
    await generateShop(8);
    await load(warehouse, lake);
    expect(await contents()).not.to.deep.equal(before);
  });

  it("refuses an edited file, naming it", async () => {
    const text = await readFile(pathOf("orders"), "utf8");
    await writeFile(pathOf("orders"), text.replace("Takeaway", "Takeawai"));
    expect(await refused({ whole: true })).to.match(
      /Orders-2024-03\.csv was changed: its MD5 is .* the manifest says .*generate the files again/s,
    );
  });

  it("refuses a truncated and a missing file, both in one message", async () => {
    await truncate(pathOf("order_details"), 1000);
    await rm(pathOf("stores"));
    expect(await refused({ whole: true }))
      .to.match(/Stores\.csv is missing/)
      .and.to.match(/OrderDetails-2024-03\.csv has 1000 bytes/);
  });

  it("names file, line, column and value if a file of the manifest does not fit its table", async () => {
    const path = pathOf("products");
    const text = (await readFile(path, "utf8")).replace(/^(1,[^\n]*?),(\d+\.\d\d|\d+),/m, "$1,dear,");
    expect(text).to.include(",dear,");
    await writeFile(path, text);
    await promise("products", { rows: manifest.files.find(({ table }) => table === "products")?.rows ?? 0 });
    expect(await refused()).to.match(/Products\.csv, line 2, column price: "dear" is not NUMERIC/);
  });

  it("refuses another row count than the manifest's", async () => {
    await appendFile(pathOf("stores"), "");
    await promise("stores", { rows: 1 });
    expect(await refused({ whole: true })).to.match(/coffee_shop\.stores: \d rows arrived, the manifest promises 1/);
  });

  it("refuses a missing manifest, one that was cut short, and one that lacks a table", async () => {
    const path = lake.uri(manifestPath("csv_sources"));
    const without = { ...manifest, files: manifest.files.filter(({ table }) => table !== "stores") };
    await lake.writeText(manifestPath("csv_sources"), JSON.stringify(without));
    expect(await refused()).to.include("names no file for stores");
    const [file] = manifest.files;
    const unknown = { ...manifest, files: [...manifest.files, { ...file, table: "staff", path: "in/Staff.csv" }] };
    await lake.writeText(manifestPath("csv_sources"), JSON.stringify(unknown));
    expect(await refused()).to.include('has a file for "staff", which is not a table of the coffee shop');
    const orders = manifest.files.find(({ table }) => table === "orders");
    for (const [files, message] of [
      [[...manifest.files, { ...file, path: "in/2.csv" }], /names 2 files for \w+, which must have one/],
      [[...manifest.files, { ...orders, path: "in/2.csv" }], /names two files of orders for 2024-03/],
      [manifest.files.map(({ month: _, ...rest }) => rest), /a file of orders without its month/],
      [
        manifest.files.filter(({ table, month }) => table !== "order_details" || month !== "2024-03"),
        /orders without lines.* for 2024-03/,
      ],
    ] as const) {
      await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files }));
      expect(await refused()).to.match(message);
    }
    await truncate(path, 20);
    expect(await refused()).to.include("not JSON");
    await rm(path);
    expect(await refused()).to.include("run generate first");
  });

  it("leaves all six tables as they were if the last one cannot be replaced", async () => {
    await generateShop(8);
    await warehouse.run("ALTER TABLE coffee_shop.order_details RENAME COLUMN quantity TO pieces");
    expect(await refused()).to.include("quantity");
  });

  it("refuses rows that break a rule, naming file, row and value, and leaves all tables as they were", async () => {
    const kept = new Map(
      await Promise.all(
        manifest.files.map(async ({ path }) => [path, await readFile(lake.uri(path), "utf8")] as const),
      ),
    );
    /** Changes one value in the first row of a table's file. */
    const set = (table: string, column: string, value: string) => async () => {
      const path = manifest.files.find((file) => file.table === table)?.path ?? "";
      const [header = "", first = "", ...rest] = String(kept.get(path)).split("\n");
      const fields = first.split(",");
      fields[header.split(",").indexOf(column)] = value;
      await writeFile(lake.uri(path), [header, fields.join(","), ...rest].join("\n"));
      await promise(table, {});
    };
    const lines = (table: string, change: (rows: string[]) => string[]) => async () => {
      const path = manifest.files.find((file) => file.table === table)?.path ?? "";
      const [header = "", ...rows] = String(kept.get(path)).trimEnd().split("\n");
      const changed = change(rows);
      await writeFile(lake.uri(path), `${[header, ...changed].join("\n")}\n`);
      await promise(table, { rows: changed.length });
    };
    const cases: readonly (readonly [() => Promise<void>, RegExp])[] = [
      [
        set("orders", "order_date", "2999-01-01"),
        /Orders-2024-03\.csv, order_id \d+: order_date is "2999-01-01", outside the run's days, 2024-03-01 to 2024-03-10/,
      ],
      [
        set("orders", "order_date", "2024-03-02"),
        /ordered_at is "2024-03-01T.*", which is not in order_hour of order_date/,
      ],
      [set("orders", "order_hour", "99"), /order_hour is 99, and must be 0 to 23/],
      [set("orders", "total_amount", "-5"), /total_amount is -5, and must be 0 or more/],
      [set("orders", "sub_total", "1234567"), /total_amount is [\d.]+, and not sub_total less discount_amount/],
      [
        set("orders", "store_id", "77"),
        /Orders-2024-03\.csv, order_id \d+: store_id is 77, which no row of stores has/,
      ],
      [set("orders", "channel", '" "'), /channel is " ", which is empty/],
      [
        set("order_details", "quantity", "0"),
        /OrderDetails-2024-03\.csv, order_detail_id \d+: quantity is 0, and must be 1 or more/,
      ],
      [set("order_details", "unit_price", "-1"), /unit_price is -1, and must be 0 or more/],
      [set("order_details", "order_id", "1"), /order_id is 1, which no row of orders has/],
      [set("stores", "latitude", "950"), /Stores\.csv, store_id 1: latitude is 950, and must be -90 to 90/],
      [
        lines("stores", (rows) => {
          const [id, ...rest] = (rows[1] ?? "").split(",");
          return [...rows, [`9${id}`, ...rest].join(",").replace("Podil", "Podil\u00a0")];
        }),
        /Stores\.csv, store_id 2: 2 stores have the store_name "Podil", by which the reports tell them apart/,
      ],
      [
        lines("stores", (rows) =>
          rows.map((row) => (row.startsWith("2,") ? row.replace(/,(5\d\.\d+),(3\d\.\d+),/, ",$2,$1,") : row)),
        ),
        /Stores\.csv, store_id 2: latitude and longitude are those of store_id 1 the other way round; swap them/,
      ],
      [set("stores", "store_name", '""'), /store_name is "", which is empty/],
      [set("stores", "store_name", "\u200b\u00a0"), /store_name is ".*", which is empty/],
      [
        set("stores", "store_name", "Golden\rGate"),
        /Stores\.csv, line 2: has a CR that ends no line; .*or quote the value/,
      ],
      [set("orders", "status", "Refunded"), /status is "Refunded", and must be completed or refunded/],
      [set("customers", "birth_year", "2050"), /Customers\.csv, customer_id 1: birth_year is 2050, after the reg/],
      [set("products", "product_name", "\t"), /product_name is "\t", which is empty/],
      [
        set("products", "launched_on", "2024-03-11"),
        /Products\.csv, product_id 1: launched_on is "2024-03-11", outside/,
      ],
      [set("stores", "closes_at_hour", "3"), /closes_at_hour is 3, not after opens_at_hour/],
      [set("products", "price", "-90"), /Products\.csv, product_id 1: price is -90/],
      [
        set("customers", "registration_date", "2024-03-11"),
        /registration_date is "2024-03-11", outside the days that a run may know, 2000-01-01 to 2024-03-10/,
      ],
      [set("customers", "registration_date", "1000-01-01"), /registration_date is "1000-01-01", outside/],
      [set("stores", "opened_on", "1999-12-31"), /Stores\.csv, store_id 1: opened_on is "1999-12-31", outside/],
      [set("events", "starts_on", "1000-01-01"), /Events\.csv, event_id 1: starts_on is "1000-01-01", outside/],
      [set("events", "closes_at_hour", "99"), /Events\.csv, event_id 1: closes_at_hour is 99, and must be 0 to 24/],
      [set("events", "demand_factor", "-1"), /Events\.csv, event_id 1: demand_factor is -1, and must be 0 to 10/],
      [
        async () => {
          const path = pathOf("stores");
          await writeFile(path, `\n${await readFile(path, "utf8")}`);
          await promise("stores", {});
        },
        /Stores\.csv, line 1: is empty; expected the header store_id,/,
      ],
      [set("customers", "birth_year", "85"), /birth_year is 85, and must be 1900 to 2100/],
      [
        lines("orders", (rows) => [...rows, rows[0] ?? ""]),
        /Orders-2024-03\.csv, order_id \d+: 2 rows have this order_id/,
      ],
      [
        lines("order_details", (rows) => [...rows, (rows[0] ?? "").replace(/^\d+/, "777")]),
        /OrderDetails-2024-03\.csv, order_id \d+: the lines add up to [\d.]+, and the order's sub_total is [\d.]+$/m,
      ],
      [
        set("order_details", "quantity", "4611686018427387904"),
        /OrderDetails-2024-03\.csv, order_id \d+: the lines add up to [\d.e+]+, and the order's sub_total is/,
      ],
      [
        lines("order_details", (rows) => {
          const orderOf = (row = "") => row.split(",")[1];
          return rows.filter((row) => orderOf(row) !== orderOf(rows[0]) && orderOf(row) !== orderOf(rows.at(-1)));
        }),
        /Orders-2024-03\.csv, order_id \d+: no line has this order_id \(and 1 more orders\)/,
      ],
      [lines("order_details", () => []), /OrderDetails-2024-03\.csv: the file has no rows/],
      [
        lines("order_details", (rows) => rows.slice(0, 10)),
        /OrderDetails-2024-03\.csv: 10 rows, but the last load had \d+\. If that is intended, load with --allow-shrink/,
      ],
    ];
    const before = await contents();
    for (const [spoil, message] of cases) {
      await spoil();
      expect(await userError(() => load(warehouse, lake))).to.match(message);
      for (const [path, text] of kept) await writeFile(lake.uri(path), text);
      await lake.writeText(manifestPath("csv_sources"), JSON.stringify(manifest));
    }
    expect(await contents()).to.deep.equal(before);
    await load(warehouse, lake);
  });

  describe("the night after", () => {
    const night = (until: string, days = 40) =>
      generateCoffee(lake, { seed: 7, scale: 0.1, until, days, shard: { index: 0, count: 1 } });
    const whole = async () => {
      const kept = await contents();
      await load(warehouse, lake, { whole: true });
      expect(await contents()).to.deep.equal(kept);
    };
    let loadedFirst: string;
    before(async () => {
      loadedFirst = loaded;
      loaded = await mkdtemp(join(tmpdir(), "loaded-"));
      await cp(loadedFirst, loaded, { recursive: true });
      await openIn(loaded);
      await night("2024-03-10");
      await load(warehouse, lake, { allowShrink: true });
      await warehouse.close();
    });
    after(async () => {
      await rm(loaded, { recursive: true });
      loaded = loadedFirst;
    });
    const linesOf = (files: Manifest["files"], ...months: string[]) =>
      files.reduce((sum, { month = "", rows }) => sum + (months.includes(month) ? rows : 0), 0);

    it("reads only the months that changed, and leaves the rows that a whole load gives", async () => {
      const { files } = await night("2024-03-11", 41);
      const { changed, rows } = await load(warehouse, lake);
      const customers = files.find(({ table }) => table === "customers")?.rows ?? 0;
      expect(changed).to.be.within(linesOf(files, "2024-03"), linesOf(files, "2024-03") + customers);
      expect(rows.orders).to.equal(files.reduce((sum, { table, rows }) => sum + (table === "orders" ? rows : 0), 0));
      await whole();
    });

    it("reads nothing if nothing changed, but still records the load", async () => {
      expect((await load(warehouse, lake)).changed).to.equal(0);
      await whole();
    });

    it("refuses a manifest that says other days, rows or months than its unchanged files have", async () => {
      const of = (table: string, changes: object) => ({
        files: manifest.files.map((file) => (file.table === table ? { ...file, ...changes } : file)),
      });
      const until = (day: string) => ({ settings: { ...manifest.settings, until: day } });
      const cases: readonly (readonly [object, RegExp])[] = [
        [
          until("2024-03-20"),
          /coffee_shop\.orders: no orders on 2024-03-11 to 2024-03-20, although a store was open, and the manifest says that the run is of 2024-01-31 to 2024-03-20/,
        ],
        [until("2024-03-09"), /the orders are of 2024-01-31 to 2024-03-10, and the manifest says/],
        [
          { settings: { ...manifest.settings, from: "2024-01-01" } },
          /no orders on 2024-01-01 to 2024-01-30, although a store was open/,
        ],
        [of("orders", { rows: 1 }), /coffee_shop\.orders: \d+ rows arrived, the manifest promises 3\./],
        [of("stores", { rows: 1 }), /coffee_shop\.stores: \d rows arrived, the manifest promises 1\./],
        [of("stores", { month: "2024-02" }), /names a month of stores, whose file must have the whole table/],
        [
          { files: manifest.files.filter(({ month }) => month !== "2024-02") },
          /is not a manifest \(it names no file of 2024-02/,
        ],
      ];
      for (const [changes, message] of cases) {
        await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, ...changes }));
        expect(await refused()).to.match(message);
      }
    });

    const ordersOf = (wanted: string) =>
      manifest.files.find(({ table, month }) => table === "orders" && month === wanted)?.path ?? "";
    /** Moves orders of a month to another store or day, before a load that must refuse them. */
    const moved = async (month: string, change: (order: string) => string) => {
      const path = ordersOf(month);
      const text = await readFile(lake.uri(path), "utf8");
      await writeFile(lake.uri(path), text.split("\n").map(change).join("\n"));
      await promise("orders", {});
      const message = await refused({ allowShrink: true });
      await writeFile(lake.uri(path), text);
      await promise("orders", {});
      return message;
    };

    it("refuses days without orders between others", async () => {
      expect(await moved("2024-03", (order) => order.replaceAll(/2024-03-0[2-8]/g, "2024-03-01"))).to.match(
        /coffee_shop\.orders: no orders on 2024-03-02 to 2024-03-08, although a store was open, .* list the days in events/,
      );
    });

    it("takes days without orders on which the stores were closed, and refuses those of one store that was open", async () => {
      manifest = await generateCoffee(lake, {
        seed: 7,
        scale: 2,
        until: "2022-03-20",
        days: 40,
        shard: { index: 0, count: 1 },
      });
      const message = await moved("2022-02", (order) => order.replace(/(,2022-02-1[4567],.*),2,(?=[a-z]+,)/, "$1,1,"));
      expect(message).to.match(/no orders on 2022-02-14 to 2022-02-17, although Podil was open/);
      // Nor are days refused on which the stores have their day off every week.
      const path = ordersOf("2022-02");
      const text = await readFile(lake.uri(path), "utf8");
      await writeFile(
        lake.uri(path),
        text.replaceAll("2022-02-13", "2022-02-12").replaceAll("2022-02-20", "2022-02-19"),
      );
      await promise("orders", {});
      await load(warehouse, lake, { allowShrink: true });
      const [found] = await warehouse.run(
        "SELECT MAX(order_date) AS last, COUNT(*) >= 50 AS enough FROM coffee_shop.orders",
      );
      expect(found).to.deep.equal({ last: "2022-02-23", enough: true });
    });

    it("takes days without orders between others if there are no events to list closed days", async () => {
      const events = manifest.files.find(({ table }) => table === "events")?.path ?? "";
      await writeFile(lake.uri(events), `${(await readFile(lake.uri(events), "utf8")).split("\n")[0]}\n`);
      await promise("events", { rows: 0 });
      manifest = JSON.parse((await lake.readText(manifestPath("csv_sources"))) ?? "");
      const path = ordersOf("2024-03");
      const text = await readFile(lake.uri(path), "utf8");
      await writeFile(lake.uri(path), text.replaceAll(/2024-03-0[2-8]/g, "2024-03-01"));
      await promise("orders", {});
      await load(warehouse, lake, { allowShrink: true });
    });

    it("drops the months that have left the window", async () => {
      await night("2024-04-10", 20);
      await load(warehouse, lake, { allowShrink: true });
      expect(await warehouse.run("SELECT MIN(order_date) AS first FROM coffee_shop.orders")).to.deep.equal([
        { first: "2024-03-22" },
      ]);
      await whole();
    });

    it("loads a table again that was emptied or changed by hand, and with it the months of its orders or lines", async () => {
      const before = await contents();
      await warehouse.run(
        "DELETE FROM coffee_shop.stores WHERE store_id = 1; DELETE FROM coffee_shop.orders WHERE TRUE",
      );
      await load(warehouse, lake);
      expect(await contents()).to.deep.equal(before);
    });

    it("refuses lines in the file of another month", async () => {
      const [earlier, now] = manifest.files.filter(({ table }) => table === "order_details").slice(-2);
      const textOf = (path = "") => readFile(lake.uri(path), "utf8");
      const [header = "", first = "", ...rest] = (await textOf(now?.path)).split("\n");
      await writeFile(lake.uri(earlier?.path ?? ""), `${await textOf(earlier?.path)}${first}\n`);
      await writeFile(lake.uri(now?.path ?? ""), [header, ...rest].join("\n"));
      const more = new Map([
        [earlier?.path, 1],
        [now?.path, -1],
      ]);
      const files = await Promise.all(
        manifest.files.map(async (file) => ({
          ...file,
          ...(await lake.stat(file.path)),
          rows: file.rows + (more.get(file.path) ?? 0),
        })),
      );
      await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files }));
      expect(await refused()).to.match(/OrderDetails-2024-02\.csv: \d+ rows, and the files have \d+ rows of 2024-02/);
    });

    it("refuses new customers and products that rows of earlier months need", async () => {
      const [path, text] = [pathOf("customers"), await readFile(pathOf("customers"), "utf8")];
      const [header, ...rows] = text.trimEnd().split("\n");
      const [{ id } = {}] = await warehouse.run(
        "SELECT MIN(customer_id) AS id FROM coffee_shop.orders WHERE order_date < DATE '2024-03-01'",
      );
      const fewer = rows.filter((row) => !row.startsWith(`${id},`));
      await writeFile(path, `${[header, ...fewer].join("\n")}\n`);
      await promise("customers", { rows: fewer.length });
      expect(await refused()).to.match(new RegExp(`customer_id is ${id}, which no row of customers has`));
    });

    it("refuses an order that a row of an earlier month has, and a row in another month's file", async () => {
      const orders = manifest.files.filter(({ table }) => table === "orders");
      const [earlier = "", now = ""] = orders.slice(-2).map(({ path }) => lake.uri(path));
      const [header, first = ""] = (await readFile(earlier, "utf8")).split("\n");
      const rows = (await readFile(now, "utf8")).trimEnd().split("\n").slice(1);
      await writeFile(now, `${[header, ...rows, first].join("\n")}\n`);
      const files = await Promise.all(
        manifest.files.map(async (file) =>
          lake.uri(file.path) === now ? { ...file, ...(await lake.stat(file.path)), rows: rows.length + 1 } : file,
        ),
      );
      await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files }));
      expect(await refused()).to.match(/order_id \d+: 2 rows have this order_id/);
      const other = first.replace(/^\d+/, "20240210019999999");
      await writeFile(now, `${[header, ...rows, other].join("\n")}\n`);
      const moved = await Promise.all(
        files.map(async (file) => (lake.uri(file.path) === now ? { ...file, ...(await lake.stat(file.path)) } : file)),
      );
      await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files: moved }));
      expect(await refused()).to.match(/Orders-2024-03\.csv: \d+ rows, and the files have \d+ rows of 2024-03/);
    });
  });

  it("loads a run of the chain's first day, when it has no customers yet, and refuses one that lost them", async () => {
    manifest = await generateCoffee(lake, { seed: 42, scale: 2, until: "2022-01-10", shard: { index: 0, count: 1 } });
    expect((await load(warehouse, lake, { allowShrink: true })).rows).to.include({ customers: 0, orders: 21 });
    manifest = await generateCoffee(lake, { ...small, seed: 7, shard: { index: 0, count: 1 } });
    const [header] = (await readFile(pathOf("customers"), "utf8")).split("\n");
    await writeFile(pathOf("customers"), `${header}\n`);
    await promise("customers", { rows: 0 });
    expect(await refused({ allowShrink: true })).to.match(/customer_id is \d+, which no row of customers has/);
  });

  it("loads a much smaller run if that is allowed", async () => {
    await generateCoffee(lake, { ...small, days: 2, seed: 7, shard: { index: 0, count: 1 } });
    expect(await refused()).to.match(/the last load had/);
    expect((await load(warehouse, lake, { allowShrink: true })).rows.orders).to.be.above(0);
  });

  /** Rewrites a file's entry in the manifest to match the file, apart from the given fields. */
  async function promise(table: string, changes: { rows?: number }): Promise<void> {
    const files = await Promise.all(
      manifest.files.map(async (file) =>
        file.table === table ? { ...file, ...(await lake.stat(file.path)), ...changes } : file,
      ),
    );
    await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files }));
  }
});
