import { expect } from "chai";
import fc from "fast-check";
import { Random, weighted } from "../../generator/random.ts";

const draws = (random: Random, count = 5) => Array.from({ length: count }, () => random.next());

describe("A random stream", () => {
  const keys = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

  it("is a function of seed, label and key, whatever was drawn before", () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), keys, keys, (seed, label, key, other) => {
        const used = new Random(seed, label).at(other);
        used.next();
        expect(draws(used.at(key))).to.deep.equal(draws(new Random(seed, label).at(key)));
      }),
    );
  });

  it("differs where seed, label or key differ", () => {
    const streams = [new Random(1, "a").at(1), new Random(2, "a").at(1), new Random(1, "b").at(1)];
    for (const key of [0, 2, 2 ** 32 + 1, 2 ** 40 + 1]) streams.push(new Random(1, "a").at(key));
    expect(new Set(streams.map((random) => random.next())).size).to.equal(streams.length);
  });

  it("gives a key's only number without touching the stream, and another number than the stream's", () => {
    fc.assert(
      fc.property(fc.integer(), keys, keys, (seed, key, other) => {
        const random = new Random(seed, "only").at(other);
        const only = random.only(key);
        expect(draws(random)).to.deep.equal(draws(new Random(seed, "only").at(other)));
        expect(only).to.equal(new Random(seed, "only").only(key));
        expect(only).not.to.equal(random.at(key).next());
      }),
    );
  });

  it("is uniform in [0, 1), along a stream, across the first numbers of keys and across their only numbers", () => {
    const random = new Random(42, "uniform");
    const along = draws(random.at(7), 20_000);
    const across = Array.from({ length: 20_000 }, (_, key) => random.at(key).next());
    const only = Array.from({ length: 20_000 }, (_, key) => random.only(2 ** 38 + key));
    for (const numbers of [along, across, only]) {
      const tenths = Array.from({ length: 10 }, () => 0);
      for (const number of numbers) tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
      for (const count of tenths) expect(count).to.be.within(1_800, 2_200);
    }
  });

  it("draws each value by its weight, and never one of weight zero", () => {
    const draw = weighted([
      ["never", 0],
      ["often", 3],
      ["seldom", 1],
    ]);
    const random = new Random(42, "weights");
    const drawn = Array.from({ length: 10_000 }, () => draw(random));
    expect(drawn.filter((value) => value === "often").length / drawn.length).to.be.closeTo(0.75, 0.02);
    expect(new Set(drawn)).to.deep.equal(new Set(["often", "seldom"]));
  });
});
