import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type Answer,
  type CleanRoom,
  type Explanation,
  problemLines,
  problemOf,
  type Room,
  readRoom,
  summaryOf,
  type ViewRule,
} from "analysis-rules";
import { otherParty, PARTIES, parties } from "../cleanroom/party.ts";
import { templates } from "../cleanroom/templates.ts";
import { readUseCases, type UseCase } from "../cleanroom/use-cases.ts";
import { shareViews } from "../cleanroom/views.ts";
import { UserError } from "../generator/errors.ts";
import type { CleanRoomData, SharingParty, UseCaseAnswer } from "../report/clean-room/shape.ts";
import { ruleOf } from "../report/clean-room/sharing.ts";
import { answerTemplates } from "./answer-templates.ts";
import { ANSWERS_FILE, type AnswerOptions, answerCsv, answerTable, asFigure } from "./answers.ts";
import { openRehearsedRoom, ROOM_FILE } from "./rehearsed-room.ts";
import { indented, rowsInWords, WIDTH, wrap, wrapProblem } from "./terminal.ts";

/** The number of answers that are printed, if not all are. */
const SHOWN = 2;

/**
 * Asks each use case's question in the rehearsed clean room, as the use case's party, and calls each query template. Prints the first
 * answers with the rules that applied, and writes all to a folder: as CSV, or as text if a rule refuses the query.
 * Throws UserError if a rule refuses a use case that should be answered, or the other way round. Any may be refused if the setting `templatesOnly`
 * names its view, or `sharedViews` changes it.
 */
export async function answerUseCases({ rehearsal, folder, screen, verbose, signal }: AnswerOptions): Promise<void> {
  const { step, print } = screen;
  await mkdir(folder, { recursive: true });
  const answers: UseCaseAnswer[] = [];
  const room = await openRehearsedRoom(rehearsal);
  const described = readRoom(join(rehearsal, ROOM_FILE));
  let until: unknown;
  try {
    const keep = async (useCase: UseCase, { extension, content, answered }: Outcome) => {
      await writeFile(join(folder, `${useCase.name}.${extension}`), content);
      const { refused, ...asked } = useCase;
      answers.push({ ...asked, ...answered });
    };
    const useCases = readUseCases();
    const ask = async (useCase: UseCase) => {
      signal.throwIfAborted();
      return await outcomeOf(room, useCase, changedViews(described, useCase));
    };
    const shown = verbose ? useCases : useCases.slice(0, SHOWN);
    for (const useCase of shown) {
      const outcome = await step(useCase.title, () => ask(useCase));
      print(`${wrap(useCase.question, "    ")}\n\n${indented(outcome.shown, "    ")}\n`);
      await keep(useCase, outcome);
    }
    const more = useCases.slice(shown.length);
    if (more.length > 0)
      await step(`${more.length} more questions`, async (show) => {
        let refused = 0;
        for (const useCase of more) {
          show(useCase.title);
          const [outcome] = await ask(useCase);
          if (outcome.answered.refused !== undefined) refused++;
          await keep(useCase, outcome);
        }
        return [undefined, `${more.length - refused} answered, ${refused} refused by a rule`];
      });
    await answerTemplates(room, folder, { screen, verbose, signal });
    const last = await room.ask("merchant", "SELECT MAX(DATE(created_at)) AS day FROM merchant.orders");
    until = last.rows[0]?.[0];
  } finally {
    await room.close();
  }
  const data: CleanRoomData = {
    ...(typeof until === "string" && { until }),
    parties: whoShares(described),
    useCases: answers,
  };
  await writeFile(join(folder, ANSWERS_FILE), JSON.stringify(data));
}

/** Each party's own tables, the views that the other party sees with their rules, and the query templates that it can call. */
function whoShares(room: Room): SharingParty[] {
  return PARTIES.map((name) => {
    const seenBy = (party: string) => room.parties[party]?.tables ?? [];
    const own = seenBy(name).filter(({ owner, rule }) => owner === name && rule === undefined);
    const shared = seenBy(otherParty(name)).filter(({ owner }) => owner === name);
    const callable = (room.parties[otherParty(name)]?.functions ?? []).map((called) => called.name);
    return {
      name,
      tables: own.map(({ table }) => table),
      shares: shared.flatMap(({ table, columns, rule }) =>
        rule === undefined ? [] : [{ view: table, columns: columns.map((column) => column.name), rule: ruleOf(rule) }],
      ),
      templates: templates
        .filter((template) => template.owner === name && callable.includes(template.name))
        .map((template) => ({ name: template.name, question: template.question, guards: template.guards })),
      linked: parties[name].linked,
    };
  });
}

