import { join } from "node:path";
import type { CleanRoom } from "analysis-rules";
import { expect } from "chai";
import { otherParty, parties } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";
import { usualRoom } from "./filled-room.ts";

const members = "merchant.users JOIN ewallet_provider.provider_users USING (hashed_email)";
const bought = `${members} JOIN merchant.orders ON user_id = users.id JOIN merchant.order_items USING (order_id)`;
/** Payments of people who came at most 300 days before. */
const paid = `${members} JOIN ewallet_provider.transactions USING (provider_user_id)
  WHERE status NOT IN ('Cancelled', 'Returned') AND transaction_timestamp BETWEEN created_at AND created_at + INTERVAL 300 DAY`;
const payments =
  "hashed_email || '|' || transaction_amount || '|' || strftime(transaction_timestamp, '%Y-%m-%d %H:%M:%S')";
const touches = "hashed_email || '|' || strftime(min(created_at), '%Y-%m-%d %H:%M:%S')";
const orders = `FROM merchant.orders JOIN merchant.order_items USING (order_id) JOIN ewallet_provider.transactions USING (order_id)`;

/** The rows of the lists below: queries of DuckDB on the tables of both parties, for one text a row. */
const kinds = {
  members: `SELECT hashed_email FROM ${members}`,
  strangers: "SELECT hashed_email FROM merchant.users ANTI JOIN ewallet_provider.provider_users USING (hashed_email)",
  buyers: `SELECT DISTINCT hashed_email FROM ${members} JOIN merchant.orders ON user_id = users.id`,
  shoppers: `SELECT DISTINCT hashed_email FROM ${bought}`,
  outsiders: "SELECT hashed_email FROM ewallet_provider.provider_users ANTI JOIN merchant.users USING (hashed_email)",
  spenders: `SELECT hashed_email FROM ${bought} GROUP BY ALL HAVING sum(sale_price) > 600`,
  savers: `SELECT hashed_email FROM ${bought} GROUP BY ALL HAVING sum(sale_price) <= 600`,
  free: `SELECT hashed_email FROM ${members} WHERE account_tier = 'Free'`,
  premium: `SELECT hashed_email FROM ${members} WHERE account_tier = 'Premium'`,
  freeOfThe90s: `SELECT hashed_email FROM ${members} WHERE account_tier = 'Free' AND year(date_of_birth) // 10 = 199`,
  premiumOfThe90s: `SELECT hashed_email FROM ${members} WHERE account_tier = 'Premium' AND year(date_of_birth) // 10 = 199`,
  businessOfThe90s:
    "SELECT hashed_email FROM ewallet_provider.provider_users WHERE account_tier = 'Business' AND year(date_of_birth) // 10 = 199",
  searchers: "SELECT hashed_email FROM merchant.users WHERE traffic_source = 'Search' AND age BETWEEN 25 AND 44",
  readers: "SELECT hashed_email FROM merchant.users WHERE traffic_source = 'Email' AND age BETWEEN 25 AND 44",
  touches: `SELECT ${touches} FROM ${paid} GROUP BY hashed_email`,
  searchPayments: `SELECT min(${payments}) FROM ${paid} AND traffic_source = 'Search' GROUP BY hashed_email`,
  emailPayments: `SELECT min(${payments}) FROM ${paid} AND traffic_source = 'Email' GROUP BY hashed_email`,
  /** One order a person that both know, with its amount, status and time. */
  orders: `SELECT min(told) FROM (
    SELECT orders.user_id, order_id || '|' || round(sum(sale_price), 2) || '|' || any_value(orders.status) || '|'
      || strftime(any_value(orders.created_at), '%Y-%m-%d %H:%M:%S') AS told
    ${orders} GROUP BY order_id, orders.user_id HAVING count(DISTINCT transaction_id) = 1 AND bool_and(orders.status = transactions.status)
      AND bool_and(orders.created_at = transaction_timestamp) AND abs(sum(sale_price) - min(transaction_amount)) < 0.001) GROUP BY user_id`,
} as const;
type Kind = keyof typeof kinds;

/** Rows of a list: so many of a kind. */
interface Part {
  readonly kind: Kind;
  readonly count: number;
  /** How many of the kind to leave out first. @default 0 */
  readonly after?: number;
  /** The segment or source to list them under. @default "A" */
  readonly segment?: string;
  /** An amount in place of their own. */
  readonly amount?: number | undefined;
}

/** Puts each row in a segment of its own. */
const ALONE = "alone";
const segmentOf = ({ segment = "A" }: Part) => (segment === ALONE ? "told" : `'${segment}'`);

