import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CleanRoom, Refusal } from "analysis-rules";
import { expect } from "chai";
import type { Value } from "googlesql-duckdb";
import type { Overrides } from "../../cleanroom/overrides.ts";
import { otherParty, parties, titles } from "../../cleanroom/party.ts";
import { parseUseCase, readUseCases } from "../../cleanroom/use-cases.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { asFigure } from "../../local/answers.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { tell, toldOnTheirOwn } from "../../report/clean-room/headlines.ts";
import { genericHeadline } from "../../report/clean-room/telling.ts";
import { syntheticExport, temporaryFolder } from "../generator/thelook/merchant.ts";
import { filledRoom } from "./filled-room.ts";

const itInCI = process.env.CI ? it : it.skip;

const realExport = new URL("../../../shared/data/thelook-export", import.meta.url);
const there = existsSync(realExport);

type AnswerRow = Readonly<Record<string, Value>>;

/** Runs a query as a party in a clean room, and returns its rows by the columns' names. */
async function rowsOf(room: CleanRoom, party: Parameters<CleanRoom["ask"]>[0], sql: string): Promise<AnswerRow[]> {
  const { columns, rows } = await room.ask(party, sql);
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] as Value])));
}

describe("The clean room's use cases", () => {
  const useCases = readUseCases();

  it("each have a title, a question and a party", () => {
    expect(useCases.map(({ name, party, refused }) => [name, party, refused])).to.deep.equal([
      ["01-transaction-verification", "merchant", undefined],
      ["02-segmentation-by-tier", "merchant", undefined],
      ["03-trust-by-verification", "merchant", undefined],
      ["04-wallet-enrichment", "wallet", undefined],
      ["05-overlap", "merchant", undefined],
      ["06-spend-by-decade-and-tier", "merchant", undefined],
      ["07-reach-by-source", "wallet", undefined],
      ["08-payments-with-noise", "merchant", undefined],
      ["09-who-has-which-tier", "merchant", "aggregation threshold"],
      ["10-too-few-to-tell", "merchant", undefined],
      ["11-what-each-tier-buys", "merchant", undefined],
      ["12-joining-by-age", "merchant", undefined],
    ]);
    for (const { title, question, party } of useCases) {
      expect(title).to.match(/^[A-Z][\w -]+$/);
      expect(question).to.match(new RegExp(`^${titles[party]} asks: .+\\?$`));
    }
  });

  it("must start with the comment lines of a use case", () => {
    const sql = (...lines: string[]) => [...lines, "SELECT 1", ""].join("\n");
    const written = sql("-- A", "-- B?", "-- as wallet", "-- refused: rule");
    expect(parseUseCase("x", written)).to.deep.include({ party: "wallet", refused: "rule", sql: written });
    for (const end of ["\r\n", "  \n"])
      expect(parseUseCase("x", written.replaceAll("\n", end))).to.deep.equal(parseUseCase("x", written));
    for (const lines of [[], ["-- A", "-- B?"], ["-- A", "-- B?", "-- as Merchant"], ["-- A", "-- B?", "-- as nobody"]])
      expect(() => parseUseCase("x", sql(...lines)))
        .to.throw(/^cleanroom\/use-cases\/x\.sql: the first lines are .*"-- as merchant\|wallet"/)
        .with.property("name", "UserError");
  });

  it("name only the party's own tables and its linked dataset", () => {
    for (const { name, party, sql } of useCases) {
      const datasets = [...sql.matchAll(/\b(?:FROM|JOIN) (\w+)\.\w+/g)].map(([, dataset]) => dataset);
      const { dataset, linked } = parties[party];
      expect(datasets, name).to.include(linked);
      for (const named of datasets) expect([dataset, linked], name).to.include(named);
    }
  });

  it("hold no address", () => {
    for (const { sql } of useCases) expect(sql).not.to.match(/\b(?<!hashed_)email\b|`/i);
  });

  const roomOf = (source: () => Promise<string>, seed: number, overrides: Overrides = {}) => {
    const folder = temporaryFolder();
    const answers: Record<string, AnswerRow[]> = {};
    let place: string;
    let room: CleanRoom;
    before(async () => {
      place = await filledRoom(folder, await source(), { seed, overrides });
      room = await openRehearsedRoom(place);
      for (const { name, party, refused, sql } of useCases)
        if (refused === undefined) answers[name.slice(0, 2)] = await rowsOf(room, party, sql);
    });
    after(() => room.close());
    return { answers, place: () => place, room: () => room };
  };

  /** How many payments have each status, from the wallet's own table. */
  const paymentsBy = async (place: string) => {
    const warehouse = await openWarehouse(`duckdb://${join(place, "clean-room.duckdb")}`);
    const count = "SELECT status, COUNT(*) AS payments FROM ewallet_provider.transactions GROUP BY status";
    const rows = await warehouse.run(count).finally(() => warehouse.close());
    return new Map(rows.map(({ status, payments }) => [status as Value, Number(payments)]));
  };

  const findTheEffects = ({ answers, place }: ReturnType<typeof roomOf>, threshold: number) => {
    const truth = () => paymentsBy(place());
    // Of a thousand users, some twenty are Business customers: chance hides what they spend more.
    const large = threshold >= 50;
    const all = (name: string) => answers[name] ?? [];
    const total = (name: string, column: string) => all(name).reduce((sum, row) => sum + Number(row[column]), 0);

    it("have small answers", () => {
      // Noise hides all groups of a small export.
      for (const [name, rows] of Object.entries(answers))
        expect(rows.length, name).to.be.within(name === "08" ? 0 : 1, 40);
    });

    it("find that nearly all payments agree with their orders, and only known kinds of disagreement", () => {
      const [agrees, ...others] = all("01");
      expect(agrees?.finding).to.equal("agrees");
      expect(Number(agrees?.share_of_orders)).to.be.within(0.96, 1);
      expect(agrees?.usd_paid).to.deep.equal(agrees?.usd_ordered);
      const kinds = ["other amount", "other status", "late", "missing", "paid twice"];
      for (const { finding } of others) expect(kinds).to.include(finding);
    });

    it("find that customers of higher tiers spend more, before and after cancelled and returned orders", () => {
      const spend = (tier: string, kind: string) =>
        Number(all("02").find(({ account_tier }) => account_tier === tier)?.[kind]);
      for (const kind of ["gross_usd_per_customer", "kept_usd_per_customer"])
        if (large) expect(spend("Business", kind)).to.be.above(1.3 * spend("Free", kind));
      for (const { gross_usd_per_customer, kept_usd_per_customer } of all("02"))
        expect(Number(kept_usd_per_customer) / Number(gross_usd_per_customer)).to.be.within(
          large ? 0.65 : 0.1,
          large ? 0.85 : 1,
        );
    });

    it("find that verified customers cancel and return less", () => {
      const [others, verified] = all("03");
      expect([others?.is_verified_user, verified?.is_verified_user]).to.deep.equal([false, true]);
      expect(Number(verified?.cancelled_or_returned)).to.be.below(0.8 * Number(others?.cancelled_or_returned));
    });

    it("find every wallet user's age, gender and country, and give no figures for groups of fewer than ten", () => {
      for (const attribute of ["age", "gender", "country"]) {
        const of = all("04").filter((row) => row.attribute === attribute);
        expect(
          of.reduce((sum, { wallet_users }) => sum + Number(wallet_users), 0),
          attribute,
        ).to.equal(all("05")[0]?.with_wallet);
        for (const { attribute_value, wallet_users, on_paying_tier, verified } of of) {
          if (Number(wallet_users) >= 10) continue;
          expect(attribute_value).to.equal("other");
          expect([on_paying_tier, verified]).to.deep.equal([null, null]);
        }
      }
    });

    it("find that about half of the customers have a wallet, and a good part of them never paid with it here", () => {
      const [overlap] = all("05");
      expect(overlap?.share_with_wallet).to.be.within(0.4, 0.6);
      expect(overlap?.share_never_used_here).to.be.within(0.25, 0.8);
      expect(Number(overlap?.with_wallet)).to.be.below(Number(overlap?.customers));
    });

    it("show no group below the threshold, and the effect of the tier in the others", () => {
      for (const { customers } of all("06")) expect(Number(customers)).to.be.at.least(threshold);
      expect(total("06", "customers")).to.be.within(0.5 * total("02", "customers"), total("02", "customers"));
      const mean = (tier: string) => {
        const rows = all("06").filter(({ account_tier }) => account_tier === tier);
        const spent = rows.reduce((sum, row) => sum + Number(row.customers) * Number(row.kept_usd_per_customer), 0);
        return spent / rows.reduce((sum, { customers }) => sum + Number(customers), 0);
      };
      if (large) expect(mean("Premium")).to.be.above(1.2 * mean("Free"));
    });

    it("name every country, and suppress the numbers that are too small", () => {
      const rows = all("10");
      const told = rows.flatMap(({ with_wallet }) => (with_wallet === null ? [] : [Number(with_wallet)]));
      expect(rows.reduce((sum, { customers }) => sum + Number(customers), 0)).to.equal(all("05")[0]?.customers);
      expect(Math.min(...told)).to.be.at.least(threshold);
      for (const { customers, with_wallet, share_with_wallet } of rows) {
        if (Number(customers) < threshold) expect(with_wallet).to.equal(null);
        if (with_wallet === null) expect(share_with_wallet).to.equal(null);
      }
    });

    it("find the traffic sources of the wallet's users, with what they spend", () => {
      for (const { wallet_users } of all("07")) expect(Number(wallet_users)).to.be.at.least(threshold);
      expect(all("07")[0]?.traffic_source).to.equal("Search");
      for (const { gross_usd_per_user, kept_usd_per_user } of all("07"))
        expect(Number(kept_usd_per_user)).to.be.within(1, Number(gross_usd_per_user));
    });

    it("find how payments end, within the noise", async () => {
      for (const { status = null, payments, average_usd } of all("08")) {
        const of = (await truth()).get(status);
        // A user counts at most three times in each of at most three statuses, and the noise is about 27 payments.
        expect(Number(payments)).to.be.within(0.8 * Number(of) - 300, Number(of) + 300);
        expect(Number(average_usd)).to.be.within(0, 500);
      }
    });

    it("take little off the average payment by the bound that keeps its noise small", async () => {
      const sql = useCases.find(({ name }) => name === "08-payments-with-noise")?.sql ?? "";
      const [, bound] = /AVG\(transaction_amount, contribution_bounds_per_group => \(0, (\d+)\)\)/.exec(sql) ?? [];
      const warehouse = await openWarehouse(`duckdb://${join(place(), "clean-room.duckdb")}`);
      const [row = {}] = await warehouse
        .run(`SELECT AVG(LEAST(average, ${bound})) / AVG(average) AS kept FROM (
          SELECT AVG(transaction_amount) AS average FROM ewallet_provider.transactions GROUP BY provider_user_id, status)`)
        .finally(() => warehouse.close());
      expect(Number(row.kept)).to.be.within(0.98, 1);
    });

    it("find what each tier buys: shares of categories that add up to the tier's total", () => {
      for (const tier of ["free", "premium"]) expect(total("11", `share_of_${tier}`)).to.be.closeTo(1, 0.01);
      expect(all("11").map(({ category }) => category)).to.include("Jeans");
    });

    it("find that the young join more often than the old", () => {
      const shares = all("12").flatMap(({ share_with_wallet }) =>
        share_with_wallet === null ? [] : [Number(share_with_wallet)],
      );
      expect(shares[0]).to.be.above(1.4 * Number(shares.at(-1)));
    });
  };

  describe("on the synthetic thelook", () => {
    const source = () => syntheticExport(0.05);
    const filled = roomOf(source, 42);
    const { answers, place, room } = filled;
    findTheEffects(filled, 50);

    it("leave out some groups and show others", () => {
      expect(answers["06"]?.length).to.be.within(8, 22);
      const held = answers["10"]?.filter(({ with_wallet }) => with_wallet === null);
      expect(held?.length).to.be.within(1, (answers["10"]?.length ?? 0) - 1);
      expect(answers["08"]).to.have.length(5);
    });

    it("find each kind of disagreement, as often as it is there", async () => {
      const lost = `UPDATE ewallet_provider.transactions SET transaction_amount = transaction_amount + 1 WHERE order_id % 2 = 0`;
      const { [String(useCases[0]?.name)]: rows } = await answersAfter(place(), lost);
      const before = new Map(answers["01"]?.map(({ finding = null, orders }) => [finding, Number(orders)]));
      const after = new Map(rows?.map(({ finding = null, orders }) => [finding, Number(orders)]));
      expect([...before.keys()]).to.have.members([
        "agrees",
        "other amount",
        "other status",
        "late",
        "missing",
        "paid twice",
      ]);
      expect(after.get("other amount")).to.be.above(0.2 * Number(before.get("agrees")));
      // The change leaves the other answers as they were.
      for (const finding of ["missing", "paid twice"]) expect(after.get(finding)).to.equal(before.get(finding));
    });

    itInCI(
      "answer with the same digits when the rows are in another order, except for the answer with noise",
      async () => {
        const tables = [
          "merchant.order_items",
          "merchant.orders",
          "ewallet_provider.transactions",
          "ewallet_provider.provider_users",
        ];
        const shuffle = tables.map(
          (table) => `CREATE TEMP TABLE t AS SELECT * FROM ${table} ORDER BY hash(${table.split(".")[1]}::VARCHAR);
        DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM t; DROP TABLE t`,
        );
        const shuffled = await answersAfter(place(), shuffle.join(";"));
        for (const { name } of useCases.filter(({ refused, name }) => refused === undefined && !name.startsWith("08")))
          expect(shuffled[name], name).to.deep.equal(answers[name.slice(0, 2)]);
      },
    );

    it("have the columns that their headlines are made of, if they have one of their own", async () => {
      for (const name of toldOnTheirOwn) {
        const useCase = useCases.find((useCase) => useCase.name === name);
        if (useCase === undefined) throw new Error(`headlines.ts has a headline for ${name}, which is no use case`);
        const { refused: _, ...asked } = useCase;
        const { columns, rows } = await room().ask(useCase.party, useCase.sql);
        const figures = rows.map((row) => row.map((value, index) => asFigure(value, columns[index]?.type)));
        const answer = { ...asked, columns, rows: figures, rules: [] };
        expect(tell(answer).headline, useCase.name).not.to.equal(genericHeadline(answer));
      }
    });

    it("are refused by the rule that they name, if they name one", async () => {
      for (const { party, refused, sql } of useCases.filter(({ refused }) => refused)) {
        const error = await room()
          .ask(party, sql)
          .then(
            () => "answered",
            (thrown) => thrown,
          );
        expect(error).to.be.instanceOf(Refusal);
        expect(error.rule).to.equal(refused);
        expect(error.message).to.equal(
          "You must use SELECT WITH AGGREGATION_THRESHOLD for this query because a privacy policy has been set by a data owner.",
        );
      }
    });

    it("cannot be run by the other party, which has no such tables", async () => {
      for (const { party, sql } of useCases) {
        const error = await room()
          .ask(otherParty(party), sql)
          .catch((thrown) => thrown);
        expect(error.message).to.match(/^Not found: Table /);
      }
    });
  });

  /** The answers of all use cases, by name, in a copy of a room after a change to its tables. */
  const answersAfter = async (place: string, change: string) => {
    const copy = `${place}-changed`;
    await rm(copy, { recursive: true, force: true });
    await cp(place, copy, { recursive: true });
    const warehouse = await openWarehouse(`duckdb://${join(copy, "clean-room.duckdb")}`);
    await warehouse.run(change).finally(() => warehouse.close());
    const changed = await openRehearsedRoom(copy);
    const found: Record<string, AnswerRow[]> = {};
    try {
      for (const { name, party, refused, sql } of useCases)
        if (refused === undefined) found[name] = await rowsOf(changed, party, sql);
    } finally {
      await changed.close();
    }
    return found;
  };

  // All groups of an export of a thousand users are small.
  const low: Overrides = { provider_users_shared: { threshold: 3 }, customer_segments_shared: { threshold: 3 } };
  const why = there ? "left to continuous integration" : "NOT TESTED, it is not there";
  for (const seed of [1, 42]) {
    (there && process.env.CI ? describe : describe.skip)(
      `on a small real export, seed ${seed}${there && process.env.CI ? "" : `: ${why}`}`,
      () => {
        findTheEffects(
          roomOf(async () => realExport.href, seed, low),
          3,
        );
      },
    );
  }
});
