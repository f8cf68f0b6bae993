import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Answer, problemOf } from "analysis-rules";
import { expect } from "chai";
import { LOG_FILE, ROOM_FILE } from "../../local/rehearsed-room.ts";
import { usageText } from "../../local/usage.ts";
import { type Person, type SmallRoom, smallRoom } from "../../packages/analysis-rules/test/small-room.ts";

const program = join(import.meta.dirname, "../../local/query.ts");
let runs = 0;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Four people in Lviv and two in Kyiv. The merchant knows all but the last. */
const person: Person = { city: "Lviv", tier: "Free", verified: true, points: 1, score: 0.5, rows: 1, shared: true };
const four: Person[] = [person, person, { ...person, tier: "Premium" }, { ...person, rows: 2, points: null }];
const two: Person[] = [
  { ...person, city: "Kyiv" },
  { ...person, city: "Kyiv", shared: false },
];

const byCity =
  "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(DISTINCT hashed_email) AS persons, SUM(points) AS points FROM linked.people_open GROUP BY city";

describe("npm run query", function () {
  this.timeout(600_000);
  let small: SmallRoom;
  before(async () => {
    small = await smallRoom([...four, ...two]);
    await writeFile(join(small.folder, ROOM_FILE), JSON.stringify(small.options.room));
  });
  after(() => small.close());

  /** Runs the command as npm does. */
  async function queryAsNpm(...args: string[]): Promise<Outcome> {
    const run = promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      program,
      "--out",
      small.folder,
      ...args,
    ]);
    const outcome = await run.catch((error: Outcome) => error);
    return { ...outcome, code: "code" in outcome ? outcome.code : 0 };
  }

  /** Runs the command within this process, where it need not compile the analyser again: that takes two seconds. */
  async function query(...args: string[]): Promise<Outcome> {
    const { argv } = process;
    const said = { stdout: "", stderr: "" };
    const restore = (["stdout", "stderr"] as const).map((name) => {
      const stream = process[name];
      const { write } = stream;
      const listeners = stream.listeners("error");
      stream.write = (chunk: string | Uint8Array) => {
        said[name] += String(chunk);
        return true;
      };
      return () => {
        stream.write = write;
        for (const each of stream.listeners("error"))
          if (!listeners.includes(each)) stream.off("error", each as () => void);
      };
    });
    process.argv = [process.execPath, program, "--out", small.folder, ...args];
    try {
      // By a name of its own each time: a module runs once.
      await import(`${pathToFileURL(program).href}?run=${++runs}`);
      return { ...said, code: Number(process.exitCode ?? 0) };
    } finally {
      for (const each of restore) each();
      Object.assign(process, { argv, exitCode: undefined });
    }
  }
  const asMerchant = (...args: string[]) => query("--as", "merchant", ...args);

  it("prints CSV for a spreadsheet, and with --raw for other programs", async () => {
    const ask = (...flags: string[]) => query("--as", "merchant", ...flags, "SELECT '=1+1' AS formula, -1 AS number");
    expect((await ask("--csv")).stdout).to.equal("formula,number\n'=1+1,-1\n");
    expect((await ask("--csv", "--raw")).stdout).to.equal("formula,number\n=1+1,-1\n");
    expect(await ask("--raw")).to.deep.include({ code: 1 });
  });

  it("names all settings that do not go together at once", async () => {
    const { code, stdout, stderr } = await asMerchant("--csv", "--raw", "--json", "--file=x.sql", "SELECT 1");
    expect([code, `${stdout}${stderr}`.match(/leave one out/g)]).to.deep.equal([1, ["leave one out", "leave one out"]]);
    expect((await asMerchant("--usage", "--csv", "--raw")).stderr).to.include("--usage prints no CSV");
    expect((await asMerchant("--usage", "--raw")).stderr).to.include("--raw is for --csv");
  });

  it("lists what a party can name, and describes one of them, also in the words of other databases", async () => {
    const { stderr } = await query("--as", "merchant", "--tables", "--csv");
    expect(stderr).to.include("--tables prints text only");
    for (const other of ["--usage", "SELECT 1", "--file=x.sql"])
      expect((await query("--as", "merchant", "--tables", other)).stderr).to.include("--tables takes no query");
    const { stdout } = await query("--as", "merchant", "--tables");
    expect(stdout).to.match(
      /Views that the e-wallet shares with you\n {2}linked\.people_open\n +Aggregation threshold: groups of at least \d+ people/,
    );
    expect((await query("--as", "merchant", "SHOW TABLES")).stdout).to.equal(stdout);
    const described = await query("--as", "merchant", "describe `linked.people_open`;");
    expect(described.stdout)
      .to.match(/city +STRING/)
      .and.to.match(/points +INT64/);
    const missing = query("--as", "merchant", "DESCRIBE linked.nothing");
    expect(
      await missing.then(
        ({ stderr }) => stderr,
        (error: Error) => error.message,
      ),
    ).to.match(/Nothing that you can name is called linked\.nothing; You can name: .*linked\.people_open/);
  });

  it("says that groups may be missing without being asked", async () => {
    const { stdout, stderr } = await query("--as", "merchant", byCity);
    expect(stdout).not.to.include("left out");
    expect(stderr).to.match(/Groups of fewer than \d+ people are suppressed/);
  });

  it("prints the answer as a table without the groups that are too small", async () => {
    const { code, stdout } = await queryAsNpm("--as", "merchant", byCity);
    expect(code).to.equal(0);
    expect(stdout).to.equal("city  persons  points\n────  ───────  ──────\nLviv        4       3\n");
  });

  it("breaks the names of columns so that a table fits the terminal, but not in a pipe", async () => {
    const long = ["customers", "spend", "returns"].map((word, i) => `${i} AS ${word}_of_the_previous_twelve_months`);
    const widest = async () =>
      Math.max(...(await asMerchant(`SELECT ${long.join(", ")}`)).stdout.split("\n").map((line) => line.length));
    expect(await widest()).to.be.above(80);
    const { isTTY } = process.stdout;
    process.stdout.isTTY = true;
    try {
      expect(await widest()).to.be.at.most(80);
    } finally {
      process.stdout.isTTY = isTTY;
    }
  });

  it("prints NULL as NULL in a table and as null in JSON", async () => {
    const sql = "SELECT 1200 AS n, 'a' AS s UNION ALL SELECT NULL, NULL ORDER BY n";
    expect((await asMerchant(sql)).stdout).to.equal("    n  s\n─────  ────\n NULL  NULL\n1,200  a\n");
    expect(JSON.parse((await asMerchant("--json", sql)).stdout).rows).to.deep.equal([
      [null, null],
      [1200, "a"],
    ]);
  });

  it("lets no text of a table or of the query command the terminal", async () => {
    const escaped = /^[\P{Cc}\n]*$/u;
    const { stdout } = await asMerchant("SELECT '\\u001b[31mred' AS `\\u009b2J`");
    expect(stdout).to.include("\\u001b[31mred").and.include("\\u009b2J").and.match(escaped);
    for (const sql of ["SELECT ERROR('\\u001b[31mred')", "SELECT \u009b2J FROM merchant.users"])
      expect((await asMerchant(sql)).stderr, sql).to.match(escaped);
  });

  it("prints one JSON object with --json", async () => {
    const { code, stdout } = await asMerchant("--json", byCity);
    expect(code).to.equal(0);
    const { columns, rows, explanation } = JSON.parse(stdout) as Answer;
    expect(columns).to.deep.equal([
      { name: "city", type: "STRING" },
      { name: "persons", type: "INT64" },
      { name: "points", type: "INT64" },
    ]);
    expect(rows).to.deep.equal([["Lviv", 4, 3]]);
    expect(explanation.thresholds.map(({ threshold }) => threshold)).to.deep.equal([3]);
  });

  it("fails with 77 and names the rule that refuses a query, as text and as JSON", async () => {
    const raw = "SELECT note\nFROM linked.people_open";
    const { code, stdout, stderr } = await queryAsNpm("--as", "merchant", raw);
    expect([code, stdout]).to.deep.equal([77, ""]);
    expect(stderr)
      .to.match(/^\nerror: You must use SELECT WITH AGGREGATION_THRESHOLD for this query/)
      .and.include("(aggregation threshold)");
    const json = await asMerchant("--json", raw);
    expect(json.code).to.equal(77);
    expect(JSON.parse(json.stdout).error).to.include({ rule: "aggregation threshold" });
  });

  it("fails with 77 for a name that the party cannot see, and lists those that it can", async () => {
    const { code, stderr } = await asMerchant("SELECT 1\nFROM ewallet_provider.people");
    expect(code).to.equal(77);
    expect(stderr)
      .to.include("error: Not found: Table shop:ewallet_provider.people [line 2, column 6]")
      .and.include("You can name: linked.people_blocked, ")
      .and.not.include("ewallet_provider_shared");
    for (const name of [
      "linked.People_open",
      "LINKED.people_open",
      "shop.linked.nothing",
      "INFORMATION_SCHEMA.TABLES",
      "`a.b.c.d`",
    ])
      await small.room.ask("merchant", `SELECT 1 FROM ${name}`).then(
        () => expect.fail(`${name} was found`),
        (error) => expect(problemOf(error), name).to.include({ rule: "names" }),
      );
  });

  it("fails with 1 for a wrong query, with a caret under the error", async () => {
    const { code, stderr } = await asMerchant("SELECT id,\n\tagee\nFROM merchant.users");
    expect(code).to.equal(1);
    expect(stderr.split("\n").slice(1, 4)).to.deep.equal([
      "error: Unrecognized name: agee; Did you mean age? [line 2, column 9]",
      "          agee",
      "          ^",
    ]);
    const json = await asMerchant("--json", "SELECT FROM merchant.users");
    expect(json.code).to.equal(1);
    expect(JSON.parse(json.stdout).error).to.include({ rule: "GoogleSQL", line: 1, column: 8 });
  });

  it("reads the query from a file or standard input, also if it starts with a comment", async () => {
    const sql = "-- how many\nSELECT COUNT(*) AS users FROM merchant.users";
    const folder = await mkdtemp(join(tmpdir(), "query-"));
    try {
      // Some editors start a file with a byte order mark.
      await writeFile(join(folder, "a.sql"), `\uFEFF${sql}`);
      const fromFile = await asMerchant("--file", join(folder, "a.sql"));
      expect(fromFile.stdout).to.include("users\n");
      // PowerShell's > writes UTF-16.
      await writeFile(join(folder, "c.sql"), `\uFEFF${sql}`, "utf16le");
      expect((await asMerchant("--file", join(folder, "c.sql"))).stdout).to.equal(fromFile.stdout);
      await writeFile(join(folder, "d.sql"), Buffer.from("SELECT 1 AS \xff", "latin1"));
      expect((await asMerchant("--file", join(folder, "d.sql"))).stderr).to.match(
        /d\.sql is not text in UTF-8: save it/,
      );
      expect((await asMerchant(sql)).stdout).to.equal(fromFile.stdout);
      const child = spawn(process.execPath, [
        "--disable-warning=ExperimentalWarning",
        program,
        "--out",
        small.folder,
        "--as",
        "merchant",
      ]);
      child.stdin.end(sql);
      expect(await text(child.stdout)).to.equal(fromFile.stdout);
      expect((await asMerchant("--file", join(folder, "b.sql"))).stderr).to.match(/error: --file .* cannot be read/);
      const endless = await asMerchant("--file", "/dev/zero");
      expect(endless.stderr).to.match(/the query in --file \/dev\/zero is too large: at most 1,048,576 characters/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses wrong settings with exit code 1 and lists the allowed values", async () => {
    for (const [args, said] of [
      [["SELECT 1"], "--as is missing"],
      [["--as", "bank", "SELECT 1"], '--as is "bank": use merchant or wallet'],
      [["--as", "wallet", "--json=yes", "SELECT 1"], "--json takes no value"],
      [["--as", "wallet", "SELECT 1", "SELECT 2"], '"SELECT 2" is not understood'],
      [["--as", "wallet", "--file", "a.sql", "SELECT 1"], "both --file and a query"],
      [["--as", "wallet", " "], '"SQL" is " ": use a value that is not empty'],
    ] as const) {
      const { code, stderr } = await query(...args);
      expect(code, said).to.equal(1);
      expect(stderr)
        .to.include(said)
        .and.not.match(/^\s+at /m);
    }
  });

  it("reports wrong settings as JSON too", async () => {
    for (const [args, message] of [
      [["SELECT 1"], "--as is missing: use --as merchant or --as wallet"],
      [["--as", "bank", "SELECT 1"], '--as is "bank": use merchant or wallet'],
      [["--as", "wallet", "--rows=3", "SELECT 1"], "--rows is not a setting"],
      [["--as", "wallet", ""], '"SQL" is "": use a value that is not empty'],
    ] as const) {
      const { code, stdout, stderr } = await query("--json", ...args);
      expect([code, stderr], message).to.deep.equal([1, ""]);
      expect(JSON.parse(stdout)).to.deep.equal({ error: { rule: "settings", message } });
    }
  });

  it("says how to make a rehearsal if there is none", async () => {
    const { code, stderr } = await asMerchant("--out", join(small.folder, "nothing"), "SELECT 1");
    expect([code, stderr]).to.deep.equal([
      1,
      `\nerror: there is no rehearsal in ${join(small.folder, "nothing")} yet: run npm start first\n`,
    ]);
  });

  it("explains which rules applied, and tells only the owner how many groups were suppressed", async () => {
    const other = await asMerchant("--explain", byCity);
    expect(other.stdout)
      .to.include("View linked.people_open, which the e-wallet owns")
      .and.include("Threshold in force: 3 distinct hashed_email")
      .and.include("Groups suppressed: perhaps some");
    const mine = byCity.replace("linked.", "ewallet_provider_shared.");
    const owner = await query("--as", "wallet", "--explain", mine);
    expect(owner.stdout).to.include("Groups suppressed: 1\n");
    expect((await asMerchant("--json", byCity)).stdout).not.to.include("suppressedGroups");
    const refused = await asMerchant("--explain", "SELECT note FROM linked.people_open");
    expect(refused.stderr).to.include("View linked.people_open, which the e-wallet owns");
  });

  it("shows an owner both parts of a privacy budget", () => {
    const counts = { asked: 20, answered: 20, refused: 0, failed: 0, suppressed: 0 };
    const budget = { epsilon: { left: 1, of: 3 }, delta: { left: 0, of: 0.00002 } };
    const text = usageText({ owner: "wallet", views: [{ view: "noisy", ...counts, ...budget }], refusedBy: [] });
    expect(text).to.match(/^noisy +1 of 3 +0 of 0\.00002$/m);
  });

  it("shows an owner, and nobody else, who queried its views with --usage", async () => {
    await rm(join(small.folder, LOG_FILE), { force: true });
    expect((await asMerchant(byCity)).code).to.equal(0);
    expect((await asMerchant("SELECT note FROM linked.people_open")).code).to.equal(77);
    const { code, stdout } = await query("--as", "wallet", "--usage");
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^people_open +2 +1 +1 +0 +1$/m)
      .and.match(/^people_joined +0 +0 +0 +0 +0$/m)
      // A list overlap suppresses no group.
      .and.match(/^people_overlap +0 +0 +0 +0 *$/m)
      .and.match(/^aggregation threshold +1$/m);
    // A view is not a template as well.
    expect(stdout.match(/^people_open /gm)).to.have.length(1);
    const rows = JSON.parse((await query("--as", "wallet", "--usage", "--json")).stdout);
    expect(rows).to.have.length(2);
    expect(rows[0]).to.include({
      dataset_id: "ewallet_provider_shared",
      table_id: "people_open",
      data_exchange_id: "ewallet_provider_clean_room",
      linked_dataset_id: "linked",
      job_principal_subject: "merchant",
      outcome: "answered",
      groups_suppressed: 1,
      calls: null,
    });
    expect(rows[1]).to.include({ outcome: "refused", rule: "aggregation threshold", rows: null });
    expect((await asMerchant("--usage", "--json")).stdout).to.equal("[]\n");
    expect((await asMerchant("--usage", "SELECT 1")).stderr).to.include("--usage takes no query");
    expect((await asMerchant("--usage", "--csv")).stderr).to.include("--usage prints no CSV");
  });

  it("changes nothing but the owner's log, whatever the query", async () => {
    const state = async () => {
      const hash = createHash("sha256");
      for (const file of (await readdir(small.folder)).filter((name) => name !== LOG_FILE).sort())
        hash.update(file).update(await readFile(join(small.folder, file)));
      return hash.digest("hex");
    };
    const before = await state();
    for (const sql of [
      "INSERT INTO merchant.users (id) VALUES (7)",
      "DELETE FROM merchant.users WHERE TRUE",
      "CREATE TABLE merchant.copy AS SELECT 1 AS x",
      "DROP VIEW linked.people_open",
      "ALTER VIEW linked.people_open SET OPTIONS (privacy_policy = '{}')",
      "EXPORT DATA OPTIONS (uri = 'gs://a/*.csv', format = 'CSV') AS SELECT 1",
      "SELECT 1; DROP TABLE merchant.users",
      "BEGIN TRANSACTION",
      "COPY merchant.users TO 'users.csv'",
      "PRAGMA database_size",
    ])
      await small.room.ask("merchant", sql).then(
        () => expect.fail(`${sql} was run`),
        (error) => expect(problemOf(error)?.rule, sql).to.equal("GoogleSQL"),
      );
    expect((await asMerchant(byCity)).code).to.equal(0);
    expect(await state()).to.equal(before);
  });
});
