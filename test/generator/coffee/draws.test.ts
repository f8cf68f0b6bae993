import { expect } from "chai";
import fc from "fast-check";
import { choices, choose, exponential, poisson, sloped } from "../../../generator/coffee/draws.ts";
import { normal, Random } from "../../../generator/random.ts";

const DRAWS = 40_000;

function momentsOf(draw: (random: Random) => number): { mean: number; variance: number } {
  const random = new Random(42, "draws");
  const values = Array.from({ length: DRAWS }, () => draw(random));
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS };
}

describe("draws", () => {
  // 17 is below the mean from which the normal approximation is used, and 200 is above.
  for (const expected of [0.3, 17, 200]) {
    it(`has Poisson counts with mean and variance ${expected}`, () => {
      const { mean, variance } = momentsOf((random) => poisson(random, expected));
      expect(mean).to.be.closeTo(expected, 0.02 * expected);
      expect(variance).to.be.closeTo(expected, 0.04 * expected);
    });
  }

  it("has normal and exponential values with their means and variances", () => {
    const { mean, variance } = momentsOf(normal);
    expect(mean).to.be.closeTo(0, 0.02);
    expect(variance).to.be.closeTo(1, 0.03);
    const stays = momentsOf((random) => exponential(random, 300));
    expect(stays.mean).to.be.closeTo(300, 6);
  });

  it("has points that rise with a slope, from 0 to 1", () => {
    for (const slope of [-0.99, -0.4, 0, 0.4, 0.99]) {
      const draw = (random: Random) => sloped(random, slope);
      const { mean, variance } = momentsOf(draw);
      expect(mean, String(slope)).to.be.closeTo(1 / 2 + slope / 6, 0.005);
      expect(variance, String(slope)).to.be.closeTo(1 / 12 - slope ** 2 / 36, 0.003);
      expect(draw({ next: () => 0 } as Random)).to.equal(0);
      expect(draw({ next: () => 1 - 2 ** -32 } as Random)).to.be.below(1);
    }
  });

  it("chooses by weight, and never a choice of weight zero", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 30 }), (weights) => {
        fc.pre(weights.some((weight) => weight > 0));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const slots = choices(weights);
        for (const [index, weight] of weights.entries()) {
          const share = slots.filter((slot) => slot === index).length / slots.length;
          expect(share).to.be.closeTo(weight / total, weights.length / 1024);
          expect(share > 0).to.equal(weight > 0);
        }
      }),
    );
  });

  it("draws each choice as often as its weight says", () => {
    const among = choices([1, 2, 1]);
    const { mean, variance } = momentsOf((random) => choose(random, among));
    expect(mean).to.be.closeTo(1, 0.02);
    expect(variance).to.be.closeTo(0.5, 0.02);
  });

  it("refuses weights that are all zero", () => {
    expect(() => choices([0, 0])).to.throw("nothing to choose from");
  });
});
