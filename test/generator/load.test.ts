import { appendFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { manifestPath } from "../../generator/lake/manifest.ts";
import { load } from "../../generator/load.ts";
import { userError } from "../support/user-error.ts";
import { LoadedShop } from "./loaded-shop.ts";

describe("loading the coffee shop", () => {
  const shop = new LoadedShop({ until: "2024-03-10", days: 10, scale: 0.1, seed: 7 });

  it("fills all six tables with as many rows as the manifest promises", async () => {
    for (const { table, rows } of shop.manifest.files) {
      const [found] = await shop.warehouse.run(`SELECT count(*) AS rows FROM coffee_shop.${table}`);
      expect(found?.rows, table).to.equal(rows).and.to.be.above(0);
    }
  });

  it("replaces rows and never adds any: a second load leaves every table the same", async () => {
    const before = await shop.contents();
    await load(shop.warehouse, shop.lake);
    expect(await shop.contents()).to.deep.equal(before);
  });

  it("loads a run of several shards as the same rows", async () => {
    const before = await shop.contents();
    await shop.generate({}, 3);
    await load(shop.warehouse, shop.lake);
    expect(await shop.contents()).to.deep.equal(before);
  });

  it("replaces the rows by those of another run", async () => {
    const before = await shop.contents();
    await shop.generate({ seed: 8 });
    await load(shop.warehouse, shop.lake);
    expect(await shop.contents()).not.to.deep.equal(before);
  });

  it("refuses an edited file, naming it", async () => {
    const text = await readFile(shop.pathOf("orders"), "utf8");
    await writeFile(shop.pathOf("orders"), text.replace("Takeaway", "Takeawai"));
    expect(await shop.refused({ whole: true })).to.match(
      /Orders-2024-03\.csv was changed: its MD5 is .* the manifest says .*generate the files again/s,
    );
  });

  it("refuses a truncated and a missing file, both in one message", async () => {
    await truncate(shop.pathOf("order_details"), 1000);
    await rm(shop.pathOf("stores"));
    expect(await shop.refused({ whole: true }))
      .to.match(/Stores\.csv is missing/)
      .and.to.match(/OrderDetails-2024-03\.csv has 1000 bytes/);
  });

  it("names file, line, column and value if a file of the manifest does not fit its table", async () => {
    const path = shop.pathOf("products");
    const text = (await readFile(path, "utf8")).replace(/^(1,[^\n]*?),(\d+\.\d\d|\d+),/m, "$1,dear,");
    expect(text).to.include(",dear,");
    await writeFile(path, text);
    await shop.promise("products", { rows: shop.manifest.files.find(({ table }) => table === "products")?.rows ?? 0 });
    expect(await shop.refused()).to.match(/Products\.csv, line 2, column price: "dear" is not NUMERIC/);
  });

  it("refuses another row count than the manifest's", async () => {
    await appendFile(shop.pathOf("stores"), "");
    await shop.promise("stores", { rows: 1 });
    expect(await shop.refused({ whole: true })).to.match(
      /coffee_shop\.stores: \d rows arrived, the manifest promises 1/,
    );
  });

  it("refuses a missing manifest, one that was cut short, and one that lacks a table", async () => {
    const path = shop.lake.uri(manifestPath("csv_sources"));
    const without = { ...shop.manifest, files: shop.manifest.files.filter(({ table }) => table !== "stores") };
    await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify(without));
    expect(await shop.refused()).to.include("names no file for stores");
    const [file] = shop.manifest.files;
    const unknown = {
      ...shop.manifest,
      files: [...shop.manifest.files, { ...file, table: "staff", path: "in/Staff.csv" }],
    };
    await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify(unknown));
    expect(await shop.refused()).to.include('has a file for "staff", which is not a table of the coffee shop');
    const orders = shop.manifest.files.find(({ table }) => table === "orders");
    for (const [files, message] of [
      [[...shop.manifest.files, { ...file, path: "in/2.csv" }], /names 2 files for \w+, which must have one/],
      [[...shop.manifest.files, { ...orders, path: "in/2.csv" }], /names two files of orders for 2024-03/],
      [shop.manifest.files.map(({ month: _, ...rest }) => rest), /a file of orders without its month/],
      [
        shop.manifest.files.filter(({ table, month }) => table !== "order_details" || month !== "2024-03"),
        /orders without lines.* for 2024-03/,
      ],
    ] as const) {
      await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...shop.manifest, files }));
      expect(await shop.refused()).to.match(message);
    }
    await truncate(path, 20);
    expect(await shop.refused()).to.include("not JSON");
    await rm(path);
    expect(await shop.refused()).to.include("run generate first");
  });

  it("leaves all six tables as they were if the last one cannot be replaced", async () => {
    await shop.generate({ seed: 8 });
    await shop.warehouse.run("ALTER TABLE coffee_shop.order_details RENAME COLUMN quantity TO pieces");
    expect(await shop.refused()).to.include("quantity");
  });

  it("refuses rows that break a rule, naming file, row and value, and leaves all tables as they were", async () => {
    const kept = new Map(
      await Promise.all(
        shop.manifest.files.map(async ({ path }) => [path, await readFile(shop.lake.uri(path), "utf8")] as const),
      ),
    );
    /** Changes one value in the first row of a table's file. */
    const set = (table: string, column: string, value: string) => async () => {
      const path = shop.manifest.files.find((file) => file.table === table)?.path ?? "";
      const [header = "", first = "", ...rest] = String(kept.get(path)).split("\n");
      const fields = first.split(",");
      fields[header.split(",").indexOf(column)] = value;
      await writeFile(shop.lake.uri(path), [header, fields.join(","), ...rest].join("\n"));
      await shop.promise(table, {});
    };
    const lines = (table: string, change: (rows: string[]) => string[]) => async () => {
      const path = shop.manifest.files.find((file) => file.table === table)?.path ?? "";
      const [header = "", ...rows] = String(kept.get(path)).trimEnd().split("\n");
      const changed = change(rows);
      await writeFile(shop.lake.uri(path), `${[header, ...changed].join("\n")}\n`);
      await shop.promise(table, { rows: changed.length });
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
      [
        lines("orders", ([first = "", ...rows]) => [
          first.replace(/T(\d\d):/, (_, hour) => `T${String(Number(hour) - 1).padStart(2, "0")}:`),
          ...rows,
        ]),
        /ordered_at is "2024-03-01T.*", which is not in order_hour of order_date by the clocks of Kyiv/,
      ],
      [set("orders", "order_hour", "99"), /order_hour is 99, and must be 0 to 23/],
      [set("orders", "total_amount", "-5"), /total_amount is -5, and must be 0 or more/],
      [set("orders", "sub_total", "1234567"), /total_amount is [\d.]+, and not sub_total less discount_amount/],
      [
        set("orders", "store_id", "77"),
        /Orders-2024-03\.csv, order_id \d+: store_id is 77, which no row of stores has/,
      ],
      [set("orders", "promo_code", "\u00a0"), /promo_code is ".*", which is empty/],
      [set("orders", "discount_rate", "0.25"), /order_id \d+: discount_applied is false, unlike its discount_rate/],
      [
        lines("stores", (rows) => rows.map((row) => row.replace(/^(2,.*),5\d\.\d+,3\d\.\d+,/, "$1,0,0,"))),
        /Stores\.csv, store_id 2: latitude is 0, like its longitude, which is a place in the ocean/,
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
          const path = shop.pathOf("stores");
          await writeFile(path, `\n${await readFile(path, "utf8")}`);
          await shop.promise("stores", {});
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
    const before = await shop.contents();
    for (const [spoil, message] of cases) {
      await spoil();
      expect(await userError(() => load(shop.warehouse, shop.lake))).to.match(message);
      for (const [path, text] of kept) await writeFile(shop.lake.uri(path), text);
      await shop.lake.writeText(manifestPath("csv_sources"), JSON.stringify(shop.manifest));
    }
    expect(await shop.contents()).to.deep.equal(before);
    await load(shop.warehouse, shop.lake);
  });

  it("loads a run of the chain's first day, when it has no customers yet, and refuses one that lost them", async () => {
    shop.manifest = await shop.generate({ seed: 42, scale: 2, until: "2022-01-10", days: 1 });
    expect((await load(shop.warehouse, shop.lake, { allowShrink: true })).rows).to.include({
      customers: 0,
      orders: 21,
    });
    shop.manifest = await shop.generate();
    const [header] = (await readFile(shop.pathOf("customers"), "utf8")).split("\n");
    await writeFile(shop.pathOf("customers"), `${header}\n`);
    await shop.promise("customers", { rows: 0 });
    expect(await shop.refused({ allowShrink: true })).to.match(/customer_id is \d+, which no row of customers has/);
  });

  it("loads a much smaller run if that is allowed", async () => {
    await shop.generate({ days: 2 });
    expect(await shop.refused()).to.match(/the last load had/);
    expect((await load(shop.warehouse, shop.lake, { allowShrink: true })).rows.orders).to.be.above(0);
  });
});
