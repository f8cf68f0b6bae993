import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Room } from "analysis-rules";
import { expect } from "chai";
import { answerUseCases } from "../../local/answer-use-cases.ts";
import { ANSWERS_FILE } from "../../local/answers.ts";
import { ROOM_FILE } from "../../local/rehearsed-room.ts";
import type { Screen } from "../../local/terminal.ts";
import type { CleanRoomData } from "../../report/clean-room/shape.ts";
import { usualRoom } from "../cleanroom/filled-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";

describe("The use cases", () => {
  const made = temporaryFolder();

  it("are refused where templatesOnly leaves a view to query templates, and the others are answered", async () => {
    const rehearsal = await usualRoom(made);
    const file = join(rehearsal, ROOM_FILE);
    const room = JSON.parse(readFileSync(file, "utf8")) as Room;
    const parties = Object.entries(room.parties).map(([name, party]) => {
      const tables = party.tables.map((table) =>
        table.dataset.startsWith("linked_") && table.table === "provider_users_shared"
          ? { ...table, metadataOnly: true }
          : table,
      );
      return [name, { ...party, tables }];
    });
    writeFileSync(file, JSON.stringify({ ...room, parties: Object.fromEntries(parties) }));
    const folder = mkdtempSync(join(made, "answers-"));
    const printed: string[] = [];
    const screen: Screen = {
      print: (text: string) => void printed.push(text),
      async step(name, work) {
        const [result, said] = await work(() => {});
        printed.push(`${name}: ${said}`);
        return result;
      },
    };
    await answerUseCases({ rehearsal, folder, screen, verbose: false, signal: new AbortController().signal });
    const { useCases } = JSON.parse(readFileSync(join(folder, ANSWERS_FILE), "utf8")) as CleanRoomData;
    const refused = useCases.filter((useCase) => useCase.refused?.rule === "metadata only");
    expect(refused.map(({ name }) => name)).to.include("02-segmentation-by-tier");
    expect(refused.length).to.be.below(useCases.length);
    expect(printed.join("\n")).to.match(/refused, because templatesOnly names its view/);
    // The templates read the view.
    expect(readdirSync(folder)).to.include("template-overlap_by_segment.csv");
  }).timeout(120_000);
});
