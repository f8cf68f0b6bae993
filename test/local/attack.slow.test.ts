import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { recoverAddresses } from "../../local/attack-hashes.ts";
import { type AttackRoom, guesses, openAttackRoom, type Way } from "../../local/attack-room.ts";
import { type Scene, sceneOf } from "../../local/attack-scene.ts";
import { leastSquares } from "../../local/attack-statistics.ts";
import { onTemplate } from "../../local/attack-templates.ts";
import { outcomesText } from "../../local/attack-text.ts";
import { attacks, byBudget } from "../../local/attacks.ts";
import { roomFile } from "../../local/rehearsed-room.ts";
import { filledRoom } from "../cleanroom/filled-room.ts";
import { syntheticExport, temporaryFolder } from "../generator/thelook/merchant.ts";

/** The wins of each attack by the way of sharing: everything, nothing, a refusal, or no more than better guesses. */
const expected: Readonly<Record<string, Readonly<Record<Way, "all" | "refused" | "nothing" | "guesses">>>> = {
  "Reading the rows": { "list overlap": "all", threshold: "refused", "differential privacy": "refused" },
  "Probing with guessed addresses": { "list overlap": "all", threshold: "refused", "differential privacy": "refused" },
  "A condition in the aggregate": { "list overlap": "all", threshold: "all", "differential privacy": "guesses" },
  Differencing: { "list overlap": "all", threshold: "all", "differential privacy": "guesses" },
  "Averaging the noise": { "list overlap": "all", threshold: "nothing", "differential privacy": "guesses" },
  "Linear reconstruction": { "list overlap": "all", threshold: "all", "differential privacy": "nothing" },
  "The threshold's edge": { "list overlap": "all", threshold: "all", "differential privacy": "nothing" },
  Padding: { "list overlap": "all", threshold: "all", "differential privacy": "nothing" },
};

/** Puts both parties of a described room into one project, as the stack does by default. */
async function inOneProject(description: string): Promise<void> {
  const described = await readFile(description, "utf8");
  await writeFile(description, described.replaceAll(/the-(merchant|wallet)/g, "demo-project"));
}

describe("npm run attack", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  let room: AttackRoom;
  let scene: Scene;
  before(async () => {
    const rehearsal = await filledRoom(folder, await syntheticExport(0.025));
    await inOneProject(roomFile(rehearsal));
    room = await openAttackRoom(rehearsal);
    scene = await sceneOf(room);
  });
  after(() => room.close());

  it("tries every attack that is expected here", () => {
    expect(attacks.map(({ name }) => name)).to.have.members(Object.keys(expected));
  });

  for (const attack of attacks)
    for (const [way, wins] of Object.entries(expected[attack.name] ?? {}))
      it(`${attack.name}: wins ${wins} from ${way}`, async () => {
        const { right, of, byGuessing = 0, refusedBy } = await attack.run(scene, way as Way);
        expect(of).to.be.above(15);
        expect(refusedBy !== undefined, refusedBy).to.equal(wins === "refused");
        if (wins === "all") expect(right).to.equal(of);
        else if (wins === "guesses") expect(right).to.be.within(byGuessing / 3, of);
        else expect(right).to.equal(0);
      });

  it("has an attack on a query template for each attack on a view", () => {
    expect(Object.keys(onTemplate)).to.have.members(Object.keys(expected));
  });

  it("cannot write the query, or gets no row, for what one query reveals on a view", async () => {
    const once = ["Reading the rows", "Probing with guessed addresses", "A condition in the aggregate"];
    for (const name of [...once, "Linear reconstruction", "Padding"]) {
      const { right, of, refusedBy = "GoogleSQL" } = (await onTemplate[name]?.(scene)) ?? { right: 1, of: 0 };
      expect([right, refusedBy], name).to.deep.equal([0, "GoogleSQL"]);
      expect(of, name).to.be.above(15);
    }
  });

  it("tells members from others by many calls of a template that rounds counts", async () => {
    const often = await onTemplate["Averaging the noise"]?.(scene);
    expect(often?.right).to.be.within(7, 10);
  });

  const addresses = new Set(guesses());
  it("recovers every address from plain hashes, and from keyed ones only with the key", async () => {
    const emails = (await room.truth("SELECT email FROM merchant.users")).map(([email]) => String(email));
    const [plain, blind, insider] = await recoverAddresses(scene, [...emails, "nobody@example.com"]);
    expect(plain?.of).to.be.above(800);
    expect(emails.every((email) => addresses.has(email))).to.equal(true);
    expect([plain?.right, blind?.right, insider?.right]).to.deep.equal([plain?.of, 0, plain?.of]);
  });

  it("wins more about one person, the larger the privacy budget is", async () => {
    // One answer at epsilon 1 is right for 70 % of the persons, 20 for 98 %: chance leaves these bounds once in a million runs.
    const [small, large] = await byBudget(scene, [1, 20], 40);
    expect(small?.right).to.be.within(14, 39);
    expect(large?.right).to.be.within(32, 40);
  });
});

describe("The attacks' outcomes", () => {
  it("fit a usual terminal, and say which are guesses and which are less than wanted", () => {
    const all = { right: 86_104, of: 86_104 };
    const guesses = { right: 20, of: 20, byGuessing: 10 };
    const few = { right: 10, of: 10, only: "only who has a wallet" };
    const text = outcomesText(
      [
        {
          attack: "Probing with guessed addresses",
          won: [all, all, { right: 0, of: 20, refusedBy: "threshold" }, few],
        },
        { attack: "Differencing", won: [guesses, { ...guesses, right: 6 }, guesses, { right: 0, of: 20 }] },
      ],
      80,
    );
    expect(text.split("\n").every((line) => line.length <= 80)).to.equal(true);
    const [, probing = "", differencing = "", , ...notes] = text.split("\n").slice(2);
    expect(probing.split(/ {2,}/).slice(1)).to.deep.equal(["all 86,104", "all 86,104", "refused", "all 10 †"]);
    expect(differencing.split(/ {2,}/).slice(1)).to.deep.equal(["all 20", "6 of 20 *", "20 of 20 *", "nothing"]);
    expect(notes).to.have.members(["† only who has a wallet", "* guesses: blind ones are right about 10 of 20"]);
  });
});

describe("Least squares", () => {
  it("finds the values behind the sums", () => {
    const which = [
      [true, true, false],
      [false, true, true],
      [true, false, true],
      [true, true, true],
    ];
    const found = leastSquares(which, [1, 1, 2, 2]);
    expect(found.map((value) => Math.round(value * 1e3) / 1e3)).to.deep.equal([1, 0, 1]);
  });
});