/** The views of a use case that settings changed: it was written for the views as they are by default. */
function changedViews(room: Room, { party, sql }: UseCase): string[] {
  const tables = room.parties[party]?.tables ?? [];
  const { linked } = parties[party];
  return shareViews().views.flatMap(({ party: owner, name, columns, rule }) => {
    if (owner === party || !new RegExp(`\\b${linked}\\.${name}\\b`).test(sql)) return [];
    const found = tables.find((table) => table.dataset === linked && table.table === name);
    const same =
      isDeepStrictEqual(found?.rule, rule) &&
      isDeepStrictEqual(
        found?.columns.map((column) => column.name),
        columns.map((column) => column.name),
      );
    return same ? [] : [name];
  });
}

/** The output and the file of one use case. */
interface Outcome {
  /** The text on the screen. */
  readonly shown: string;
  /** The extension and the content of its file. */
  readonly extension: "csv" | "txt";
  readonly content: string;
  /** The parts that the report shows. */
  readonly answered: Pick<UseCaseAnswer, "columns" | "rows" | "rules" | "refused">;
}

async function outcomeOf(room: CleanRoom, useCase: UseCase, changed: readonly string[]): Promise<[Outcome, string]> {
  const { name, party, sql, refused } = useCase;
  let answer: Answer;
  try {
    answer = await room.ask(party, sql);
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    const lines = problemLines(problem, sql);
    const said = lines.join("\n");
    // The setting templatesOnly leaves a view's rows to query templates.
    const isReserved = problem.rule === "metadata only";
    if (problem.rule !== refused && !isReserved && changed.length === 0)
      throw new UserError(`${name}, asked by the ${party}: ${said}`);
    const rules = (await room.rulesFor(party, sql)).map(ruleOfView);
    const { rule, message, advice } = problem;
    const answered = { columns: [], rows: [], rules, refused: { rule, message, ...(advice && { advice }) } };
    return [
      {
        shown: lines.map((line) => wrapProblem(line, WIDTH - 4)).join("\n"),
        extension: "txt",
        content: `${said}\n`,
        answered,
      },
      isReserved
        ? "refused, because templatesOnly names its view"
        : problem.rule === refused
          ? `refused, as it should be for the ${party}`
          : `refused, because sharedViews changes ${changed.join(" and ")}`,
    ];
  }
  if (refused !== undefined && changed.length === 0)
    throw new UserError(`${name} should be refused by the rule "${refused}", but was answered`);
  const isEmpty = answer.rows.length === 0 && answer.explanation.thresholds.length > 0;
  const cure = isEmpty
    ? "\nNo group is that large: use data of a few thousand customers, or lower the threshold in the setting sharedViews"
    : "";
  const rules = wrap(`Rules: ${summaryOf(answer.explanation)}${cure}`, "", WIDTH - 4);
  const shown = `${answerTable(answer, WIDTH - 4)}\n\n${rules}`;
  const answered = {
    columns: answer.columns,
    rows: answer.rows.map((row) => row.map((value, index) => asFigure(value, answer.columns[index]?.type))),
    rules: rulesInForce(answer.explanation),
  };
  return [{ shown, extension: "csv", content: answerCsv(answer), answered }, rowsInWords(answer.rows.length)];
}

/** The rules that applied to an answer, as sentences for the report. */
function rulesInForce({ views, thresholds, budgets }: Explanation): string[] {
  return [
    ...views.map(ruleOfView),
    ...(views.some(({ rule }) => rule.startsWith("list overlap"))
      ? ["A list overlap shows the matching rows themselves: no rule hides small groups"]
      : []),
    ...thresholds.map(
      ({ threshold }) => `Groups with fewer than ${threshold} people are suppressed; their number is not shown`,
    ),
    ...budgets.map(
      ({ epsilonLeft, epsilonBudget, deltaLeft, deltaBudget }) =>
        `The figures contain noise and count each person only up to a bound; epsilon ${epsilonLeft} of ${epsilonBudget} and delta ${deltaLeft} of ${deltaBudget} are left in the privacy budget`,
    ),
  ];
}

function ruleOfView({ view, rule }: ViewRule): string {
  return `${view}: ${rule}`;
}
