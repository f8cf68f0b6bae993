import { createReadStream } from "node:fs";
import { join } from "node:path";
import { explanationLines, isRefused, problemLines, problemOf, type Room, readRoom, ruleLines } from "analysis-rules";
import { PARTIES, type Party } from "../cleanroom/party.ts";
import { resolveFromCaller } from "../generator/caller-folder.ts";
import { isUserError, messageOf, NO_ACCESS, runMain, UserError } from "../generator/errors.ts";
import { argument, flag, readOptions, text } from "../generator/options.ts";
import { answerCsv, answerTable } from "./answers.ts";
import { partyIsMissing, partyOption } from "./party-option.ts";
import { openRehearsedRoom, roomFile } from "./rehearsed-room.ts";
import { keepLater } from "./room/keep-later.ts";
import { notesOf } from "./room/notes.ts";
import { seenNamed, seenTables, seenTemplates } from "./room/seen.ts";
import { askedTable, describedText, seenText } from "./room/seen-text.ts";
import { openSession } from "./room/session.ts";
import { runShell } from "./room/shell.ts";
import { visible, WIDTH, wrap, wrapProblem } from "./terminal.ts";
import { usageOf, usageRows, usageText } from "./usage.ts";

/*
 * `npm run query`: asks one query as one party, in the clean room that `npm start` made. Prints the answer to standard output and
 * errors to standard error. With --json, prints either as one JSON object to standard output. Exit codes: 0 for an answer, 1 for a
 * wrong query or setting, 77 if a rule refuses the query or if the query names something that the party cannot see.
 *
 * Without a query, on a terminal, it starts a shell.
 */

/** As many as the longest query that is answered may have, in characters of four bytes. */
const MOST_BYTES = 4 << 20;

const settings = {
  as: partyOption("the party that asks"),
  json: flag("print one JSON object: columns, rows and explanation, or error"),
  csv: flag("print the answer as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front"),
  raw: flag("with --csv: leave that apostrophe out, for a program that is not a spreadsheet"),
  explain: flag("also print the rules that applied"),
  tables: flag("list the tables, views and query templates that the party can name"),
  usage: flag(
    "count the queries of the party's views and the calls of its templates, and show what is left of the privacy budgets",
  ),
  out: text("folder that npm start wrote to", ".local"),
  file: text("file with the query", undefined),
  sql: argument(
    "the query, in GoogleSQL; without it, --file or standard input is read, and on a terminal a shell starts",
  ),
};

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  try {
    await follow(
      readOptions(
        'npm run -s query -- --as PARTY [settings] ["SQL"]: asks the clean room as one of its parties',
        settings,
        args,
      ),
    );
  } catch (error) {
    if (!args.includes("--json") || !isUserError(error)) throw error;
    // Show only the message, without the list of all settings that may follow.
    const [message] = error.message.split("\n\n");
    console.log(JSON.stringify({ error: { rule: "settings", message } }));
    process.exitCode = error.exitCode;
  }
}

type Settings = ReturnType<typeof readOptions<typeof settings>>;

const hasQuery = ({ file, sql }: Settings): boolean => file !== undefined || sql !== undefined;

/** Settings that do not go together, and what to do about each. */
const clashes: readonly (readonly [clash: (given: Settings) => boolean, cure: string])[] = [
  [
    (given) => given.tables && (given.usage || hasQuery(given)),
    "--tables takes no query and no --usage: leave one of the two out",
  ],
  [(given) => given.usage && hasQuery(given), "--usage takes no query: leave one of the two out"],
  [({ usage, csv }) => usage && csv, "--usage prints no CSV: leave --csv out, or use --json"],
  [({ tables, csv, json }) => tables && (csv || json), "--tables prints text only: leave --csv and --json out"],
  [({ file, sql }) => file !== undefined && sql !== undefined, "both --file and a query are given: leave one out"],
  [({ raw, csv }) => raw && !csv, "--raw is for --csv: add that, or leave --raw out"],
  [({ json, csv }) => json && csv, "both --json and --csv are given: leave one out"],
];

/** Does what the settings say: starts a shell, shows the usage or the tables, or asks the query. */
async function follow(given: Settings): Promise<void> {
  const { as, tables, usage } = given;
  const folder = resolveFromCaller(given.out);
  if (!tables && !usage && !hasQuery(given) && process.stdin.isTTY) return startShell(folder, as ?? "merchant");
  if (as === undefined) throw partyIsMissing();
  const wrong = clashes.flatMap(([clash, cure]) => (clash(given) ? [cure] : []));
  if (wrong.length > 0) throw new UserError(wrong.join("\n       "));
  if (usage) return showUsage(folder, as, given.json);
  if (tables) return showTables(folder, as, "");
  const sql = await readQuery(given);
  const table = askedTable(sql);
  if (table !== undefined) return showTables(folder, as, table);
  return ask(folder, as, sql, given);
}

