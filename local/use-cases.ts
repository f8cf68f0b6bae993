import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Explanation, summaryOf, type ViewRule } from "../cleanroom/rules/explain.ts";
import { problemLines, problemOf } from "../cleanroom/rules/problem.ts";
import { type Answer, type CleanRoom, openRoom } from "../cleanroom/rules/run.ts";
import { readUseCases, type UseCase } from "../cleanroom/use-cases.ts";
import { UserError } from "../generator/errors.ts";
import type { UseCaseAnswer } from "../report/clean-room/shape.ts";
import { answerCsv, answerTable, asText } from "./answers.ts";
import { ANSWERS_FILE } from "./clean-room-report.ts";
import { count, step } from "./terminal.ts";

/**
 * Asks the use cases' questions in the rehearsed clean room, each as its party; prints each answer and what the rules did, and keeps
 * it in a folder: as CSV, or as text where a rule refuses the query. Throws UserError where a use case has not the outcome that it says.
 */
export async function answerUseCases(rehearsal: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const answers: UseCaseAnswer[] = [];
  const room = await openRoom(rehearsal);
  try {
    for (const useCase of readUseCases()) {
      const { shown, file, kept, answered } = await step(useCase.title, () => outcomeOf(room, useCase));
      console.log(`      ${useCase.question}\n\n${indented(shown)}\n`);
      await writeFile(join(folder, `${useCase.name}.${file}`), kept);
      answers.push({ ...useCase, ...answered });
    }
  } finally {
    room.close();
  }
  await writeFile(join(folder, ANSWERS_FILE), JSON.stringify(answers));
}

interface Outcome {
  readonly shown: string;
  readonly file: "csv" | "txt";
  readonly kept: string;
  /** For the report. */
  readonly answered: Pick<UseCaseAnswer, "columns" | "rows" | "rules" | "refused">;
}

async function outcomeOf(room: CleanRoom, useCase: UseCase): Promise<[Outcome, string]> {
  const { name, party, sql, refused } = useCase;
  let answer: Answer;
  try {
    answer = await room.ask(party, sql);
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    const said = problemLines(problem, sql).join("\n");
    if (problem.rule !== refused) throw new UserError(`${name}, asked by the ${party}: ${said}`);
    const rules = (await room.rulesFor(party, sql)).map(ruleOfView);
    const answered = { columns: [], rows: [], rules, refused: problem.message };
    return [{ shown: said, file: "txt", kept: `${said}\n`, answered }, `refused, as the ${party} may not know`];
  }
  if (refused !== undefined) throw new UserError(`${name} is to be refused by the rule "${refused}", and was answered`);
  const shown = `${answerTable(answer)}\n\nRules: ${summaryOf(answer.explanation)}`;
  const answered = {
    columns: answer.columns,
    rows: answer.rows.map((row) => row.map(asText)),
    rules: rulesInForce(answer.explanation),
  };
  return [
    { shown, file: "csv", kept: answerCsv(answer), answered },
    answer.rows.length === 1 ? "1 row" : `${count(answer.rows.length)} rows`,
  ];
}

/** What the report says beside an answer. */
function rulesInForce({ views, thresholds, budgets }: Explanation): string[] {
  return [
    ...views.map(ruleOfView),
    ...thresholds.map(({ threshold }) => `Groups of fewer than ${threshold} are held back, without a word of how many`),
    ...budgets.map(
      ({ epsilonLeft, epsilonBudget }) =>
        `Noise was added; of the budget, epsilon ${epsilonLeft} of ${epsilonBudget} is left`,
    ),
  ];
}

function ruleOfView({ view, rule }: ViewRule): string {
  return `${view}: ${rule}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "      ");
}
