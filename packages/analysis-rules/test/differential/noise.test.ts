import { expect } from "chai";
import { cryptographic, groupThreshold, withNoise } from "../../src/differential/noise.ts";
import { seeded } from "./repeatable-chance.ts";

const DRAWS = 40_000;

describe("Noise", () => {
  const drawn = (value: number, sensitivity: number, epsilon: number, seed = 1) => {
    const chance = seeded(seed);
    return Array.from({ length: DRAWS }, () => withNoise(value, sensitivity, epsilon, chance) - value);
  };
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  for (const [sensitivity, epsilon] of [
    [1, 1],
    [300, 0.5],
    [1, 0.01],
    [7, 20],
  ] as const)
    it(`has Laplace's distribution with scale ${sensitivity / epsilon} for sensitivity ${sensitivity} and epsilon ${epsilon}`, () => {
      const scale = sensitivity / epsilon;
      const noise = drawn(1000, sensitivity, epsilon);
      expect(mean(noise) / scale).to.be.within(-0.05, 0.05);
      expect(mean(noise.map(Math.abs)) / scale).to.be.within(0.95, 1.05);
      // A tenth of the noise is larger than the scale times ln 10.
      const far = noise.filter((value) => Math.abs(value) > scale * Math.log(10)).length;
      expect(far / DRAWS).to.be.within(0.09, 0.11);
      expect(noise.filter((value) => value > 0).length / DRAWS).to.be.within(0.47, 0.53);
    });

  it("changes the odds of any answer by no more than epsilon if a unit is removed", () => {
    const epsilon = 1;
    const buckets = (value: number, seed: number) => {
      const counts = new Map<number, number>();
      for (const noise of drawn(value, 1, epsilon, seed)) {
        const bucket = Math.floor((value + noise) * 2);
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
      return counts;
    };
    const [without, withUnit] = [buckets(10, 1), buckets(11, 2)];
    for (const [bucket, count] of without) {
      const other = withUnit.get(bucket) ?? 0;
      if (count < 400 || other < 400) continue;
      expect(Math.abs(Math.log(count / other)), `${bucket}`).to.be.below(epsilon + 0.25);
    }
  });

  it("gives multiples of one power of two, so that the last bits do not reveal the value", () => {
    const chance = seeded(3);
    const granularity = 2 ** -40;
    for (const value of [0.1, 1 / 3, 2 / 3, 0.7]) {
      const answer = withNoise(value, 1, 1, chance);
      expect(answer / granularity).to.equal(Math.round(answer / granularity));
    }
  });

  it("is zero if no unit can change the value", () => {
    expect(withNoise(5, 0, 1, seeded(1))).to.equal(5);
  });

  it("is finite for the largest bounds and the smallest epsilon", () => {
    for (const epsilon of [0.001, 1e15])
      for (const sensitivity of [1e-100, 1e100, 1e106])
        expect(withNoise(123, sensitivity, epsilon, seeded(4))).to.satisfy(Number.isFinite);
  });

  it("comes from an unpredictable source", () => {
    const uniforms = Array.from({ length: 10_000 }, () => cryptographic.uniform());
    expect(Math.min(...uniforms)).to.be.above(0);
    expect(Math.max(...uniforms)).to.be.below(1);
    expect(mean(uniforms)).to.be.within(0.47, 0.53);
    expect(new Set(uniforms).size).to.equal(uniforms.length);
    expect(cryptographic.key()).not.to.equal(cryptographic.key());
  });
});

describe("The threshold of groups", () => {
  for (const [epsilon, delta, maxGroups] of [
    [1, 0.1, 1],
    [0.5, 0.05, 3],
    [2, 0.9, 1],
    [1, 0.2, 8],
  ] as const)
    it(`shows one of a lone unit's ${maxGroups} groups with probability ${delta} at epsilon ${epsilon}`, () => {
      const chance = seeded(5);
      const threshold = groupThreshold(epsilon, delta, maxGroups);
      let shown = 0;
      for (let draw = 0; draw < DRAWS; draw++) {
        const groups = Array.from({ length: maxGroups }, () => withNoise(1, maxGroups, epsilon, chance));
        if (groups.some((units) => units >= threshold)) shown++;
      }
      expect(shown / DRAWS).to.be.closeTo(delta, 0.1 * Math.min(delta, 1 - delta));
    });

  it("grows as epsilon and delta fall", () => {
    expect(groupThreshold(1, 1e-6, 1)).to.be.within(14, 14.2);
    expect(groupThreshold(0.5, 1e-6, 1)).to.be.above(groupThreshold(1, 1e-6, 1));
    expect(groupThreshold(1, 1e-12, 1)).to.be.above(groupThreshold(1, 1e-6, 1));
    expect(groupThreshold(1, 1e-6, 4)).to.be.above(groupThreshold(1, 1e-6, 1));
    expect(groupThreshold(1, 1e-300, 2)).to.satisfy(Number.isFinite);
  });
});
