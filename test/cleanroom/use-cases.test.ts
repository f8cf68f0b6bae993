import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type CleanRoom, Refusal } from "analysis-rules";
import { expect } from "chai";
import type { Value } from "googlesql-duckdb";
import type { Overrides } from "../../cleanroom/overrides.ts";
import { parties } from "../../cleanroom/party.ts";
import { parseUseCase, readUseCases } from "../../cleanroom/use-cases.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { syntheticExport, temporaryFolder } from "../generator/thelook/merchant.ts";
import { filledRoom } from "./filled-room.ts";

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
    ]);
    for (const { title, question, party } of useCases) {
      expect(title).to.match(/^[A-Z][\w -]+$/);
      expect(question).to.match(new RegExp(`^T${parties[party].title.slice(1)} asks: .+\\?$`));
    }
  });

  it("must start with the comment lines of a use case", () => {
    const sql = (...lines: string[]) => [...lines, "SELECT 1", ""].join("\n");
    expect(parseUseCase("x", sql("-- A", "-- B?", "-- as wallet")).party).to.equal("wallet");
    for (const lines of [[], ["-- A", "-- B?"], ["-- A", "-- B?", "-- as Merchant"], ["-- A", "-- B?", "-- as nobody"]])
      expect(() => parseUseCase("x", sql(...lines))).to.throw(
        /^x\.sql: the first lines are .*"-- as merchant\|wallet"/,
      );
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

  const findTheEffects = (answers: Record<string, AnswerRow[]>, threshold: number) => {
    const all = (name: string) => answers[name] ?? [];
    const total = (name: string, column: string) => all(name).reduce((sum, row) => sum + Number(row[column]), 0);

    it("have small answers", () => {
      // Noise hides all groups of a small export.
      for (const [name, rows] of Object.entries(answers))
        expect(rows.length, name).to.be.within(name === "08" ? 0 : 1, 40);
    });

    it("find that payments agree with the orders, and cover about half of them", () => {
      for (const row of all("01")) expect(row).to.include({ status_agrees: 1, amount_agrees: 1, time_agrees: 1 });
      expect(total("01", "payments") / total("01", "orders")).to.be.within(0.35, 0.65);
    });

    it("find that customers of higher tiers spend more", () => {
      expect(all("02").map(({ account_tier }) => account_tier)).to.deep.equal(["Free", "Premium", "Business"]);
      const [free, premium, business] = all("02").map(({ spend_per_customer }) => Number(spend_per_customer));
      expect(premium).to.be.above(1.5 * Number(free));
      expect(business).to.be.above(1.5 * Number(premium));
    });

    it("find that verified customers cancel and return at least a third less", () => {
      const [others, verified] = all("03");
      expect([others?.is_verified_user, verified?.is_verified_user]).to.deep.equal([false, true]);
      expect(Number(verified?.cancelled_or_returned)).to.be.below((2 / 3) * Number(others?.cancelled_or_returned));
    });

    it("find every wallet user's age, gender and country", () => {
      for (const attribute of ["age", "gender", "country"]) {
        const of = all("04").filter((row) => row.attribute === attribute);
        expect(
          of.reduce((sum, { wallet_users }) => sum + Number(wallet_users), 0),
          attribute,
        ).to.equal(all("05")[0]?.with_wallet);
      }
    });

    it("find that about half of the buyers have a wallet", () => {
      const [overlap] = all("05");
      expect(overlap?.share_of_buyers).to.be.within(0.35, 0.65);
      expect(Number(overlap?.with_wallet)).to.equal(total("02", "customers"));
      expect(Number(overlap?.buyers)).to.be.below(Number(overlap?.customers));
    });

    it("show no group below the threshold, and the effect of the tier in the others", () => {
      for (const { customers } of all("06")) expect(Number(customers)).to.be.at.least(threshold);
      expect(total("06", "customers")).to.be.within(0.5 * total("02", "customers"), total("02", "customers"));
      const spend = new Map(
        all("06").map((row) => [`${row.birth_decade} ${row.account_tier}`, Number(row.spend_per_customer)]),
      );
      const decades = [...new Set(all("06").map(({ birth_decade }) => birth_decade))];
      const pairs = decades.flatMap((decade) => {
        const [free, business] = [spend.get(`${decade} Free`), spend.get(`${decade} Business`)];
        return free !== undefined && business !== undefined ? [[free, business] as const] : [];
      });
      for (const [free, business] of pairs) expect(business).to.be.above(2 * free);
    });

    it("name every country, and withhold the numbers that are too small", () => {
      const rows = all("10");
      const told = rows.flatMap(({ with_wallet }) => (with_wallet === null ? [] : [Number(with_wallet)]));
      expect(rows.reduce((sum, { customers }) => sum + Number(customers), 0)).to.equal(all("05")[0]?.customers);
      expect(Math.min(...told)).to.be.at.least(threshold);
      for (const { customers, with_wallet } of rows)
        if (Number(customers) < threshold) expect(with_wallet).to.equal(null);
    });

    it("find the traffic sources of the wallet's users, and the effect of the tier in each", () => {
      for (const { wallet_users } of all("07")) expect(Number(wallet_users)).to.be.at.least(threshold);
      const search = all("07").filter(({ traffic_source }) => traffic_source === "Search");
      expect(search.map(({ account_tier }) => account_tier)).to.have.members(["Free", "Premium", "Business"]);
      const spend = Object.fromEntries(search.map((row) => [row.account_tier, Number(row.spend_per_user)]));
      expect(spend.Premium).to.be.above(1.5 * Number(spend.Free));
      expect(spend.Business).to.be.above(1.5 * Number(spend.Premium));
    });

    it("find how payments end, within the noise", () => {
      const truth = new Map(all("01").map(({ status = null, payments }) => [status, Number(payments)]));
      for (const { status = null, payments, average_of_users } of all("08")) {
        // A user counts at most three times in each of at most three statuses, and the noise is about 27 payments.
        expect(Number(payments)).to.be.within(0.8 * Number(truth.get(status)) - 300, Number(truth.get(status)) + 300);
        expect(Number(average_of_users)).to.be.within(0, 300);
      }
    });
  };

  describe("on the synthetic thelook", () => {
    const folder = temporaryFolder();
    const source = () => syntheticExport(folder, 0.05);
    const { answers, place, room } = roomOf(source, 42);
    findTheEffects(answers, 50);

    it("leave out some groups and show others", () => {
      expect(answers["06"]?.length).to.be.within(8, 22);
      const held = answers["10"]?.filter(({ with_wallet }) => with_wallet === null);
      expect(held?.length).to.be.within(1, (answers["10"]?.length ?? 0) - 1);
      expect(answers["08"]).to.have.length(5);
    });

    it("notice payments that disagree", async () => {
      const change = `UPDATE ewallet_provider.transactions SET status = 'Lost', transaction_amount = transaction_amount + 1
        WHERE status = 'Complete'`;
      const copy = join(folder, "changed");
      await cp(place(), copy, { recursive: true });
      const warehouse = await openWarehouse(`duckdb://${join(copy, "warehouse.duckdb")}`);
      await warehouse.run(change).finally(() => warehouse.close());
      const changed = await openRehearsedRoom(copy);
      const [verification] = useCases;
      const rows = await rowsOf(changed, "merchant", verification?.sql ?? "").finally(() => changed.close());
      const complete = rows.find(({ status }) => status === "Complete");
      expect(complete).to.include({ status_agrees: 0, amount_agrees: 0, time_agrees: 1 });
      expect(rows.find(({ status }) => status === "Shipped")).to.include({ status_agrees: 1, amount_agrees: 1 });
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
          .ask(party === "merchant" ? "wallet" : "merchant", sql)
          .catch((thrown) => thrown);
        expect(error.message).to.match(/^Not found: Table /);
      }
    });
  });

  // All groups of an export of a thousand users are small.
  const low: Overrides = { provider_users_shared: { threshold: 3 }, customer_segments_shared: { threshold: 3 } };
  for (const seed of [1, 42, 1337]) {
    (there ? describe : describe.skip)(
      `on a small real export, seed ${seed}${there ? "" : ": NOT TESTED, it is not there"}`,
      () => {
        findTheEffects(roomOf(async () => realExport.href, seed, low).answers, 3);
      },
    );
  }
});
