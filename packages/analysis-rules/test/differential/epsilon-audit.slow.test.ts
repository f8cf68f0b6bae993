import { join } from "node:path";
import { expect } from "chai";
import { type Chance, cryptographic } from "../../src/differential/noise.ts";
import { temporaryFolder } from "../temporary-files.ts";
import {
  type Audited,
  aQuarterOfTheNoise,
  aSixthOfTheNoise,
  aTwentiethOfTheNoise,
  audited,
  type Database,
  type Fault,
  halfTheNoise,
  noBounds,
  noLimitOfGroups,
  twiceTheNoise,
} from "./audited-mechanism.ts";
import { leastEpsilon, leastProbability } from "./epsilon-bound.ts";
import { seeded } from "./repeatable-chance.ts";

const times = Math.max(0, Number(process.env.FUZZ ?? 0));
/** Runs on each database. FUZZ=20 makes twenty times as many, with other noise in each. */
const RUNS = 4000 * Math.max(1, times);

const EPSILON = 1;

/** Persons beside the one who is left out in each status: so many that noise decides whether the status is shown. */
const OTHERS = 15;
/** The same if a person counts in six groups. */
const CROWD = 97;

/**
 * Person 0 is the one who is left out: 12 payments of 100 items, two in each of six statuses, and one in each of eight statuses that nobody
 * else has; one in each of six crowds; and five of 100 items beside two equal halves of 0 and 100. The others have one payment of 5 items.
 */
const PEOPLE = `
  SELECT 0 AS person, 'status' || (n % 6) AS status, 100 AS items FROM range(12) AS t(n)
  UNION ALL SELECT 0, 'alone' || n, 100 FROM range(8) AS t(n)
  UNION ALL SELECT 1 + n, 'status' || (n % 6), 5 FROM range(${6 * OTHERS}) AS t(n)
  UNION ALL SELECT 0, 'crowd' || n, 100 FROM range(6) AS t(n)
  UNION ALL SELECT 1000 + n, 'crowd' || (n % 6), 5 FROM range(${6 * CROWD}) AS t(n)
  UNION ALL SELECT 0, 'halves', 100 FROM range(5) AS t(n)
  UNION ALL SELECT 5000 + n, 'halves', n % 2 * 100 FROM range(800) AS t(n)`;

type Rows = (string | null)[][];

/** A query, and the number to look at in its answers. */
interface Case {
  readonly name: string;
  readonly sql: string;
  readonly look: (rows: Rows) => number;
  /** The faults that must be caught. */
  readonly faults: Readonly<Record<string, Fault>>;
}

const DELTA = 1e-3;
const select = (list: string, more = "") =>
  `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = ${EPSILON}, delta = ${DELTA}, max_groups_contributed = 1${more}) ${list}
  FROM linked.payments WHERE STARTS_WITH(status, 'status')`;
const bounds = (lower: number, upper: number) => `contribution_bounds_per_group => (${lower}, ${upper})`;
const first = ([row]: Rows) => Number(row?.[0]);
/** Where the answer shows only part of what epsilon pays for, the noise must be less still to be seen. */
const littleNoise = { "a quarter of the noise": aQuarterOfTheNoise };
const noiseAndBounds = { "half the noise": halfTheNoise, "no bounds": noBounds };

/** Counts the evidence of a group's answer for or against the person: that it is shown, and a higher count than the others'. */
const grouped = (others: number) => (rows: Rows) =>
  rows.reduce((sum, [, n]) => sum + 1 + Math.abs(Number(n) - others) - Math.abs(Number(n) - others - 1), 0);

