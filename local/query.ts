import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { PARTIES, type Party } from "../cleanroom/party.ts";
import { explanationLines, ruleLines } from "../cleanroom/rules/explain.ts";
import { isRefused, problemLines, problemOf } from "../cleanroom/rules/problem.ts";
import { openRoom } from "../cleanroom/rules/run.ts";
import { isUserError, messageOf, NO_ACCESS, runMain, UserError } from "../generator/errors.ts";
import { argument, flag, type Option, readOptions, text } from "../generator/options.ts";
import { resolveFromCaller } from "../generator/settings.ts";
import { answerTable } from "./answers.ts";

/*
 * `npm run query`: one query of one party, in the clean room that `npm start` made. The answer goes to standard output, what is wrong
 * with a query to standard error; with --json, either is one JSON object on standard output. Exit codes: 0 for an answer, 1 for a
 * query or a setting that is wrong, 77 for what a rule refuses and for names that the party cannot see.
 */

const party: Option<Party | undefined> = {
  help: `who asks: ${PARTIES.join(" or ")}`,
  default: undefined,
  parse: (given) => {
    const found = PARTIES.find((each) => each === given);
    if (found === undefined) throw PARTIES.join(" or ");
    return found;
  },
};

const settings = {
  as: party,
  json: flag("one JSON object: columns, rows and explanation, or error"),
  explain: flag("which rules decided what"),
  out: text("folder of the rehearsal", ".local"),
  file: text("file that holds the query", undefined),
  sql: argument("the query, in GoogleSQL; else it is read from --file or standard input"),
};

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  try {
    await ask(readOptions("npm run query --", settings, args));
  } catch (error) {
    if (!args.includes("--json") || !isUserError(error)) throw error;
    // What is wrong, without the list of all settings that may follow it.
    const [message] = error.message.split("\n\n");
    console.log(JSON.stringify({ error: { rule: "settings", message } }));
    process.exitCode = error.exitCode;
  }
}

type Settings = ReturnType<typeof readOptions<typeof settings>>;

async function ask({ as, json, explain, out, file, sql: given }: Settings): Promise<void> {
  if (as === undefined)
    throw new UserError(`--as is missing: use ${PARTIES.map((each) => `--as ${each}`).join(" or ")}`);
  if (file !== undefined && given !== undefined)
    throw new UserError("both --file and a query are given: leave one out");
  const read = given ?? (await (file === undefined ? fromStandardInput() : fromFile(file)));
  // The mark that some editors begin a file with is no part of the query.
  const sql = read.replace(/^\uFEFF/, "");
  if (sql.trim() === "") throw new UserError("the query is empty");
  const room = await openRoom(resolveFromCaller(out));
  try {
    const answer = await room.ask(as, sql);
    if (json) return console.log(JSON.stringify(answer));
    console.log(answerTable(answer));
    if (explain) console.log(["", ...explanationLines(answer.explanation)].join("\n"));
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    process.exitCode = isRefused(error) ? NO_ACCESS : 1;
    if (json) return console.log(JSON.stringify({ error: problem }));
    const rules = explain ? ["", ...(await room.rulesFor(as, sql)).flatMap(ruleLines)] : [];
    console.error(["", `error: ${problemLines(problem, sql).join("\n")}`, ...rules].join("\n"));
  } finally {
    room.close();
  }
}

async function fromFile(file: string): Promise<string> {
  try {
    return readFileSync(resolveFromCaller(file), "utf8");
  } catch (error) {
    throw new UserError(`--file ${file} cannot be read: ${messageOf(error)}`);
  }
}

async function fromStandardInput(): Promise<string> {
  if (process.stdin.isTTY) throw new UserError('no query is given: npm run query -- --as merchant "SELECT …"');
  return readAll(process.stdin);
}

await runMain(main);
