import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { summaryOf } from "../cleanroom/rules/explain.ts";
import { problemLines, problemOf } from "../cleanroom/rules/problem.ts";
import { type Answer, type CleanRoom, openRoom } from "../cleanroom/rules/run.ts";
import { readUseCases, type UseCase } from "../cleanroom/use-cases.ts";
import { UserError } from "../generator/errors.ts";
import { answerCsv, answerTable } from "./answers.ts";
import { count, step } from "./terminal.ts";

/**
 * Asks the use cases' questions in the rehearsed clean room, each as its party; prints each answer and what the rules did, and keeps
 * it in a folder: as CSV, or as text where a rule refuses the query. Throws UserError where a use case has not the outcome that it says.
 */
export async function answerUseCases(rehearsal: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const room = await openRoom(rehearsal);
  try {
    for (const useCase of readUseCases()) {
      const { shown, file, kept } = await step(useCase.title, () => outcomeOf(room, useCase));
      console.log(`      ${useCase.question}\n\n${indented(shown)}\n`);
      await writeFile(join(folder, `${useCase.name}.${file}`), kept);
    }
  } finally {
    room.close();
  }
}

interface Outcome {
  readonly shown: string;
  readonly file: "csv" | "txt";
  readonly kept: string;
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
    return [{ shown: said, file: "txt", kept: `${said}\n` }, `refused, as the ${party} may not know`];
  }
  if (refused !== undefined) throw new UserError(`${name} is to be refused by the rule "${refused}", and was answered`);
  const shown = `${answerTable(answer)}\n\nRules: ${summaryOf(answer.explanation)}`;
  return [{ shown, file: "csv", kept: answerCsv(answer) }, `${count(answer.rows.length)} rows`];
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "      ");
}
