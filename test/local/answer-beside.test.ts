import { expect } from "chai";
import type { Rehearsal } from "pulumi-rehearsal";
import { AnswersBeside } from "../../local/answer-beside.ts";
import { roomMade } from "../../local/clean-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";

describe("The answers beside a rehearsal", () => {
  const folder = temporaryFolder();

  it("do not wait for a job that the program no longer declares", async () => {
    const answers = new AnswersBeside(false);
    const rehearsal = { out: folder } as Rehearsal;
    await answers.adapter.besides?.(rehearsal);
    roomMade(rehearsal).resolve();
    const ended = await answers.finish().catch((error: NodeJS.ErrnoException) => error);
    // They begin with a copy of the warehouse, and there is none.
    expect(ended).to.include({ code: "ENOENT" });
  });
});
