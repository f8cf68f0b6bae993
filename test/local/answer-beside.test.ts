import { join } from "node:path";
import { expect } from "chai";
import type { Rehearsal } from "pulumi-rehearsal";
import { AnswersBeside } from "../../local/answer-beside.ts";
import { roomMade } from "../../local/clean-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";

describe("The answers beside a rehearsal", () => {
  const folder = temporaryFolder();

  /** Begins to answer in a folder without a room. */
  const begin = (name: string) => {
    const answers = new AnswersBeside(false);
    const rehearsal = { out: join(folder, name) } as Rehearsal;
    void answers.adapter.besides?.(rehearsal);
    roomMade(rehearsal).resolve(true);
    return answers;
  };
  const errorOf = (ended: Promise<void>) => ended.then(String, String);

  for (const wait of ["finished", "print"] as const)
    it(`do not wait for a job that the program no longer declares (${wait})`, async () => {
      expect(await errorOf(begin(wait)[wait]())).to.match(/there is no rehearsal in/);
    });
});