const cases: readonly Case[] = [
  { name: "COUNT", sql: select(`COUNT(*, ${bounds(0, 3)})`), look: first, faults: noiseAndBounds },
  { name: "COUNT of persons", sql: select(`COUNT(*, ${bounds(0, 1)})`), look: first, faults: noiseAndBounds },
  { name: "SUM", sql: select(`SUM(items, ${bounds(-50, 80)})`), look: first, faults: noiseAndBounds },
  {
    name: "AVG",
    sql: `${select(`AVG(items, ${bounds(0, 100)})`)} AND person < 6`,
    look: first,
    faults: littleNoise,
  },
  {
    name: "PERCENTILE_CONT",
    sql: select("PERCENTILE_CONT(items, 0.5, contribution_bounds_per_row => (0, 100))").replace("'status'", "'halves'"),
    look: first,
    faults: { "the noise for one value at one level": aTwentiethOfTheNoise },
  },
  {
    name: "COUNT with bounds found in the data",
    sql: select("COUNT(*)"),
    look: first,
    faults: littleNoise,
  },
  {
    name: "COUNT by group",
    sql: `${select(`status, COUNT(*, ${bounds(0, 1)})`)} GROUP BY status`,
    look: grouped(OTHERS),
    faults: { "no limit of groups": noLimitOfGroups },
  },
  {
    name: "COUNT in six groups of a person",
    sql: `${select(`status, COUNT(*, ${bounds(0, 1)})`)} GROUP BY status`
      .replace("max_groups_contributed = 1", "max_groups_contributed = 6")
      .replace("'status'", "'crowd'"),
    look: grouped(CROWD),
    faults: { "the noise for one group": aSixthOfTheNoise },
  },
  {
    name: "COUNT in one group",
    sql: `${select(`status, COUNT(*, ${bounds(0, 1)})`)} AND status = 'status0' GROUP BY status`,
    look: grouped(OTHERS),
    faults: littleNoise,
  },
];

describe("The epsilon of differential privacy, by a statistical test", function () {
  this.timeout(300_000 * Math.max(1, times));
  const folder = temporaryFolder();
  let mechanism: Audited;
  before(async () => {
    mechanism = await audited(join(folder, "people.duckdb"), PEOPLE);
  });
  after(() => mechanism.close());

  const chance = (seed: number): Chance => (times > 0 ? cryptographic : seeded(seed));
  const measured = async ({ sql, look }: Case, fault?: Fault) => {
    const sample = async (of: Database, seed: number) =>
      (await mechanism.runs(sql, of, RUNS, chance(seed), fault)).map(look);
    return leastEpsilon(await sample("whole", 1), await sample("without", 2), DELTA);
  };

  for (const each of cases) {
    it(`of ${each.name} is at most the declared one`, async () => {
      expect(await measured(each)).to.be.at.most(EPSILON);
    });
    for (const [what, fault] of Object.entries(each.faults))
      it(`of ${each.name} is found to be larger with ${what}`, async () => {
        expect(await measured(each, fault)).to.be.above(EPSILON);
      });
  }

  describe("and the delta of the choice of groups", () => {
    const delta = 0.05;
    /** A lower bound on the probability that the answer shows one of the statuses that only person 0 has. */
    const shown = async (maxGroups: number, fault?: Fault) => {
      const sql = `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = ${EPSILON}, delta = ${delta}, max_groups_contributed = ${maxGroups})
        status, COUNT(*, ${bounds(0, 1)}) FROM linked.payments WHERE STARTS_WITH(status, 'alone') GROUP BY status`;
      const answers = await mechanism.runs(sql, "whole", RUNS, chance(3), fault);
      return leastProbability(answers.filter((rows) => rows.length > 0).length, RUNS);
    };
    for (const maxGroups of [1, 3])
      it(`is at most the declared one for ${maxGroups === 1 ? "one group" : `${maxGroups} groups`} a person`, async () => {
        expect(await shown(maxGroups)).to.be.within(delta / 2, delta);
      });
    it("is found to be larger with no limit of groups", async () => {
      expect(await shown(3, noLimitOfGroups)).to.be.above(delta);
    });
    it("is found to be larger with more noise than the threshold allows for", async () => {
      expect(await shown(1, twiceTheNoise)).to.be.above(delta);
    });
  });
});

describe("The bound on epsilon", () => {
  it("is right for coins: near ln(p / q), and never above it", () => {
    const coins = (p: number, seed: number) => {
      const { uniform } = seeded(seed);
      return Array.from({ length: 20_000 }, () => (uniform() < p ? 1 : 0));
    };
    expect(leastEpsilon(coins(0.5, 1), coins(0.1, 2), 0)).to.be.within(1.3, Math.log(5));
    expect(leastEpsilon(coins(0.1, 1), coins(0.5, 2), 0)).to.be.within(1.3, Math.log(5));
    expect(leastEpsilon(coins(0.3, 1), coins(0.3, 2), 0)).to.equal(0);
    expect(leastEpsilon(coins(0.5, 1), coins(0.1, 2), 0.3)).to.be.within(0.3, Math.log(2));
  });
});
