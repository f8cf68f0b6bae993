import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { explanationLines, isRefused, problemLines, problemOf, ruleLines } from "analysis-rules";
import { PARTIES, type Party } from "../cleanroom/party.ts";
import { resolveFromCaller } from "../generator/command-settings.ts";
import { isUserError, messageOf, NO_ACCESS, runMain, UserError } from "../generator/errors.ts";
import { argument, flag, type Option, readOptions, text } from "../generator/options.ts";
import { answerTable } from "./answers.ts";
import { openRehearsedRoom } from "./rehearsed-room.ts";

/*
 * `npm run query`: asks one query as one party, in the clean room that `npm start` made. Prints the answer to standard output and
 * errors to standard error. With --json, prints either as one JSON object to standard output. Exit codes: 0 for an answer, 1 for a
 * wrong query or setting, 77 if a rule refuses the query or if the query names something that the party cannot see.
 */

const party: Option<Party | undefined> = {
  help: `the party that asks: ${PARTIES.join(" or ")}`,
  default: undefined,
  parse: (given) => {
    const found = PARTIES.find((each) => each === given);
    if (found === undefined) throw PARTIES.join(" or ");
    return found;
  },
};

const settings = {
  as: party,
  json: flag("print one JSON object: columns, rows and explanation, or error"),
  explain: flag("also print the rules that applied"),
  out: text("folder that npm start wrote to", ".local"),
  file: text("file with the query", undefined),
  sql: argument("the query, in GoogleSQL; without it, --file or standard input is read"),
};

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  try {
    await ask(readOptions("npm run query --", settings, args));
  } catch (error) {
    if (!args.includes("--json") || !isUserError(error)) throw error;
    // Leave out the list of all settings that may follow.
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
  // Some editors start a file with a byte order mark.
  const sql = read.replace(/^\uFEFF/, "");
  if (sql.trim() === "") throw new UserError("the query is empty");
  const room = await openRehearsedRoom(resolveFromCaller(out));
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
    await room.close();
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
