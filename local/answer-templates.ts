import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Answer, CleanRoom } from "analysis-rules";
import { otherParty, parties } from "../cleanroom/party.ts";
import { type QueryTemplate, templates } from "../cleanroom/templates.ts";
import { type AnswerOptions, answerCsv, answerTable } from "./answers.ts";
import { indented, rowsInWords, WIDTH, wrap } from "./terminal.ts";

/**
 * Calls each query template in the rehearsed clean room, as the party that it is offered to, with the call of its own example. Prints the
 * first call and its answer, and writes all answers to a folder as CSV: `template-NAME.csv`.
 */
export async function answerTemplates(
  room: CleanRoom,
  folder: string,
  { screen, verbose, signal }: Pick<AnswerOptions, "screen" | "verbose" | "signal">,
): Promise<void> {
  const { step, print } = screen;
  const answered = async (template: QueryTemplate): Promise<[Answer, string]> => {
    signal.throwIfAborted();
    const answer = await room.ask(otherParty(template.owner), template.example());
    await writeFile(join(folder, `template-${template.name}.csv`), answerCsv(answer));
    return [answer, rowsInWords(answer.rows.length)];
  };
  const shown = verbose ? templates : templates.filter(({ name }) => name === FIRST);
  for (const template of shown) {
    const answer = await step(`template ${template.name}`, () => answered(template));
    const asker = parties[otherParty(template.owner)].title;
    print(
      `${wrap(`Query template of ${parties[template.owner].title}, called by ${asker}: ${template.question}`, "    ")}\n`,
    );
    print(`${wrap(template.example(), "    ")}\n\n${indented(answerTable(answer, WIDTH - 4), "    ")}\n`);
  }
  const more = templates.filter((template) => !shown.includes(template));
  if (more.length > 0)
    await step(`${more.length} more query templates`, async (show) => {
      for (const template of more) {
        show(template.name);
        await answered(template);
      }
      return [undefined, "called; see cleanroom/templates"];
    });
}

/** The template that is printed, if not all are. */
const FIRST = "overlap_by_segment";
