import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Room, RoomTable } from "analysis-rules";
import { expect } from "chai";
import { answerUseCases } from "../../local/answer-use-cases.ts";
import { ANSWERS_FILE } from "../../local/answers.ts";
import { ROOM_FILE } from "../../local/rehearsed-room.ts";
import type { Screen } from "../../local/terminal.ts";
import type { CleanRoomData } from "../../report/clean-room/shape.ts";
import { usualRoom } from "../cleanroom/filled-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";

describe("The use cases", function () {
  this.timeout(120_000);
  const made = temporaryFolder();

  /** Answers them in the usual room with another description of a view, as the other party sees it. */
  async function answered(view: string, change: (table: RoomTable) => RoomTable) {
    const rehearsal = await usualRoom(made);
    const file = join(rehearsal, ROOM_FILE);
    const room = JSON.parse(readFileSync(file, "utf8")) as Room;
    const parties = Object.entries(room.parties).map(([name, party]) => {
      const tables = party.tables.map((table) =>
        table.dataset.startsWith("linked_") && table.table === view ? change(table) : table,
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
    await answerUseCases({ rehearsal, folder, screen, verbose: true, signal: new AbortController().signal });
    const { useCases, until } = JSON.parse(readFileSync(join(folder, ANSWERS_FILE), "utf8")) as CleanRoomData;
    return { useCases, until, printed: printed.join("\n"), files: readdirSync(folder) };
  }

  it("are refused where templatesOnly leaves a view to query templates, and the others are answered", async () => {
    const { useCases, until, printed, files } = await answered("provider_users_shared", (table) => ({
      ...table,
      metadataOnly: true,
    }));
    const refused = useCases.filter((useCase) => useCase.refused?.rule === "metadata only");
    expect(refused.map(({ name }) => name)).to.include("02-segmentation-by-tier");
    expect(refused.length).to.be.below(useCases.length);
    expect(until).to.equal("2025-12-31");
    expect(printed).to.match(/refused, because templatesOnly names its view/);
    // The templates read the view.
    expect(files).to.include("template-overlap_by_segment.csv");
  });

  it("are refused where sharedViews changes a view that they need as it was, and the others are answered", async () => {
    const { useCases, printed } = await answered("users_shared", (table) => ({
      ...table,
      columns: table.columns.filter(({ name }) => ["hashed_email", "country"].includes(name)),
    }));
    const refused = useCases.filter((useCase) => useCase.refused);
    expect(refused.map(({ name }) => name)).to.deep.equal(["04-wallet-enrichment", "09-who-has-which-tier"]);
    expect(printed).to.match(/Wallet enrichment: refused, because sharedViews changes users_shared/);
  });

  it("name the cure where no group is large enough", async () => {
    const { printed } = await answered("provider_users_shared", (table) => ({
      ...table,
      rule: { ...table.rule, aggregationThreshold: { threshold: 1_000_000, privacyUnitColumn: "hashed_email" } },
    }));
    expect(printed).to.match(/No group is that large: use data of a few thousand customers,\s+or\s+lower/);
  });
});