/** The columns of a list's rows, made from the texts of a kind, `told`, which hold up to four fields. */
const field = (at: number, type: string) => `CAST(SPLIT(told, '|')[SAFE_OFFSET(${at})] AS ${type})`;
const rowOf: Readonly<Record<string, (part: Part) => string>> = {
  overlap_by_segment: segmented,
  reach_by_segment: segmented,
  spend_by_segment: segmented,
  spend_by_tier: ({ amount = 100 }) => `told AS hashed_email, CAST(${amount} AS NUMERIC) AS spend`,
  lookalike_reach: () => "told AS hashed_email",
  lookalike_customers: () => "told AS hashed_email",
  last_touch_attribution: (part) =>
    `${field(0, "STRING")} AS hashed_email, ${segmentOf(part)} AS traffic_source, COALESCE(${field(1, "TIMESTAMP")}, TIMESTAMP '2020-01-01') AS touched_at`,
  payments_by_traffic_source: ({ amount }) =>
    `${field(0, "STRING")} AS hashed_email, ${amount === undefined ? field(1, "NUMERIC") : `CAST(${amount} AS NUMERIC)`} AS amount, ${field(2, "TIMESTAMP")} AS paid_at`,
  verify_payments: (part) => order(part, "ordered_at"),
  verify_orders: (part) => order(part, "paid_at"),
};

function segmented(part: Part): string {
  return `told AS hashed_email, ${segmentOf(part)} AS segment`;
}

function order({ amount = 0 }: Part, time: string): string {
  return `${field(0, "INT64")} AS order_id, ${field(1, "FLOAT64")} + ${amount} AS amount, ${field(2, "STRING")} AS status, ${field(3, "TIMESTAMP")} AS ${time}`;
}

