import { execFile, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { ROOM_FILE } from "../../../local/rehearsed-room.ts";
import { completed } from "../../../local/room/completion.ts";
import { budgetText } from "../../../local/room/seen-text.ts";
import { openSession, type Session } from "../../../local/room/session.ts";
import { HELP } from "../../../local/room/shell.ts";
import { isOnlyComments, statementsIn } from "../../../local/room/statements.ts";
import { type Person, type SmallRoom, smallRoom } from "../../../packages/analysis-rules/test/small-room.ts";
import { ruleOf } from "../../../report/clean-room/sharing.ts";

const itInCI = process.env.CI ? it : it.skip;

const person: Person = { city: "Lviv", tier: "Free", verified: true, points: 1, score: 0.5, rows: 1, shared: true };
const program = join(import.meta.dirname, "../../../local/query.ts");

/** Types into a program on a terminal of 80 columns: after each text it waits for another one to appear. Prints what the terminal shows. */
const TYPIST = `
import fcntl, json, os, pty, re, select, struct, sys, termios, time
command, steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", NO_COLOR="1")
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
shown = ""
def wait(wanted, seconds=60):
    global shown
    seen, end = "", time.time() + seconds
    while wanted not in seen and time.time() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try: data = os.read(terminal, 65536)
            except OSError: break
            if not data: break
            seen += re.sub(r"\\x1b\\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace")).replace("\\r", "")
    shown += seen
wait("> ")
for typed, wanted in steps:
    os.write(terminal, typed.encode())
    wait(wanted)
print(shown)
print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe("The shell of npm run query", function () {
  this.timeout(120_000);
  let small: SmallRoom;
  let session: Session;
  before(async () => {
    small = await smallRoom([person, person, person, person]);
    await writeFile(join(small.folder, ROOM_FILE), JSON.stringify(small.options.room));
    session = await openSession(small.folder);
  });
  after(async () => {
    await session.close();
    await small.close();
  });

  const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "import pty"]).status === 0);

  (python === undefined ? it.skip : itInCI)(
    "answers, refuses, stops a query, changes sides and leaves, on a terminal",
    async () => {
      const slow =
        "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS a, UNNEST(GENERATE_ARRAY(1, 300000)) AS b WHERE a < b;";
      const steps = [
        ["\\d linked.people_open\n", "people"],
        ["SELECT COUNT(*) AS n\n", "-> "],
        ["FROM merchant.us", "us"],
        ["\t", "ers"],
        [";\n", "ms)"],
        ["SELECT note FROM linked.people_open;\n", "hashed_email\n"],
        [`${slow}\n`, "b;"],
        ["\u0003", "(cancelled)"],
        // It takes seconds to analyse, over several lines because a terminal takes 4,096 letters a line.
        ...Array.from({ length: 25 }, (_, index): [string, string] => [
          `${index === 0 ? "SELECT CASE" : ""} ${"WHEN id = 1 THEN 2 ".repeat(100)}\n`,
          "-> ",
        ]),
        ["END FROM merchant.users;\n", "users;"],
        ["\u0003", "(cancelled)"],
        ["\\explain SELECT CASE\n", "-> "],
        ...Array.from({ length: 25 }, (): [string, string] => [`${"WHEN id = 1 THEN 2 ".repeat(100)}\n`, "-> "]),
        ["END FROM merchant.users;\n", "users;"],
        ["\u0003", "(cancelled)"],
        // Back to the columns, when the table is there.
        ["SELECT MAX(u.i) AS top FROM merchant.users AS u", "AS u"],
        ["\u0001", ""],
        ["\u0006".repeat("SELECT MAX(u.i".length), ""],
        ["\t", "d"],
        ["\u0005;\n", "ms)"],
        ["\\format csv\n", "csv\nmerchant> "],
        ["SELECT '=1+1' AS x;\n", "'=1+1"],
        ["-- a note alone\n", "\nmerchant> "],
        ["\\as wallet\n", "wallet> "],
        ["\\explain SELECT 1;\n", "enforce."],
        ["; ;\n", "\nwallet> "],
        ["\\nothing\n", "\\help lists"],
        ["\\constructor\n", "\\constructor: \\help lists"],
        ["\\?\n", "discards the lines that you typed."],
        ["\\d people_open;\n", "wallet> "],
        ["\\d nobody\n", "Nothing that you can name is called nobody"],
        ["\u0004", "\n"],
      ];
      const command = [process.execPath, "--disable-warning=ExperimentalWarning", program, "--out", small.folder];
      const { stdout } = await promisify(execFile)(python as string, ["-c", TYPIST, JSON.stringify([command, steps])]);
      expect(stdout)
        .to.include("linked.people_open, a view that the e-wallet owns")
        .and.match(/FROM merchant\.users;\nn\n─\n5\n\(1 row, \d+ ms\)/)
        .and.include("You must use SELECT WITH AGGREGATION_THRESHOLD")
        .and.match(/(The query was cancelled[\s\S]+){3}/)
        .and.match(/\ntop\n─+\n/)
        .and.include("x\n'=1+1\n")
        .and.include("You are the e-wallet now.")
        .and.include("nothing to enforce")
        .and.match(/there is no \\nothing: \\help lists the commands/)
        .and.match(/exit 0\n$/);
      // The lines of a statement are one line of the history.
      expect(await readFile(join(small.folder, "query-history"), "utf8")).to.include(
        "SELECT COUNT(*) AS n FROM merchant.users;",
      );
    },
  );

  it("has help that fits a terminal of 80 columns", () => {
    expect(HELP.split("\n").filter(({ length }) => length > 80)).to.deep.equal([]);
  });

  it("shows both parts of a privacy budget, as docs/clean-room.md has it", async () => {
    const text = budgetText([
      {
        ...{ view: "linked_ewallet_provider.transactions_private", owner: "wallet" },
        ...{ epsilonLeft: 2, epsilonBudget: 3, epsilonPerQuery: 1, deltaLeft: 0.000019, deltaBudget: 0.00002 },
      },
    ]);
    expect(text).to.match(/\b2 of 3 +0\.000019 of 0\.00002$/);
    expect(text.split("\n").every(({ length }) => length <= 80)).to.equal(true);
    const guide = await readFile(new URL("../../../docs/clean-room.md", import.meta.url), "utf8");
    expect(guide).to.include(`merchant> \\budget\n${text}\n`);
  });

  it("says of a list overlap whether rows match on one column or on all", () => {
    const shows = (condition: "JOIN_ANY" | "JOIN_ALL") =>
      ruleOf({ joinRestriction: { condition, columns: ["email", "city"] } })?.shows;
    expect(shows("JOIN_ANY")).to.equal("rows that match on email or city");
    expect(shows("JOIN_ALL")).to.equal("rows that match on email and city");
  });

  it("ends a statement at a semicolon, and not at one in a string, a name or a comment", () => {
    for (const [text, complete, rest] of [
      ["SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"], ""],
      ["SELECT ';'; SELECT", ["SELECT ';'"], " SELECT"],
      ['SELECT "a\\";", \'b;\', `c;`;', ['SELECT "a\\";", \'b;\', `c;`'], ""],
      ["SELECT '''a;\n;''', \"\"\"b;\n\"\"\";", ["SELECT '''a;\n;''', \"\"\"b;\n\"\"\""], ""],
      ["SELECT 1 -- one;\n# two;\n/* three; */;", ["SELECT 1 -- one;\n# two;\n/* three; */"], ""],
      ["SELECT 'open;", [], "SELECT 'open;"],
      [";;", [], ""],
    ] as const)
      expect(statementsIn(text), text).to.deep.equal({ complete, rest });
  });

  it("takes lines of comments alone for nothing, so that a command may follow", () => {
    for (const text of ["", " ", "-- note", "# note\n-- note", "/* a;\nb */ ", "-- it's"])
      expect(isOnlyComments(text), text).to.equal(true);
    for (const text of ["SELECT 1 -- note", "-- note\nSELECT", "/* open", "/*/", "'-- text'", ";", "/* a */ '"])
      expect(isOnlyComments(text), text).to.equal(false);
  });

  it("completes commands, tables, and the columns of the tables that a statement names", () => {
    const at = (line: string, before = "", after = "") => completed(session, "merchant", before, line, after);
    expect(at("\\b")).to.deep.equal([["\\budget"], "\\b"]);
    expect(at("\\as w")).to.deep.equal([["wallet"], "w"]);
    expect(at("\\d linked.people_o")).to.deep.equal([
      ["linked.people_open", "linked.people_optional", "linked.people_overlap", "linked.people_overlap_all"],
      "linked.people_o",
    ]);
    expect(at("SELECT * FROM merch")).to.deep.equal([["merchant.users"], "merch"]);
    expect(at("WHERE p.ti", "SELECT 1 FROM linked.people_open AS p")).to.deep.equal([["p.tier"], "p.ti"]);
    expect(at("SELECT p.ti", "", " FROM linked.people_open AS p")).to.deep.equal([["p.tier"], "p.ti"]);
    expect(at("WHERE ver", "SELECT 1 FROM linked.people_open")).to.deep.equal([["verified"], "ver"]);
    expect(at("SELECT * FROM ewallet")[0]).to.deep.equal([]);
  });

  it("runs one query of a party at a time, and cancels one that waits", async () => {
    const cancelled = new AbortController();
    const order: string[] = [];
    const ask = (name: string, signal?: AbortSignal) =>
      session.ask("merchant", "SELECT COUNT(*) FROM merchant.users", signal && { signal }).then((outcome) => {
        order.push(name);
        return outcome.kind === "refused" ? outcome.problem.rule : outcome.kind;
      });
    const all = [ask("first"), ask("second", cancelled.signal), ask("third")];
    cancelled.abort();
    expect(await Promise.all(all)).to.deep.equal(["answer", "cancelled", "answer"]);
    expect(order).to.deep.equal(["first", "second", "third"]);
    const many = Array.from({ length: 40 }, () => ask("many"));
    expect((await Promise.all(many)).filter((outcome) => outcome === "limits")).to.have.length.within(1, 20);
  });

  it("stops checking a query that nobody waits for any more", async () => {
    const slow = `SELECT CASE ${"WHEN id = 1 THEN 2 ".repeat(2_000)} END FROM merchant.users`;
    const outcome = await session.explain("merchant", slow, { signal: AbortSignal.timeout(300) });
    expect(outcome).to.have.nested.property("problem.rule", "cancelled");
  });

  it("reads the room of a later npm start", async () => {
    const { parties } = small.options.room;
    const merchant = { ...(parties.merchant as (typeof parties)[string]), tables: [] };
    await writeFile(
      join(small.folder, ROOM_FILE),
      JSON.stringify({ ...small.options.room, parties: { ...parties, merchant } }),
    );
    const outcome = await session.ask("merchant", "SELECT COUNT(*) FROM merchant.users");
    expect(outcome).to.have.nested.property("problem.rule", "names");
    expect(session.tables("merchant")).to.deep.equal([]);
  });
});