/** The query itself, of the arguments, a file or standard input. */
async function readQuery({ file, sql: given }: Settings): Promise<string> {
  const read = async () =>
    file === undefined
      ? queryIn("standard input", process.stdin)
      : queryIn(`--file ${file}`, createReadStream(resolveFromCaller(file)));
  // Some editors start a file with a byte order mark.
  const sql = (given ?? (await read())).replace(/^\uFEFF/, "");
  if (sql.trim() === "") throw new UserError("the query is empty");
  return sql;
}

async function ask(folder: string, party: Party, sql: string, { json, csv, raw, explain }: Settings): Promise<void> {
  const room = await openRehearsedRoom(folder, { soon: [party] });
  // A program that reads a pipe needs no broken names.
  const width = process.stdout.isTTY ? WIDTH : Number.POSITIVE_INFINITY;
  try {
    const answer = await room.ask(party, sql);
    if (json) return console.log(JSON.stringify(answer));
    if (csv) process.stdout.write(answerCsv(answer, raw));
    else console.log(answerTable(answer, width));
    // Noise and missing groups are easily overlooked, so print them even without --explain.
    const notes = notesOf(answer.explanation);
    if (!explain && notes.length > 0) console.error(`\n${wrap(notes.join("\n"))}`);
    if (explain) console.log(wrap(["", ...explanationLines(answer.explanation)].join("\n"), "", width));
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    process.exitCode = isRefused(error) ? NO_ACCESS : 1;
    if (json) return console.log(JSON.stringify({ error: problem }));
    const rules = explain ? ["", ...(await room.rulesFor(party, sql)).flatMap(ruleLines)] : [];
    const [message, ...more] = problemLines(problem, sql).map((line) => visible(line, "\n"));
    const told = [`error: ${message}`, ...more].map((line) => wrapProblem(line, width));
    console.error(["", ...told, ...rules.map((line) => wrap(line, "", width))].join("\n"));
  } finally {
    await room.close();
    // The tests run this file directly, without command.mjs.
    if (process.env.ROOM_COMMAND !== undefined) keepLater(folder);
  }
}

async function startShell(folder: string, party: Party): Promise<void> {
  const session = await openSession(folder, { soon: [...PARTIES] });
  try {
    await runShell(session, { party, history: join(folder, "query-history") });
  } finally {
    await session.close();
    if (process.env.ROOM_COMMAND !== undefined) keepLater(folder);
  }
}

/** Prints all tables that a party can name, or describes one of them. */
function showTables(folder: string, party: Party, name: string): void {
  const room = roomIn(folder);
  const found = name === "" ? undefined : seenNamed(room, party, name);
  if (found === undefined) console.log(seenText(seenTables(room, party), seenTemplates(room, party), party));
  else if ("kind" in found) console.log(describedText(found, party));
  else throw new UserError([found.message, found.advice].join("; "));
}

/** The description of the clean room that a rehearsal made in a folder. */
function roomIn(folder: string): Room {
  return readRoom(roomFile(folder));
}

/** Prints an owner's log: with --json one row for each query and view, else the counts. */
async function showUsage(folder: string, owner: Party, json: boolean): Promise<void> {
  // Throws if there is no rehearsal.
  roomIn(folder);
  if (json) return console.log(JSON.stringify(await usageRows(owner, folder)));
  console.log(usageText(await usageOf(owner, folder), WIDTH));
}

/** The query in a stream, which need not end: a device, or the output of a program that repeats itself. */
async function queryIn(from: string, stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > MOST_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new UserError(`${from} cannot be read: ${messageOf(error)}`);
  }
  if (length > MOST_BYTES) throw new UserError(`the query in ${from} is too large: at most 1,048,576 characters`);
  return queryText(from, Buffer.concat(chunks));
}

/** The text of a query. PowerShell's > writes UTF-16, which begins with a mark. */
function queryText(from: string, bytes: Buffer): string {
  const encoding = { fffe: "utf-16le", feff: "utf-16be" }[bytes.subarray(0, 2).toString("hex")] ?? "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`the query in ${from} is not text in UTF-8: save it as UTF-8`);
  }
}

await runMain(main);