describe("The guards of the query templates", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let room: CleanRoom;
  const found = new Map<Kind, string[]>();
  /** How many people each template of lookalikes knows. */
  const everybody = new Map<string, number>();
  before(async () => {
    const place = await usualRoom(folder);
    room = await openRehearsedRoom(place);
    const warehouse = await openWarehouse(`duckdb://${join(place, "clean-room.duckdb")}`);
    for (const [kind, sql] of Object.entries(kinds)) {
      const rows = await warehouse.run(`SELECT told FROM (${sql}) AS t(told) ORDER BY 1`);
      found.set(
        kind as Kind,
        rows.map(({ told }) => String(told)),
      );
    }
    for (const [name, sql] of [
      ["lookalike_reach", "FROM ewallet_provider.provider_users WHERE date_of_birth IS NOT NULL"],
      ["lookalike_customers", "FROM merchant.users WHERE age IS NOT NULL AND traffic_source IS NOT NULL"],
    ] as const)
      everybody.set(name, Number((await warehouse.run(`SELECT count(*) AS people ${sql}`))[0]?.people));
    await warehouse.close();
  });
  after(() => room.close());

  /** The first columns of a template's answer on a list. */
  const ask = async (name: string, list: readonly Part[], ...more: readonly unknown[]) => {
    const template = templates.find((each) => each.name === name) ?? expect.fail(`there is no template ${name}`);
    const caller = otherParty(template.owner);
    const rows = list.map((part) => {
      const { kind, count, after: from = 0 } = part;
      const of = (found.get(kind) ?? []).slice(from, from + count);
      if (of.length < count) throw new Error(`there are only ${found.get(kind)?.length} ${kind}`);
      return `SELECT ${rowOf[name]?.(part)} FROM UNNEST(SPLIT('${of.join(";")}', ';')) AS told`;
    });
    const answer = await room.ask(
      caller,
      `SELECT * FROM ${parties[caller].linked}.${name}(${[`(${rows.join(" UNION ALL ")})`, ...more].join(", ")}) ORDER BY 1, 2`,
    );
    return answer.rows.map((row) => row.map((value) => (typeof value === "string" ? value : Number(value))));
  };
  const groups = async (...call: Parameters<typeof ask>) => (await ask(...call)).map(([first]) => first);
  const alone = (kind: Kind, count: number): Part => ({ kind, count, after: 1000, segment: ALONE });

  for (const [name, inside, outside] of [
    ["overlap_by_segment", "members", "strangers"],
    ["reach_by_segment", "buyers", "outsiders"],
  ] as const)
    describe(name, () => {
      it("needs 500 people of the owner's", async () => {
        const first = (known: number) =>
          groups(name, [
            { kind: inside, count: known },
            { kind: outside, count: 60 },
          ]);
        expect(await first(500)).to.deep.equal(["A"]);
        expect(await first(490)).to.deep.equal([]);
      });
      const second = (known: number, others: number, after = 500) =>
        groups(name, [
          { kind: inside, count: 500 },
          { kind: outside, count: 60 },
          { kind: inside, count: known, after, segment: "B" },
          { kind: outside, count: others, after: 60, segment: "B" },
        ]);
      it("shows a segment with 60 on either side", async () => {
        expect(await second(60, 60)).to.deep.equal(["A", "B"]);
        expect(await second(50, 60)).to.deep.equal(["A"]);
        expect(await second(60, 50)).to.deep.equal(["A"]);
      });
      it("does not show by a segment's absence how many are in it", async () => {
        const shown = new Set<string>();
        for (let other = 0; other < 12; other++) shown.add((await second(55, 70, 500 + other)).join());
        expect(shown).to.deep.equal(new Set(["A", "A,B"]));
      });
      it("leaves out a person in two segments", async () => {
        const list: Part[] = [
          { kind: inside, count: 500 },
          { kind: outside, count: 60 },
        ];
        expect(await groups(name, [...list, { kind: inside, count: 10 }])).to.deep.equal(["A"]);
        expect(await groups(name, [...list, { kind: inside, count: 10, segment: "B" }])).to.deep.equal([]);
      });
      it("takes up to 50 segments", async () => {
        const list: Part[] = [
          { kind: inside, count: 500 },
          { kind: outside, count: 60 },
        ];
        expect(await groups(name, [...list, alone(outside, 49)])).to.deep.equal(["A"]);
        expect(await groups(name, [...list, alone(outside, 50)])).to.deep.equal([]);
      });
    });

  describe("spend_by_segment", () => {
    const name = "spend_by_segment";
    const two = (first: number, second: number): Part[] => [
      { kind: "shoppers", count: first },
      { kind: "shoppers", count: second, after: first, segment: "B" },
    ];
    it("needs 500 customers, 110 in a segment", async () => {
      expect(await groups(name, two(390, 110))).to.deep.equal(["A", "B"]);
      expect(await groups(name, two(500, 100))).to.deep.equal(["A"]);
      expect(await groups(name, two(380, 110))).to.deep.equal([]);
    });
    it("leaves out a person in two segments", async () => {
      expect(await groups(name, [...two(390, 110), { kind: "shoppers", count: 10, segment: "C" }])).to.deep.equal([]);
    });
    it("takes up to 50 segments", async () => {
      expect(await groups(name, [...two(390, 110), alone("outsiders", 48)])).to.deep.equal(["A", "B"]);
      expect(await groups(name, [...two(390, 110), alone("outsiders", 49)])).to.deep.equal([]);
    });
    it("counts a person up to 500 USD", async () => {
      const list: Part[] = [
        { kind: "savers", count: 400 },
        { kind: "spenders", count: 110, segment: "B" },
      ];
      // The step is 50 USD for 110 people.
      expect((await ask(name, list))[1]?.[2]).to.be.within(445, 555);
    });
  });

  describe("spend_by_tier", () => {
    const name = "spend_by_tier";
    const tiers = (free: number, premium: number): Part[] => [
      { kind: "free", count: free },
      { kind: "premium", count: premium },
    ];
    it("needs 500 wallet users", async () => {
      expect(await groups(name, tiers(300, 200))).to.deep.equal(["Free", "Premium"]);
      expect(await groups(name, tiers(300, 190))).to.deep.equal([]);
      expect(await groups(name, [...tiers(300, 200), { kind: "free", count: 10 }]), "listed twice").to.deep.equal([]);
    });
    it("shows a tier with 110 in it and 110 in another", async () => {
      expect(await groups(name, tiers(450, 110))).to.deep.equal(["Free", "Premium"]);
      expect(await groups(name, tiers(500, 100))).to.deep.equal([]);
    });
    it("counts amounts from 0 to 500 USD", async () => {
      const spend = async (amount: number) =>
        (
          await ask(
            name,
            tiers(300, 200).map((part) => ({ ...part, amount })),
          )
        ).map((row) => row[2]);
      for (const usd of await spend(1e6)) expect(usd).to.be.within(475, 525);
      expect(await spend(-1e6)).to.deep.equal([0, 0]);
    });
  });

  describe("last_touch_attribution", () => {
    const name = "last_touch_attribution";
    const sources = (first: number, second: number): Part[] => [
      { kind: "touches", count: first },
      { kind: "touches", count: second, after: first, segment: "B" },
    ];
    it("needs 500 people who paid, 60 after a source and 60 after others", async () => {
      expect(await groups(name, sources(440, 60), 365)).to.deep.equal(["A", "B"]);
      expect(await groups(name, sources(430, 60), 365)).to.deep.equal([]);
      expect(await groups(name, sources(460, 50), 365)).to.deep.equal([]);
    });
    it("takes up to 50 sources, and four windows", async () => {
      expect(await groups(name, [...sources(440, 60), alone("strangers", 48)], 365)).to.deep.equal(["A", "B"]);
      expect(await groups(name, [...sources(440, 60), alone("strangers", 49)], 365)).to.deep.equal([]);
      expect(await groups(name, sources(440, 60), 364)).to.deep.equal([]);
    });
  });

  describe("payments_by_traffic_source", () => {
    const name = "payments_by_traffic_source";
    const list = (search: number, email: number, amount?: number): Part[] => [
      { kind: "searchPayments", count: search, amount },
      { kind: "emailPayments", count: email, amount },
    ];
    it("needs 500 customers who paid, 60 after a source and 60 after others", async () => {
      expect(await groups(name, list(440, 60), 365)).to.deep.equal(["Email", "Search"]);
      expect(await groups(name, list(430, 60), 365)).to.deep.equal([]);
      expect(await groups(name, list(460, 50), 365)).to.deep.equal([]);
    });
    it("takes four windows", async () => {
      expect(await groups(name, list(440, 60), 366)).to.deep.equal([]);
    });
    it("counts a person from 0 to 500 USD", async () => {
      const usd = async (amount: number) => (await ask(name, list(450, 60, amount), 365)).map((row) => row[2]);
      expect(await usd(1e6)).to.deep.equal([30_000, 225_000]);
      expect(await usd(-1e6)).to.deep.equal([0, 0]);
    });
  });

  for (const { name, one, other, key } of [
    { name: "lookalike_reach", one: "freeOfThe90s", other: "premiumOfThe90s", key: ["Free", "Premium"] },
    { name: "lookalike_customers", one: "searchers", other: "readers", key: ["Search", "Email"] },
  ] as const)
    it(`${name} needs 500 people, and 60 in a group`, async () => {
      const shown = async (first: number, second: number) =>
        new Set(
          await groups(name, [
            { kind: one, count: first },
            { kind: other, count: second },
          ]),
        );
      expect(await shown(440, 60)).to.deep.equal(new Set(key));
      expect(await shown(450, 50)).to.deep.equal(new Set([key[0]]));
      expect(await shown(430, 60)).to.deep.equal(new Set());
    });

  it("a lift does not show how many people of the list there are", async () => {
    for (const { name, one, other } of [
      { name: "lookalike_reach", one: "freeOfThe90s", other: "premiumOfThe90s" },
      { name: "lookalike_customers", one: "searchers", other: "readers" },
    ] as const) {
      // The number of all people, by the lift, if 505 are listed: 500 or 510, and not always the same.
      const guessed = new Set<boolean>();
      for (let after = 0; after < 12; after++)
        for (const [first, , seeds, lookalikes, lift] of await ask(name, [
          { kind: one, count: 445, after },
          { kind: other, count: 60 },
        ]))
          if (first === "Free" || first === "Search") {
            const all = (Number(seeds) / Number(lookalikes) / Number(lift)) * (Number(everybody.get(name)) - 505);
            guessed.add(all > 505);
          }
      expect([...guessed], name).to.have.length(2);
    }
  });

  it("lookalikes are shown where 60 are not listed", async () => {
    for (const { name, all, rest, key } of [
      { name: "lookalike_reach", all: "businessOfThe90s", rest: "freeOfThe90s", key: "Business" },
      { name: "lookalike_customers", all: "readers", rest: "searchers", key: "Email" },
    ] as const) {
      const size = found.get(all)?.length ?? 0;
      const but = (left: number) =>
        groups(name, [
          { kind: all, count: size - left },
          { kind: rest, count: 500 },
        ]);
      expect(await but(60), name).to.include(key);
      expect(await but(50), name).to.not.include(key);
    }
  });

  for (const name of ["verify_payments", "verify_orders"])
    describe(name, () => {
      const list = (right: number, wrong: number): Part[] => [
        { kind: "orders", count: right },
        { kind: "orders", count: wrong, after: right, amount: 1 },
      ];
      it("needs 1,000 orders that both know", async () => {
        expect(await groups(name, list(1000, 0))).to.deep.equal(["agrees"]);
        expect(await groups(name, list(990, 0))).to.deep.equal([]);
      });
      it("shows a finding of 30 people", async () => {
        expect(await groups(name, list(1000, 30))).to.deep.equal(["agrees", "other amount"]);
        expect(await groups(name, list(1000, 20))).to.deep.equal(["agrees"]);
      });
      it("counts an order up to 500 USD, a tenth of the step of amounts", async () => {
        const dear = (amount: number) =>
          ask(name, [
            { kind: "orders", count: 1000 },
            { kind: "orders", count: 40, after: 1000, amount },
          ]);
        const amounts = (await dear(1e6)).map((row) => Number(row[2]));
        expect(amounts[1]).to.equal(20_000);
        for (const usd of amounts) expect(usd % 5000).to.equal(0);
      });
    });
});
