import { readFileSync, writeFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { explanationLines, problemLines } from "analysis-rules";
import { PARTIES, type Party, parties } from "../../cleanroom/party.ts";
import { messageOf } from "../../generator/errors.ts";
import { answerCsv, answerTable } from "../answers.ts";
import { coloured, formatRows, rowsInWords, visible, WIDTH, wrap, wrapProblem } from "../terminal.ts";
import { usageText } from "../usage.ts";
import { completed } from "./completion.ts";
import { askedTable, budgetText, describedText, seenText, templatesText } from "./seen-text.ts";
import type { Answered, Explained, Refused, Session } from "./session.ts";
import { isOnlyComments, statementsIn } from "./statements.ts";

/* The shell of `npm run query`, in which a person asks as either party. */

/** The ways to print an answer. */
const FORMATS = ["table", "csv", "json"] as const;
type Format = (typeof FORMATS)[number];

/** The answer to `\help`. */
export const HELP = `Type a query in GoogleSQL, on one line or more, and end it with a semicolon.

\\as merchant|wallet      ask as this party
\\d                       list the tables, views and templates that you can name
\\d NAME                  show columns, rule, and how to join it or call it
\\templates               list the query templates and what they answer
\\explain QUERY;          show a query's rules, and what it would spend
\\explain                 the same for the last query
\\budget                  show what is left of the privacy budgets
\\asked                   show who queried your views
\\format table|csv|json   choose how answers are printed
\\q                       leave (or Ctrl-D)

Tab completes names. Ctrl-C stops a query, or discards the lines that you typed.`;

/** The number of questions that `\asked` lists. */
const NEWEST = 5;

/** The settings of a shell. */
export interface ShellOptions {
  /** The party that asks until `\as` names another one. */
  readonly party: Party;
  /** The file that keeps the lines that were typed, for the next shell. */
  readonly history: string;
}

/** Runs the shell until its input ends. Leaves the session open. */
export async function runShell(session: Session, options: ShellOptions): Promise<void> {
  let { party } = options;
  let format: Format = "table";
  let typed = "";
  let typedLines = 0;
  let last: string | undefined;
  let running: AbortController | undefined;
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    history: readHistory(options.history),
    historySize: 500,
    removeHistoryDuplicates: true,
    completer: (line: string) => completed(session, party, typed, line, lines.line.slice(line.length)),
  });
  const prompt = () => {
    // Lines after the first are aligned with it.
    lines.setPrompt(typed === "" ? `${party}> ` : `${" ".repeat(party.length - 1)}-> `);
    lines.prompt();
  };

  const commands: Readonly<Record<string, (argument: string) => Promise<void> | void>> = {
    as(argument) {
      const wanted = PARTIES.find((each) => each === argument.toLowerCase());
      if (wanted === undefined) return fail(`\\as takes ${PARTIES.join(" or ")}`);
      party = wanted;
      console.log(`You are ${parties[party].title} now.`);
    },
    d(argument) {
      if (argument === "") return console.log(seenText(session.tables(party), session.templates(party), party));
      const found = session.describe(party, argument);
      if (found.kind === "refused") printRefusal(found, "");
      else console.log(describedText(found, party));
    },
    templates() {
      const texts = templatesText(session.templates(party), party);
      console.log(texts.length === 0 ? "There are no query templates." : texts.join("\n").trimEnd());
    },
    async explain(argument) {
      const sql = argument === "" ? last : argument.replace(/;\s*$/, "");
      if (sql === undefined) return fail("\\explain needs a query, since you have not asked one yet");
      const found = await stoppable((signal) => session.explain(party, sql, { signal }));
      if (found.kind === "refused") printRefusal(found, sql);
      else printExplanation(found);
    },
    async budget() {
      const budgets = await session.budget(party);
      console.log(
        budgets.length === 0 ? "No view that you can read has a privacy budget." : budgetText(budgets, WIDTH),
      );
    },
    async asked() {
      const { questions, ...usage } = await session.asked(party);
      console.log(usageText(usage, WIDTH));
      const newest = questions
        .slice(-NEWEST)
        .map(({ job_start_time, job_principal_subject, outcome, resources }) => [
          job_start_time.slice(11, 19),
          job_principal_subject,
          outcome,
          resources.map(({ table_id }) => table_id).join(", "),
        ]);
      if (newest.length > 0)
        console.log(`\n${formatRows(["last, in UTC", "party", "", "asked"], newest, "", "", WIDTH)}`);
    },
    format(argument) {
      const wanted = FORMATS.find((each) => each === argument.toLowerCase());
      if (wanted === undefined) return fail(`\\format takes ${FORMATS.join(", ")}; it is ${format}`);
      format = wanted;
    },
    help: () => console.log(HELP),
    q: () => lines.close(),
  };

  async function ask(sql: string): Promise<void> {
    const table = askedTable(sql);
    if (table !== undefined) return commands.d?.(table);
    last = sql;
    const outcome = await stoppable((signal) => session.ask(party, sql, { signal }));
    if (outcome.kind === "refused") printRefusal(outcome, sql);
    else printAnswer(outcome, format);
  }

  /** Works until Ctrl-C stops it. */
  async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    running = new AbortController();
    try {
      return await work(running.signal);
    } finally {
      running = undefined;
    }
  }

  /** The work of a line that is a command; undefined for a line of a query, and for one that begins to explain a query. */
  function commandIn(line: string): (() => Promise<void> | void) | undefined {
    const [word] = /^\s*(help|exit|quit)(?=\s*;?\s*$)/i.exec(line) ?? [];
    if (word !== undefined) return () => commands[word.trim().toLowerCase() === "help" ? "help" : "q"]?.("");
    const [, name, argument = ""] = /^\s*\\(\?|[^\s;]*)\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || (name === "explain" && argument !== "" && !argument.endsWith(";"))) return undefined;
    const wanted = name === "?" ? "help" : name;
    const command = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined;
    if (command === undefined) return () => fail(`there is no \\${name}: \\help lists the commands`);
    // Commands need no semicolon, and people who end their queries with one type it nevertheless.
    return () => command(name === "explain" ? argument : argument.replace(/\s*;$/, ""));
  }

  async function take(line: string): Promise<void> {
    const command = typed === "" ? commandIn(line) : undefined;
    if (command !== undefined) return command();
    typedLines = typed === "" ? 1 : typedLines + 1;
    typed = typed === "" ? line : `${typed}\n${line}`;
    // Nothing to ask yet: a line of comments alone must not make the next command a part of a query.
    if (isOnlyComments(typed)) typed = "";
    const explained = /^\s*\\explain\s+/.exec(typed)?.[0];
    const { complete, rest } = statementsIn(typed.slice(explained?.length ?? 0));
    if (complete.length === 0) {
      // A semicolon alone.
      if (rest.trim() === "") typed = "";
      return;
    }
    joinHistory(lines, typedLines);
    typed = rest.trim() === "" ? "" : rest.trim();
    for (const statement of complete) await (explained ? commands.explain?.(statement) : ask(statement));
  }

  console.log(
    wrap(
      `You are ${parties[party].title}. \\help lists the commands, \\d lists what you can name. End a query with a semicolon.`,
    ),
  );
  lines.on("SIGINT", () => {
    if (running) return running.abort();
    if (typed === "" && lines.line === "") console.log("\nTo leave, type \\q or Ctrl-D.");
    else console.log("^C");
    typed = "";
    // Readline keeps the typed line unless it is told to delete it.
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    prompt();
  });
  prompt();
  let work: Promise<void> = Promise.resolve();
  lines.on("line", (line) => {
    // Lines that were pasted wait for the ones before them.
    work = work
      .then(() => take(line))
      .catch((error) => fail(messageOf(error)))
      .then(() => {
        if (!closed) prompt();
      });
  });
  let closed = false;
  await new Promise<void>((resolve) => {
    lines.on("history", (history: string[]) => writeHistory(options.history, history));
    lines.on("close", () => {
      closed = true;
      running?.abort();
      console.log("");
      resolve();
    });
  });
  await work;
}

