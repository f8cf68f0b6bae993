import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { expect } from "chai";
import { CSV_EXPIRY, CSV_FOLDER, TRUTH_FOLDER } from "../../../components/names.ts";
import { generateCoffee } from "../../../generator/coffee/generate.ts";
import { FIRST_DAY } from "../../../generator/coffee/shop-settings.ts";
import { UserError } from "../../../generator/errors.ts";
import type { FileWriter, Lake } from "../../../generator/lake/lake.ts";
import { type Manifest, readManifest } from "../../../generator/lake/manifest.ts";
import { csvHeader } from "../../../generator/tables/derive.ts";
import { coffee } from "../../../generator/tables/index.ts";
import { userError } from "../../support/user-error.ts";
import { type Files, generateAll, oneShard, rowsOfDays, temporaryLake } from "./support.ts";

const options = { seed: 7, until: "2022-12-31", scale: 0.5 };

describe("the coffee generator", () => {
  let whole: Files;
  before(async () => {
    whole = await generateAll(options);
  });

  for (const shards of [2, 7]) {
    it(`writes the same bytes in ${shards} shards, one after the other, as in one`, async () => {
      const parts = await generateAll(options, shards);
      expect(parts.byTable).to.deep.equal(whole.byTable);
      expect(parts.truth).to.equal(whole.truth);
    });
  }

  it("writes the same rows in more shards than there are days", async () => {
    const few = { ...options, days: 3 };
    expect((await generateAll(few, 5)).byTable).to.deep.equal((await generateAll(few)).byTable);
  });

  it("writes the same bytes twice, under the same name", async () => {
    const again = await generateAll(options);
    expect(again).to.deep.equal(whole);
  });

  it("changes no day and no customer when the window grows", async () => {
    const until = "2022-10-20";
    const shorter = await generateAll({ ...options, until });
    for (const table of ["orders", "order_details"]) {
      expect(shorter.byTable[table]).to.equal(rowsOfDays(whole.byTable[table], FIRST_DAY, until));
    }
    // Loyalty levels rise with time.
    const withoutLevels = (csv = "") => csv.replaceAll(/,\d+%,[A-Za-z]+,/g, ",");
    expect(withoutLevels(shorter.byTable.customers)).to.match(/^1,/m).and.not.to.match(/%/);
    expect(withoutLevels(whole.byTable.customers).startsWith(withoutLevels(shorter.byTable.customers))).to.equal(true);
    expect(whole.byTable.stores?.startsWith(shorter.byTable.stores ?? "-")).to.equal(true);
  });

  it("writes the last days alone as it writes them among all", async () => {
    const last = await generateAll({ ...options, days: 31 });
    for (const table of ["orders", "order_details"]) {
      expect(last.byTable[table]).to.equal(rowsOfDays(whole.byTable[table], "2022-12-01", "2022-12-31"));
    }
    expect(last.byTable.customers).to.equal(whole.byTable.customers);
  });

  it("gives other orders and customers for another seed", async () => {
    const other = await generateAll({ ...options, seed: 8 });
    for (const table of ["orders", "order_details", "customers"]) {
      expect(other.byTable[table]).not.to.equal(whole.byTable[table]);
    }
  });

  // A run's folder is named by its settings and MODEL_VERSION: without a new version, changed rows would mix with older shards' rows.
  it("gives the rows of MODEL_VERSION: raise it when this fails", () => {
    const hash = createHash("sha256").update(JSON.stringify(whole.byTable)).update(whole.truth).digest("hex");
    expect(hash.slice(0, 16)).to.equal("8e7035c6c8595422");
  });

  it("reports its progress after each day", async () => {
    const { lake, remove } = await temporaryLake();
    const told: [number, number][] = [];
    await generateCoffee(lake, { ...options, days: 3, shard: oneShard, progress: (...days) => told.push(days) });
    await remove();
    expect(told).to.deep.equal([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });
});

describe("what a run leaves in the lake", () => {
  const small = { ...options, days: 5 };
  let here: Awaited<ReturnType<typeof temporaryLake>>;
  beforeEach(async () => {
    here = await temporaryLake();
  });
  afterEach(() => here.remove());

  it("is a folder of six files with headers, and a manifest that describes them", async () => {
    const { lake } = here;
    await generateCoffee(lake, { ...small, shard: oneShard });
    const { files, run, settings } = await readManifest(lake, "csv_sources");
    expect(settings).to.deep.equal({ seed: 7, scale: 0.5, from: "2022-12-27", until: "2022-12-31", shards: 1 });
    const names = ["Customers", "Products", "Stores", "Events", "Orders-2022-12", "OrderDetails-2022-12"];
    expect(files.map(({ path }) => path)).to.deep.equal(names.map((name) => `csv_sources/${run}/${name}.csv`));
    for (const { path, rows, bytes, md5 } of files) {
      const text = (await lake.readText(path)) ?? "";
      expect(text.split("\n").length - 2, path).to.equal(rows);
      expect(await lake.stat(path)).to.deep.equal({ bytes, md5 });
    }
    // The generator's account may write these two folders only.
    const folders = [CSV_FOLDER, TRUTH_FOLDER].map((folder) => `${folder}/`);
    for (const path of await lake.list("")) expect(folders).to.include(path.slice(0, path.indexOf("/") + 1));
    const header = async (name: string) => (await lake.readText(`csv_sources/${run}/${name}.csv`))?.split("\n")[0];
    expect(await header("Orders-2022-12")).to.equal(csvHeader(coffee.orders));
    expect(await header("OrderDetails-2022-12")).to.equal(csvHeader(coffee.orderDetails));
  });

  it("is published by the shard that completes it, and not before", async () => {
    const { lake } = here;
    for (const index of [2, 0, 1]) {
      expect(await lake.readText("csv_sources/manifest.json")).to.equal(undefined);
      expect(await lake.readText("ground_truth/Customers.csv")).to.equal(undefined);
      await generateCoffee(lake, { ...small, shard: { index, count: 3 } });
    }
    const { files, run } = await readManifest(lake, "csv_sources");
    const orders = files.filter(({ table }) => table === "orders").map(({ path, month }) => [path, month]);
    expect(orders).to.deep.equal([[`csv_sources/${run}/Orders-2022-12.csv`, "2022-12"]]);
  });

  it("is the last run if the next has no order, and the settings at fault are named", async () => {
    const { lake } = here;
    await generateCoffee(lake, { ...small, shard: oneShard });
    const last = await lake.readText("csv_sources/manifest.json");
    const tiny = { ...small, scale: 1e-9, shard: oneShard };
    expect(await userError(() => generateCoffee(lake, tiny))).to.equal(
      "no shop has an order from 2022-12-27 to 2022-12-31, so the last run stays: use more days or a larger scale",
    );
    expect(await lake.readText("csv_sources/manifest.json")).to.equal(last);
  });

  it("has a file for each month; the night after writes only the month that changed", async () => {
    const { lake } = here;
    const all = { ...options, scale: 0.1, shard: oneShard };
    const first = await generateCoffee(lake, { ...all, until: "2022-03-30" });
    const months = (files: Manifest["files"]) => files.flatMap(({ month }) => month ?? []);
    expect(months(first.files)).to.deep.equal(["2022-01", "2022-01", "2022-02", "2022-02", "2022-03", "2022-03"]);
    // The bucket deletes a run's own files after some days, and never a whole month, which nobody would write again.
    for (const { path, month = "2022-03" } of first.files)
      expect(
        CSV_EXPIRY.prefixes.some((prefix) => path.startsWith(prefix)),
        path,
      ).to.equal(month === "2022-03");
    const written: string[] = [];
    const told: number[] = [];
    const watched = { ...lake, create: (path: string) => lake.create(written[written.push(path) - 1] ?? "") };
    const second = await generateCoffee(watched, {
      ...all,
      until: "2022-03-31",
      progress: (_, days) => told.push(days),
    });
    expect(written.filter((path) => /Order/.test(path))).to.have.length(2);
    expect(told).to.deep.equal(Array(31).fill(31));
    const path = (files: Manifest["files"], month: string) => files.filter((file) => file.month === month);
    expect(path(second.files, "2022-02")).to.deep.equal(path(first.files, "2022-02"));
    expect(path(second.files, "2022-03")).not.to.deep.equal(path(first.files, "2022-03"));

    // A month whose file is gone, or was changed, is written again, with the same bytes.
    await lake.writeText(path(second.files, "2022-01")[0]?.path ?? "", "spoiled");
    await rm(lake.uri(path(second.files, "2022-02")[1]?.path ?? ""));
    const again = await generateCoffee(lake, { ...all, until: "2022-03-31" });
    expect(again).to.deep.equal(second);
    for (const { path, bytes, md5 } of again.files) expect(await lake.stat(path)).to.deep.equal({ bytes, md5 });
  });

  it("goes where the prefix says", async () => {
    await generateCoffee(here.lake, { ...small, shard: oneShard, prefix: "landing/coffee" });
    const { run, files } = await readManifest(here.lake, "landing/coffee");
    expect(files[0]?.path).to.equal(`landing/coffee/${run}/Customers.csv`);
  });

  it("is not written again, with all its months, because the last manifest could not be read", async () => {
    const { lake } = here;
    const failure = await generateCoffee(
      { ...lake, readText: () => Promise.reject(new UserError("try again later")) },
      { ...small, shard: oneShard },
    ).catch((error) => error);
    expect(failure).to.have.property("message", "try again later");
    expect((await readdir(here.folder, { recursive: true })).filter((name) => /Order/.test(name))).to.deep.equal([]);
    await lake.writeText("csv_sources/manifest.json", "{");
    await generateCoffee(lake, { ...small, shard: oneShard });
  });

  for (const failing of ["Customers", "Orders", "OrderDetails"]) {
    it(`is the last good run if writing ${failing}.csv fails`, async () => {
      const { lake, folder } = here;
      await generateCoffee(lake, { ...small, shard: oneShard });
      const before = await lake.readText("csv_sources/manifest.json");
      const truth = await lake.readText("ground_truth/Customers.csv");
      const full = lakeThatFills(lake, failing);
      const failure = await generateCoffee(full, { ...small, seed: 8, shard: oneShard }).catch((error) => error);
      expect(failure).to.be.instanceOf(Error).with.property("message", "the disk is full");
      expect(await lake.readText("csv_sources/manifest.json")).to.equal(before);
      expect(await lake.readText("ground_truth/Customers.csv")).to.equal(truth);
      const left = await readdir(folder, { recursive: true });
      expect(left.filter((name) => name.includes(".tmp"))).to.deep.equal([]);
    });
  }
});

/** The lake, with a disk that turns out full at the first write to a file. */
function lakeThatFills(lake: Lake, name: string): Lake {
  return {
    ...lake,
    async create(path): Promise<FileWriter> {
      const writer = await lake.create(path);
      if (!new RegExp(`/${name}(-\\d{4}-\\d\\d)?[.]csv$`).test(path)) return writer;
      return { ...writer, write: () => Promise.reject(new Error("the disk is full")) };
    },
  };
}
