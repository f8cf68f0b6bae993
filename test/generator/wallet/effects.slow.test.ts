import { expect } from "chai";
import { fill } from "../../../generator/fill.ts";
import { sharesApart } from "../../../report/clean-room/compare.ts";
import { emptyWarehouse, syntheticExport, temporaryFolder } from "../thelook/merchant.ts";

const tiersUp = ["Free", "Premium", "Business"];
const seeds = process.env.FUZZ ? Array.from({ length: Number(process.env.FUZZ) }, (_, i) => i + 1) : [42];

for (const seed of seeds) {
  describe(`The effects planted in the e-wallet, seed ${seed}`, () => {
    const folder = temporaryFolder();
    const warehouse = emptyWarehouse(folder);
    before(async () => {
      await fill(warehouse(), { source: await syntheticExport(0.2, seed), seed });
    });

    /** The behaviour of a group of customers, by the values of a column. */
    interface Group {
      readonly adults: number;
      readonly holders: number;
      readonly joined: number;
      readonly paying: number;
      readonly verified: number;
    }
    const groupsBy = async (by: string): Promise<Record<string, Group>> => {
      const rows = await warehouse().run(`SELECT ${by} AS of, count(*) AS adults, count(p.email) AS holders,
          count(p.email) / count(*) AS joined, avg((account_tier <> 'Free')::INTEGER) AS paying,
          avg(is_verified_user::INTEGER) AS verified
        FROM merchant.users u LEFT JOIN ewallet_provider.provider_users p USING (hashed_email) WHERE age >= 18 GROUP BY 1`);
      return Object.fromEntries(rows.map(({ of, ...group }) => [String(of), group as unknown as Group]));
    };
    /** Holds the first group's share to be larger than the second's, by more than chance. */
    const isMore = (kind: "joined" | "paying" | "verified", more?: Group, less?: Group, errors = 2.5) => {
      if (more === undefined || less === undefined) expect.fail("a group is missing");
      const of = kind === "joined" ? "adults" : "holders";
      const apart = sharesApart({ value: more[kind], of: more[of] }, { value: less[kind], of: less[of] });
      expect(apart, `${more[kind]} and ${less[kind]}`).to.be.above(errors);
    };

    it("age: the young join, the middle-aged pay for a tier, the youngest are verified less", async () => {
      const ages = await groupsBy(`CASE WHEN age < 25 THEN 'young' WHEN age < 35 THEN 'under 35'
        WHEN age < 45 THEN 'under 45' WHEN age < 55 THEN 'under 55' WHEN age < 65 THEN 'under 65' ELSE 'old' END`);
      const { young, old } = ages;
      const middle = ages["under 45"];
      expect(young?.joined).to.be.within(0.68, 0.76);
      expect(old?.joined).to.be.within(0.25, 0.33);
      isMore("joined", young, middle);
      isMore("joined", middle, ages["under 65"]);
      isMore("joined", ages["under 65"], old);
      isMore("paying", middle, young);
      isMore("paying", ages["under 55"], old);
      isMore("verified", middle, young);
    });

    it("country: Chinese join more than Germans and Japanese, Americans pay more than Brazilians, Koreans are verified", async () => {
      const { China, Germany, Japan, Brasil, ...others } = await groupsBy("country");
      expect(China?.joined).to.be.within(0.56, 0.64);
      expect(Germany?.joined).to.be.within(0.3, 0.46);
      isMore("joined", China, Germany);
      isMore("joined", China, Japan);
      isMore("paying", others["United States"], Brasil);
      isMore("paying", China, Brasil);
      isMore("verified", others["South Korea"], China);
      isMore("verified", China, Brasil);
    });

    it("source: customers who came by e-mail join less often and pay more than those who came by an advertisement", async () => {
      const { mail, shown, others } = await groupsBy(`CASE WHEN traffic_source = 'Email' THEN 'mail'
        WHEN traffic_source IN ('Facebook', 'Display') THEN 'shown' ELSE 'others' END`);
      isMore("joined", shown, mail);
      isMore("paying", mail, shown);
      isMore("verified", others, shown, 1);
    });

    it("gender: no effect, except that men's clothes cost more and so raise the tier a little", async () => {
      const { F, M } = await groupsBy("gender");
      if (F === undefined || M === undefined) return expect.fail("a gender is missing");
      expect(sharesApart({ value: F.joined, of: F.adults }, { value: M.joined, of: M.adults })).to.be.within(-3.5, 3.5);
      const apart = (kind: "paying" | "verified") =>
        sharesApart({ value: F[kind], of: F.holders }, { value: M[kind], of: M.holders });
      expect(apart("verified")).to.be.within(-3.5, 3.5);
      expect(apart("paying")).to.be.within(-5, 2);
    });

    const buyers = `SELECT account_tier, spent, payment_volume FROM ewallet_provider.provider_users
      JOIN merchant.users u USING (hashed_email)
      JOIN (SELECT user_id, sum(sale_price) AS spent FROM merchant.order_items GROUP BY 1) s ON s.user_id = u.id`;

    it("tier: Business customers spend two to three times as much as Free ones, in all tiers from little to much", async () => {
      const [found = {}] = await warehouse().run(`SELECT corr(ln(payment_volume), ln(spent)) AS correlation,
        avg(spent) FILTER (account_tier = 'Business') / avg(spent) FILTER (account_tier = 'Free') AS times FROM (${buyers})`);
      expect(found.correlation).to.be.within(0.3, 0.45);
      expect(found.times).to.be.within(1.8, 3.2);
      const tiers = await warehouse().run(`SELECT account_tier, count(*) / sum(count(*)) OVER () AS share,
        quantile_cont(spent, 0.05) AS little, quantile_cont(spent, 0.95) AS much FROM (${buyers}) GROUP BY 1 ORDER BY 2 DESC`);
      expect(tiers.map(({ account_tier }) => account_tier)).to.deep.equal(["Free", "Premium", "Business"]);
      expect(tiers[0]?.share).to.be.within(0.48, 0.6);
      expect(tiers[2]?.share).to.be.within(0.08, 0.16);
      for (const { little, much } of tiers) {
        expect(Number(little)).to.be.below(45);
        expect(Number(much)).to.be.above(250);
      }
    });

    it("tier: guessing it from the merchant's own spend is hardly better than guessing Free", async () => {
      const people = (await warehouse().run(`${buyers} ORDER BY spent`)).map(({ account_tier }) =>
        String(account_tier),
      );
      const right = bestThresholds(people, tiersUp);
      expect(bestThresholds(["Free", "Free", "Premium", "Free", "Business", "Premium", "Business"], tiersUp)).to.equal(
        5,
      );
      const free = people.filter((tier) => tier === "Free").length;
      expect(right / people.length).to.be.below(0.62);
      expect(right / people.length - free / people.length).to.be.below(0.04);
    });

    it("verification: 72 % of those who keep their orders, about half of that if they keep none", async () => {
      const rows = await warehouse().run(`SELECT CASE undone WHEN 0 THEN 'none' WHEN 1 THEN 'all' ELSE 'some' END AS of,
          count(*) AS users, avg(is_verified_user::INTEGER) AS verified
        FROM ewallet_provider.provider_users JOIN merchant.users u USING (hashed_email)
        JOIN (SELECT user_id, avg((status IN ('Cancelled', 'Returned'))::INTEGER) AS undone FROM merchant.orders
          WHERE order_id IN (SELECT order_id FROM merchant.order_items) GROUP BY 1) o ON o.user_id = u.id GROUP BY 1`);
      const verified = Object.fromEntries(rows.map(({ of, verified }) => [String(of), Number(verified)]));
      expect(verified.none).to.be.within(0.64, 0.76);
      expect(verified.some).to.be.within(0.4, 0.62);
      expect(verified.all).to.be.within(0.28, 0.44);
    });
  });
}

/** The most tiers that two limits on the spend get right. @param people the tiers of people in the order of their spend */
function bestThresholds(people: readonly string[], [low, middle, high]: readonly string[]): number {
  let right = people.filter((tier) => tier === high).length;
  // The best so far for a limit at or before each place: nobody guessed low yet, or nobody high.
  let [most, lowOnly, lowMiddle] = [right, 0, 0];
  for (const tier of people) {
    lowMiddle = Math.max(lowOnly, lowMiddle) + Number(tier === middle);
    lowOnly += Number(tier === low);
    right -= Number(tier === high);
    most = Math.max(most, Math.max(lowOnly, lowMiddle) + right);
  }
  return most;
}