/** Joins the lines of a statement to one line of the history, unless a comment would swallow its end. */
function joinHistory(lines: Interface, count: number): void {
  // Node's types leave the property out. It is part of readline's documented interface since Node 15.
  const { history } = lines as Interface & { history?: string[] };
  const statement = history?.slice(0, count).reverse();
  if (count > 1 && statement?.length === count && !statement.some((line) => /--|#/.test(line)))
    history?.splice(0, count, statement.map((line) => line.trim()).join(" "));
}

function fail(message: string): void {
  console.log(coloured("red", wrap(message)));
}

function printAnswer(answer: Answered, format: Format): void {
  const { columns, rows, explanation, notes, milliseconds } = answer;
  if (format === "json") console.log(JSON.stringify({ columns, rows, explanation }));
  else if (format === "csv") process.stdout.write(answerCsv(answer));
  else console.log(answerTable(answer, WIDTH, "\\format json"));
  if (format !== "table") return;
  console.log(
    coloured(
      "dim",
      [`(${rowsInWords(rows.length)}, ${milliseconds} ms)`, ...notes.map((note) => wrap(note))].join("\n"),
    ),
  );
}

function printRefusal({ problem, rules }: Refused, sql: string): void {
  const [message = "", ...more] = problemLines(problem, sql).map((line) => visible(line, "\n"));
  const isAboutRule = problem.rule !== "names" && problem.rule !== "GoogleSQL";
  // The last line is the rule's name, and "(names)" means nothing to the person who typed.
  const told = isAboutRule ? more : more.slice(0, -1);
  console.log(
    [
      coloured("red", wrap(message)),
      ...told.map((line) => wrapProblem(line)),
      ...(isAboutRule ? rules : []).map(({ view, rule }) => coloured("dim", wrap(`${view}: ${rule}`))),
    ].join("\n"),
  );
}

function printExplanation({ explanation, notes }: Explained): void {
  console.log(wrap([...explanationLines(explanation), ...notes].join("\n")));
}

function readHistory(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    writeFileSync(file, history.join("\n"), { mode: 0o600 });
  } catch {
    // If the folder cannot be written, there is no history.
  }
}
