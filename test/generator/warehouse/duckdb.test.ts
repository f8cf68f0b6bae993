import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import {
  boolean,
  type ColumnType,
  date,
  float,
  integer,
  nullable,
  numeric,
  string,
  type Table,
  table,
  timestamp,
} from "../../../generator/tables/table.ts";
import { createTables, openDuckDb } from "../../../generator/warehouse/duckdb.ts";
import type { Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { fuzz, fuzzTimeout } from "../../../packages/analysis-rules/test/fuzz.ts";
import { userError } from "../../support/user-error.ts";

const itInCI = process.env.CI ? it : it.skip;

const options = { dataset: "shop", table: "visits", description: "Visits", primaryKey: ["id" as const] };
const visits = table(options, {
  id: integer("Number"),
  note: nullable(string("Note")),
  day: nullable(date("Day")),
  paid: nullable(numeric("Amount")),
});
const header = "id,note,day,paid\n";

describe("DuckDB", () => {
  let folder: string;
  let url: string;
  let warehouse: Warehouse;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "duckdb-"));
    url = `duckdb://${folder}/warehouse.duckdb`;
    warehouse = await openDuckDb(url, { create: true });
  });
  after(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  const stage = async (of: Table, content: string | Buffer) => {
    await writeFile(join(folder, "file.csv"), content);
    return warehouse.stage(of, { uris: [join(folder, "file.csv")] });
  };
  const refusal = async (of: Table, content: string | Buffer) =>
    (await userError(() => stage(of, content))).replace(`${folder}/`, "");

  it("refuses a number that would become infinite, the hour 24, and an implausible year", async () => {
    const of = table(options, { id: integer("Number"), price: float("Price"), at: timestamp("Time") });
    const row = (price: string, at: string) => `id,price,at\n1,${price},${at}\n`;
    await stage(of, row("1e300", "2024-01-01 23:59:59 UTC"));
    for (const bad of [
      row("1e400", "2024-01-01 23:59:59 UTC"),
      row("1", "2024-01-01 24:00:00 UTC"),
      row("1", "0000-01-01 00:00:00 UTC"),
      row("1", "9999-12-31 00:00:00 UTC"),
    ])
      expect(await refusal(of, bad)).to.match(/^file\.csv, line 2, column (price|at): ".*" is not /);
  });

  describe("staging a bad CSV file", () => {
    const cases: [string, string | Buffer, string][] = [
      [
        "a value of another type",
        `${header}1,a,2025-01-01,1\n2,b,2025-01-02,free\n`,
        'file.csv, line 3, column paid: "free" is not NUMERIC (a decimal with up to 9 places)',
      ],
      [
        "a fraction where a whole number belongs, which DuckDB would round",
        `${header}1.5,a,,\n`,
        'file.csv, line 2, column id: "1.5" is not INTEGER (a whole number): write digits alone, and no number beyond 9223372036854775807',
      ],
      [
        "a number beyond 64 bits",
        `${header}9223372036854775808,a,,\n`,
        'file.csv, line 2, column id: "9223372036854775808" is not INTEGER (a whole number): write digits alone, and no number beyond 9223372036854775807',
      ],
      [
        "a day that is in no calendar",
        `${header}1,a,2025-02-30,\n`,
        'file.csv, line 2, column day: "2025-02-30" is not DATE (a day, YYYY-MM-DD)',
      ],
      [
        "an empty field that every row needs, counting the lines within quotes",
        `${header}1,"two\nlines",,\n,b,,\n`,
        "file.csv, line 4, column id: empty, but every row needs a whole number",
      ],
      [
        "a last line that was cut off",
        `${header}1,a,2025-01-01,1\n2,b,20`,
        "file.csv, line 3: 3 fields where the header has 4; is the file cut off or edited?",
      ],
      [
        "a line with a field too many",
        `${header}1,a,2025-01-01,1,5\n`,
        "file.csv, line 2: 5 fields where the header has 4; is the file cut off or edited?",
      ],
      [
        "a quote that is never closed",
        `${header}1,a,,\n2,"b,,\n3,c,,\n`,
        "file.csv, line 3: a quote is opened and never closed; is the file cut off or edited?",
      ],
      [
        "a line of 3 MB",
        `${header}1,a,,\n2,${"x".repeat(3_000_000)},,\n`,
        "file.csv, line 3: has more than 2 million characters; are its line ends lost, or is a text far too long?",
      ],
      [
        "text behind a quoted value",
        `${header}1,"a"b,,\n`,
        "file.csv, line 2: text follows a closing quote; write a quote within a value twice",
      ],
      [
        "text that is not UTF-8 (here Windows-1251)",
        Buffer.concat([Buffer.from(`${header}1,`), Buffer.from([0xca, 0xe8, 0xbf, 0xe2]), Buffer.from(",,\n")]),
        "file.csv, line 2, column note: not UTF-8 text; save the file as UTF-8",
      ],
      [
        "a NUL character, which BigQuery refuses",
        `${header}1,"a\0b",,\n`,
        "file.csv, line 2, column note: has a NUL character (ASCII 0), which BigQuery refuses; remove it",
      ],
      [
        "lines that end in different ways",
        `${header}1,a,,5\r\n2,b,,6\n`,
        "file.csv, line 2: ends in another way than line 1; save the file with one kind of line ending",
      ],
    ];
    for (const [what, content, message] of cases) {
      it(`locates ${what}`, async () => expect(await refusal(visits, content)).to.equal(message));
    }

    itInCI("finds one bad value behind hundreds of thousands of good lines", async () => {
      const lines = Array.from({ length: 300_000 }, (_, i) => `${i},"a\nb",2025-01-01,1.5\n`);
      lines[250_000] = "250000,x,2025-13-01,1.5\n";
      expect(await refusal(visits, header + lines.join(""))).to.equal(
        'file.csv, line 500002, column day: "2025-13-01" is not DATE (a day, YYYY-MM-DD)',
      );
    });

    it("names the bad one of several files", async () => {
      const uris = ["good.csv", "bad.csv"].map((name) => join(folder, name));
      await writeFile(join(folder, "good.csv"), `${header}1,a,,\n`);
      await writeFile(join(folder, "bad.csv"), `${header}x,a,,\n`);
      expect(await userError(() => warehouse.stage(visits, { uris }))).to.contain("bad.csv, line 2, column id");
    });
  });

  it("reads files as Windows writes them: a byte order mark, lines ended by CRLF, no end of the last line", async () => {
    const { name } = await stage(visits, `\uFEFF${header}1,a,2025-01-01,1\n2,b,,`.replaceAll("\n", "\r\n"));
    expect(await warehouse.run(`SELECT id, note, paid FROM ${name} ORDER BY id`)).to.deep.equal([
      { id: 1, note: "a", paid: 1 },
      { id: 2, note: "b", paid: null },
    ]);
  });

  it("keeps decimals exact from one kopiyka to the widest", async () => {
    const amounts = ["0.01", "-12345678.99", "999999999.999999999", "12345678901234567890.123456789"];
    const { name } = await stage(visits, header + amounts.map((amount, i) => `${i},,,${amount}\n`).join(""));
    const rows = await warehouse.run(`SELECT CAST(paid AS VARCHAR) AS paid FROM ${name} ORDER BY id`);
    expect(rows.map(({ paid }) => String(paid).replace(/0+$/, ""))).to.deep.equal(amounts);
  });

  it("loads a value if and only if the search for the bad value accepts it", async () => {
    const types: Record<ColumnType, Table> = {
      INTEGER: table(options, { id: integer("") }),
      FLOAT64: table(options, { id: float("") }),
      NUMERIC: table(options, { id: numeric("") }),
      STRING: table(options, { id: string("") }),
      BOOLEAN: table(options, { id: boolean("") }),
      DATE: table(options, { id: date("") }),
      TIMESTAMP: table(options, { id: timestamp("") }),
    };
    const digits = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));
    const day = fc.tuple(digits(2100), digits(13), digits(32)).map((parts) => parts.join("-"));
    const at = fc
      .tuple(
        day,
        digits(25),
        digits(61),
        digits(61),
        fc.constantFrom("", " UTC", "Z", "+00", "+02:00", ".5", ".1234567"),
      )
      .map(([date, h, m, s, rest]) => `${date} ${h}:${m}:${s}${rest}`);
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."0123456789.-+eE "), minLength: 1, maxLength: 24 }),
      fc.constantFrom("true", "FALSE", "yes", "1", "null", "NaN", "inf", "1_000", "0x1F", "1e400", "é"),
      day,
      at,
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...(Object.keys(types) as ColumnType[])), value, async (type, text) => {
        // If the search finds nothing, the message begins with the engine's own words.
        const outcome = await stage(types[type], `id\n${text}\n`).then(
          () => "loaded",
          ({ message }) => String(message),
        );
        expect(outcome).to.match(/^loaded$|file\.csv, line 2, column id: /);
      }),
      fuzz(80),
    );
  }).timeout(fuzzTimeout);

  describe("a script that fails", () => {
    it("is reported with the engine's message and the start of the script, and rolled back", async () => {
      await warehouse.run("CREATE TABLE kept AS SELECT 1 AS x");
      const message = await userError(() => warehouse.run("BEGIN; DELETE FROM kept; SELECT nope FROM kept; COMMIT"));
      expect(message).to.match(/^DuckDB: Binder Error: Referenced column "nope" not found/);
      expect(message).to.contain("in: BEGIN; DELETE FROM kept");
      expect(await warehouse.run("SELECT x FROM kept")).to.deep.equal([{ x: 1 }]);
    });
  });

  it("runs concurrent calls one after another, and closes after the last", async () => {
    const other = await openDuckDb(`duckdb://${folder}/turns.duckdb`, { create: true });
    const results = [other.run("BEGIN; CREATE TABLE t AS SELECT 1 AS x; COMMIT"), other.run("SELECT x FROM t")];
    await other.close();
    expect(await Promise.all(results)).to.deep.equal([[], [{ x: 1 }]]);
  });

  describe("the tables of a database", () => {
    const open = async () => openDuckDb(`duckdb://${folder}/tables.duckdb`);
    const create = (of: Table) => createTables(`duckdb://${folder}/tables.duckdb`, [of]);
    const countVisits = async () => {
      const opened = await open();
      const [row] = await opened.run("SELECT count(*) AS n FROM shop.visits");
      await opened.close();
      return row?.n;
    };

    it("are created if missing, keep their rows if they fit, and are replaced if they do not", async () => {
      await create(visits);
      const opened = await open();
      await opened.run("INSERT INTO shop.visits VALUES (1, 'a', DATE '2025-01-01', 2.5)");
      await opened.close();
      await create(visits);
      expect(await countVisits()).to.equal(1);
      await create(table(options, { ...visits.columns, note: string("Now every row needs it") }));
      expect(await countVisits()).to.equal(0);
    });

    it("refuse a row that lacks a required value", async () => {
      await create(visits);
      const opened = await open();
      expect(await userError(() => opened.run("INSERT INTO shop.visits (note) VALUES ('a')"))).to.contain("NOT NULL");
      await opened.close();
    });
  });

  describe("opening a database", () => {
    const opening = (path: string) => userError(() => openDuckDb(`duckdb://${path}`));

    it("refuses a file that is not a database, and leaves it alone", async () => {
      const path = join(folder, "notes.duckdb");
      await writeFile(path, "my notes, which are not a database");
      expect(await opening(path)).to.match(/notes\.duckdb is not a database that this DuckDB reads: move it away/);
      expect(await readFile(path, "utf8")).to.equal("my notes, which are not a database");
    });

    it("refuses a path without a file, and leaves no file and no folder there, whether to read or to write", async () => {
      const missing = join(folder, "mistyped", "w.duckdb");
      expect(await opening(missing)).to.equal(
        `there is no database ${missing}: npm start creates one, .local/warehouse.duckdb`,
      );
      const reading = userError(() => openDuckDb(`duckdb://${missing}`, { readOnly: true }));
      expect(await reading).to.include("there is no database");
      expect(existsSync(join(folder, "mistyped"))).to.equal(false);
    });

    it("refuses a path where no file can be created", async () => {
      await writeFile(join(folder, "file"), "");
      const path = join(folder, "file", "w.duckdb");
      expect(await userError(() => openDuckDb(`duckdb://${path}`, { create: true }))).to.match(
        /^cannot open the database .*another file/,
      );
    });

    it("shares it with others that have it open in this process", async () => {
      const [one, two] = [
        await openDuckDb(`duckdb://${folder}/one.duckdb`, { create: true }),
        await openDuckDb(`duckdb://${folder}/one.duckdb`, { create: true }),
      ];
      await one.run("CREATE TABLE t AS SELECT 1 AS x");
      expect(await two.run("SELECT x FROM t")).to.deep.equal([{ x: 1 }]);
      await one.close();
      await two.close();
    });

    /** Works while another program has a database open. */
    async function whileHeld(path: string, how: string, work: (holder: ChildProcess) => Promise<void>): Promise<void> {
      const hold = `import { DuckDBInstance } from "@duckdb/node-api";
        const db = await DuckDBInstance.create(${JSON.stringify(path)}, { access_mode: "${how}" });
        console.log("open"); process.stdin.resume();`;
      const holder: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", hold], { stdio: "pipe" });
      try {
        await once(holder.stdout as NonNullable<ChildProcess["stdout"]>, "data");
        await work(holder);
      } finally {
        holder.kill();
        await once(holder, "exit");
      }
    }

    it("names the program that has it open", async () => {
      const path = join(folder, "busy.duckdb");
      await whileHeld(path, "READ_WRITE", async (holder) => {
        expect(await opening(path)).to.equal(
          `${path} is open in ${process.execPath} (PID ${holder.pid}): close it there and run this again`,
        );
      });
      await (await openDuckDb(`duckdb://${path}`)).close();
    });

    it("reads it while another program reads it, as the page of npm run room does", async () => {
      const path = join(folder, "read.duckdb");
      const made = await openDuckDb(`duckdb://${path}`, { create: true });
      await made.run("CREATE TABLE t AS SELECT 1 AS x");
      await made.close();
      await whileHeld(path, "READ_ONLY", async () => {
        const reader = await openDuckDb(`duckdb://${path}`, { readOnly: true });
        expect(await reader.run("SELECT x FROM t")).to.deep.equal([{ x: 1 }]);
        expect(await userError(() => reader.run("CREATE TABLE u AS SELECT 1"))).to.include("read-only");
        await reader.close();
        expect(await opening(path)).to.include(" is open in ");
      });
    });
  });
});
