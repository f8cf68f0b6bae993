import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { type CleanRoom, checkTemplates, problemOf, type RoomTable, readRoom } from "analysis-rules";
import { joinConditions } from "analysis-rules/policy";
import { expect } from "chai";
import type { Value } from "googlesql-duckdb";
import type { Override } from "../../cleanroom/overrides.ts";
import { otherParty, parties } from "../../cleanroom/party.ts";
import { missingFor } from "../../cleanroom/template-needs.ts";
import { parseTemplate, templates } from "../../cleanroom/templates.ts";
import { shareViews } from "../../cleanroom/views.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { openRehearsedRoom, ROOM_FILE } from "../../local/rehearsed-room.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";
import { usualRoom } from "./filled-room.ts";

const itInCI = process.env.CI ? it : it.skip;

type AnswerRow = Readonly<Record<string, Value>>;

describe("The query templates", () => {
  const folder = temporaryFolder();
  let place: string;
  let room: CleanRoom;
  const answers: Record<string, AnswerRow[]> = {};
  const ask = async (party: string, sql: string): Promise<AnswerRow[]> => {
    const { columns, rows } = await room.ask(party, sql);
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] as Value])));
  };
  /** The rows of a query in DuckDB's SQL on the tables themselves. */
  const truth = async (sql: string) => {
    const warehouse = await openWarehouse(`duckdb://${join(place, "clean-room.duckdb")}`);
    return warehouse.run(sql).finally(() => warehouse.close());
  };
  const row = (name: string, wanted: AnswerRow): AnswerRow => {
    const found = answers[name]?.find((each) =>
      Object.entries(wanted).every(([column, value]) => each[column] === value),
    );
    return found ?? expect.fail(`${name} has no row with ${JSON.stringify(wanted)}`);
  };

  before(async () => {
    place = await usualRoom(folder);
    room = await openRehearsedRoom(place);
    for (const { name, owner, example } of templates) answers[name] = await ask(otherParty(owner), example());
  });
  after(() => room.close());

  it("each name an owner, a question, guards and an example", () => {
    expect(templates.map(({ name, owner }) => `${owner} ${name}`).sort()).to.deep.equal([
      "merchant lookalike_customers",
      "merchant payments_by_traffic_source",
      "merchant reach_by_segment",
      "merchant spend_by_segment",
      "merchant verify_orders",
      "wallet last_touch_attribution",
      "wallet lookalike_reach",
      "wallet overlap_by_segment",
      "wallet spend_by_tier",
      "wallet verify_payments",
    ]);
    for (const { name, owner, question, guards, parameters, reads, body, example } of templates) {
      expect(question, name).to.match(/^[A-Z].+\?$/);
      expect(guards, name).to.match(/at least \d+ .*rounded .*gets no rows/);
      expect(parameters[0]?.type, name).to.match(/^TABLE<\w+ \w+(, \w+ \w+)*>$/);
      expect(body({ merchant: "m-1", wallet: "w-2" }), name).to.contain(
        `\`${owner === "merchant" ? "m-1" : "w-2"}.${reads[0]}\``,
      );
      expect(example("other.linked"), name).to.contain(`FROM other.linked.${name}(`);
    }
  });

  itInCI(
    "are refused by the settings for exactly those changes of a shared view with which the rules refuse them",
    async () => {
      const usual = readRoom(join(place, ROOM_FILE));
      const joins = [
        [],
        ["hashed_email"],
        ["country"],
        ["city"],
        ["country", "hashed_email"],
        ["hashed_email", "city"],
      ];
      const changes: Override[] = [
        ...joinConditions.flatMap((joinCondition) => joins.map((joinColumns) => ({ joinCondition, joinColumns }))),
        ...[["hashed_email"], ["hashed_email", "account_tier"], ["hashed_email", "orders"]].map((columns) => ({
          columns,
        })),
        { columns: ["account_tier", "city"], privacyUnitColumn: "city", joinColumns: ["city"] },
        { columns: ["country", "orders"], privacyUnitColumn: "country", joinColumns: ["country"] },
        { threshold: 7 },
        { privacyUnitColumn: "country" },
      ];
      const found = { allowed: 0, refused: 0 };
      for (const template of templates)
        for (const name of template.views)
          for (const change of changes) {
            const view = shareViews({ [name]: change }).views.find((each) => each.name === name);
            if (view === undefined) continue;
            const columns = view.columns.map((column) => column.name);
            const changed = ({ table, ...rest }: RoomTable): RoomTable => {
              if (table !== name) return { ...rest, table };
              const kept = columns.flatMap((column) => rest.columns.find((each) => each.name === column) ?? []);
              return { ...rest, table, columns: kept, rule: view.rule };
            };
            const parties = Object.entries(usual.parties).map(([party, of]) => [
              party,
              {
                ...of,
                tables: of.tables.map(changed),
                functions: of.functions?.filter(({ name }) => name === template.name),
              },
            ]);
            const errors = await checkTemplates({ ...usual, parties: Object.fromEntries(parties) });
            expect(missingFor(template, view) !== undefined, JSON.stringify(change)).to.equal(errors.size > 0);
            found[errors.size > 0 ? "refused" : "allowed"]++;
          }
      expect(found.allowed).to.be.above(8);
      expect(found.refused).to.be.above(12);
    },
  );

  it("may join a shared view in another way than ours, and then a changed view is not refused beforehand", () => {
    const [template] = templates.filter(({ name }) => name === "overlap_by_segment");
    const view = shareViews({ provider_users_shared: { joinCondition: "JOIN_ALL" } }).views.find(
      ({ name }) => name === "provider_users_shared",
    );
    if (template === undefined || view === undefined) throw new Error("the template and its view have other names");
    const from = "SELECT 1 FROM l JOIN `x.ewallet_provider_shared.provider_users_shared`";
    const missing = (join: string) => missingFor({ ...template, body: () => `${from}${join}` }, view);
    expect(missing("\n  AS p\n  ON\n p.hashed_email = l.hashed_email GROUP BY p.city")).to.equal(undefined);
    expect(missing(" USING (hashed_email)")).to.equal(undefined);
    expect(missing(" AS p ON p.city = l.city WHERE p.hashed_email <> ''")).to.equal("joins it on city");
  });

  it("keep to their owners' rules and return the columns that they declare", async () => {
    expect([...(await checkTemplates(readRoom(join(place, ROOM_FILE))))]).to.deep.equal([]);
    for (const { name, owner, columns, parameters } of templates) {
      const nulls = parameters.map(({ type }) => {
        const inside = /^TABLE<(.*)>$/
          .exec(type)?.[1]
          ?.split(", ")
          .map((column) => column.split(" "));
        return inside
          ? `(SELECT ${inside.map(([column, kind]) => `CAST(NULL AS ${kind}) AS ${column}`).join(", ")})`
          : "7";
      });
      const answer = await room.ask(
        otherParty(owner),
        `SELECT * FROM ${parties[otherParty(owner)].linked}.${name}(${nulls.join(", ")})`,
      );
      expect(answer.columns, name).to.deep.equal(columns.map(({ name: column, type }) => ({ name: column, type })));
      // The smallest list that each answers is longer.
      expect(answer.rows, name).to.deep.equal([]);
    }
  });

  it("must have a header, and read their owner's tables only", () => {
    const header = [
      "-- Owner: wallet",
      "-- Question: How many?",
      "-- Guards: Some.",
      "-- Parameters:",
      "--   t ANY TABLE: rows",
      "-- Answer:",
      "--   n INT64: rows",
      "-- Example:",
      "--   SELECT 1",
    ];
    const text = (
      lines: readonly string[],
      query = "SELECT COUNT(*) AS n FROM t JOIN ewallet_provider.provider_users USING (hashed_email)",
    ) => [...lines, query].join("\n");
    expect(parseTemplate("counted", text(header))).to.deep.include({
      owner: "wallet",
      reads: ["ewallet_provider.provider_users"],
      views: [],
    });
    for (const [index, title] of [
      [0, "Owner"],
      [1, "Question"],
      [2, "Guards"],
      [8, "Example"],
    ] as const)
      expect(
        () => parseTemplate("counted", text(header.toSpliced(index, title === "Example" ? 1 : 1))),
        title,
      ).to.throw(/^cleanroom\/templates\/counted\.sql: /);
    expect(() => parseTemplate("counted", text(header.with(0, "-- Owner: bank")))).to.throw(
      "the owner is bank: use merchant or wallet",
    );
    expect(() => parseTemplate("counted", text(header.with(4, "--   t rows")))).to.throw(
      '"t rows" is not "name TYPE: description"',
    );
    expect(() =>
      parseTemplate("counted", text(header, "SELECT 1 AS n FROM merchant.users JOIN t USING (hashed_email)")),
    ).to.throw("reads merchant.users: a template reads tables of its owner only");
    expect(() => parseTemplate("No-name", text(header))).to.throw("the name must be one of a function");
    // `npm start` prints a UserError without a stack trace.
    expect(() => parseTemplate("counted", ""))
      .to.throw()
      .with.property("name", "UserError");
  });

  it("may include the points, once and with all that they need", () => {
    const include = "-- Include: points by city, age";
    const header = (more = "") => `-- Owner: wallet
-- Question: How many?
-- Guards: Some.
-- Parameters:
--   t TABLE<hashed_email STRING>: rows
${more}-- Answer:
--   n INT64: rows
-- Example:
--   SELECT 1
`;
    const query = `WITH listed AS (SELECT * FROM t),
found AS (…),
${include}
rounded AS (SELECT … FROM points)
SELECT n FROM rounded`;
    const parsed = (text: string) => parseTemplate("counted", text);
    const { reads, body } = parsed(header() + query);
    expect(reads).to.deep.equal(["ewallet_provider.provider_users"]);
    expect(body({ merchant: "m-1", wallet: "w-2" }))
      .to.match(/^found AS \(…\),\n(.*\n)*secret AS \((.*\n)*points AS \((.*\n)*SELECT n FROM rounded$/m)
      .and.contain("`w-2.ewallet_provider.provider_users`")
      .and.contain("STRUCT(city, age)")
      .and.not.contain("Include");
    const written = body({ merchant: "m-1", wallet: "w-2" });
    for (const end of ["\r\n", "  \n", "\t\n"])
      expect(parsed((header() + query).replaceAll("\n", end)).body({ merchant: "m-1", wallet: "w-2" })).to.equal(
        written,
      );

    const form = '"-- Include: points by COLUMN, COLUMN"';
    const lines = [
      "-- Include: rounding",
      "-- Include: points by city age",
      "-- Include points by city",
      "-- include: points by city",
      "  -- Include: points by city",
    ];
    const faults: [change: (query: string) => string, message: string][] = [
      ...lines.map((line): [(query: string) => string, string] => [
        (text) => text.replace(include, line),
        `"${line}" is not ${form}`,
      ]),
      [(text) => text.replace("Include", "Inclde"), `reads "points" without a line ${form} after the clause "found"`],
      [(text) => text.replace(include, `${include}\n${include}`), "includes the points twice: keep one of the lines"],
      [(text) => text.replace("listed AS", "list AS"), `has no clause "listed AS (…)" before ${include}`],
      [(text) => text.replace("found AS", "counted AS"), `has no clause "found AS (…)" before ${include}`],
      [(text) => text.replace("FROM points", "FROM found"), "includes the points and does not use them"],
    ];
    for (const [change, message] of faults)
      expect(() => parsed(header() + change(query)), message).to.throw(`cleanroom/templates/counted.sql: ${message}`);
    expect(() => parsed(header("--   days INT64: a window\n") + query)).to.throw(
      "cleanroom/templates/counted.sql: the query does not use the parameter days: use it, or remove it from the header",
    );
  });

  describe("find what is in the data:", () => {
    it("advertising brings more people with a wallet, e-mails bring more who pay for a tier", () => {
      const share = (segment: string, column: string) => Number(row("overlap_by_segment", { segment })[column]);
      expect(share("Facebook", "overlap")).to.be.above(share("Email", "overlap") + 0.06);
      expect(share("Email", "on_paying_tier")).to.be.above(share("Facebook", "on_paying_tier") + 0.04);
    });

    it("the overlap is the tables' overlap, rounded to tens", async () => {
      const found =
        await truth(`SELECT traffic_source, count(*) AS people, count(*) FILTER (WHERE account_tier <> 'Free') AS paying
        FROM merchant.users JOIN ewallet_provider.provider_users USING (hashed_email) GROUP BY ALL`);
      expect(found).to.have.length(5);
      const all = await ask(
        "merchant",
        "SELECT * FROM linked_ewallet_provider.overlap_by_segment((SELECT hashed_email, traffic_source AS segment FROM merchant.users))",
      );
      for (const { traffic_source, people, paying } of found) {
        const shown = all.find(({ segment }) => segment === traffic_source) as AnswerRow;
        expect(Number(shown.with_wallet)).to.be.within(Number(people) - 9, Number(people) + 9);
        expect(Number(shown.paying)).to.be.within(Number(paying) - 9, Number(paying) + 9);
        expect(Number(shown.with_wallet) % 10).to.equal(0);
      }
    });

    it("higher tiers spend more, to the merchant that passes in the spend and to the wallet that passes in the tier", () => {
      const spend = (name: string, key: string, tier: string, column: string) =>
        Number(row(name, { [key]: tier })[column]);
      for (const [name, key, column] of [
        ["spend_by_tier", "account_tier", "usd_per_customer"],
        ["spend_by_segment", "account_tier", "gross_usd_per_customer"],
        ["spend_by_segment", "account_tier", "kept_usd_per_customer"],
      ] as const) {
        expect(spend(name, key, "Business", column), column).to.be.above(1.4 * spend(name, key, "Free", column));
        expect(spend(name, key, "Premium", column), column).to.be.above(1.2 * spend(name, key, "Free", column));
      }
      expect(spend("spend_by_segment", "account_tier", "Free", "kept_usd_per_customer")).to.be.below(
        spend("spend_by_segment", "account_tier", "Free", "gross_usd_per_customer"),
      );
      const { reach, repeating } = row("reach_by_segment", { account_tier: "Business" });
      expect(Number(reach)).to.be.within(0.6, 0.78);
      expect(Number(repeating)).to.be.above(0.1 + Number(row("reach_by_segment", { account_tier: "Free" }).repeating));
    });

    it("each payment belongs to the last touch before it, within the window", async () => {
      const [direct] = await truth(`SELECT count(DISTINCT hashed_email) AS payers, sum(usd) AS usd FROM (
        SELECT hashed_email, least(sum(transaction_amount), 500) AS usd FROM ewallet_provider.transactions
        JOIN ewallet_provider.provider_users USING (provider_user_id) JOIN merchant.users USING (hashed_email)
        WHERE transactions.status NOT IN ('Cancelled', 'Returned') AND traffic_source = 'Search'
          AND created_at <= transaction_timestamp AND transaction_timestamp < created_at + INTERVAL 90 DAY GROUP BY ALL)`);
      const shown = row("last_touch_attribution", { traffic_source: "Search" });
      expect(Number(shown.payers)).to.be.within(Number(direct?.payers) - 15, Number(direct?.payers) + 15);
      expect(Number(shown.attributed_usd)).to.be.within(Number(direct?.usd) - 6000, Number(direct?.usd) + 6000);
      // A later touch takes payments from the registration.
      const again = await ask(
        "merchant",
        `SELECT * FROM linked_ewallet_provider.last_touch_attribution((
        SELECT hashed_email, traffic_source, created_at AS touched_at FROM merchant.users UNION ALL
        SELECT u.hashed_email, 'Came back', TIMESTAMP_ADD(o.created_at, INTERVAL 1 HOUR) FROM merchant.orders AS o JOIN merchant.users AS u ON u.id = o.user_id), 90)`,
      );
      expect(again.map(({ traffic_source }) => traffic_source)).to.include("Came back");
      const later = again.find(({ traffic_source }) => traffic_source === "Search");
      expect(Number(later?.payers)).to.be.within(0.7 * Number(shown.payers), 0.999 * Number(shown.payers));
      const other = row("payments_by_traffic_source", { traffic_source: "Search" });
      expect(Number(other.payers)).to.be.above(Number(shown.payers));
    });

    it("one person who paid a million counts as 500 USD", async () => {
      const rich = await mkdtemp(join(folder, "rich-"));
      await cp(place, rich, { recursive: true });
      const warehouse = await openWarehouse(`duckdb://${join(rich, "clean-room.duckdb")}`);
      await warehouse
        .run(`UPDATE ewallet_provider.transactions SET transaction_amount = 1e6 WHERE transaction_id = (
          SELECT min(transaction_id) FROM ewallet_provider.transactions
          JOIN ewallet_provider.provider_users USING (provider_user_id) JOIN merchant.users USING (hashed_email)
          WHERE transactions.status = 'Complete' AND traffic_source = 'Search'
            AND created_at <= transaction_timestamp AND transaction_timestamp < created_at + INTERVAL 90 DAY)`)
        .finally(() => warehouse.close());
      const changed = await openRehearsedRoom(rich);
      const example = templates.find(({ name }) => name === "last_touch_attribution")?.example() as string;
      const { rows, columns } = await changed.ask("merchant", example).finally(() => changed.close());
      const at = (name: string) => columns.findIndex((column) => column.name === name);
      const search = rows.find((each) => each[at("traffic_source")] === "Search");
      const before = row("last_touch_attribution", { traffic_source: "Search" });
      expect(Math.abs(Number(search?.[at("attributed_usd")]) - Number(before.attributed_usd))).to.be.at.most(10_000);
    });

    it("nearly all payments agree with their orders, and each kind of disagreement is there", () => {
      for (const [name, kinds] of [
        ["verify_payments", ["agrees", "late", "missing", "other amount", "other status", "paid twice"]],
        ["verify_orders", ["agrees", "late", "other amount", "other status", "paid twice"]],
      ] as const) {
        const found = answers[name] ?? [];
        expect(found.map(({ finding }) => finding).toSorted()).to.deep.equal(kinds);
        expect(Number(row(name, { finding: "agrees" }).share_of_orders)).to.be.within(0.92, 0.97);
        expect(Number(row(name, { finding: "other amount" }).orders)).to.be.above(
          Number(row(name, { finding: "paid twice" }).orders),
        );
      }
    });

    it("good customers are found again among Business users, and paying users among customers between 25 and 44", () => {
      const lift = (name: string, wanted: AnswerRow) => Number(row(name, wanted).lift);
      expect(lift("lookalike_reach", { account_tier: "Premium", birth_decade: 1990 })).to.be.above(1.2);
      expect(lift("lookalike_reach", { account_tier: "Free", birth_decade: 1990 })).to.be.below(0.85);
      expect(lift("lookalike_customers", { traffic_source: "Search", age_band: "25 to 44" })).to.be.above(1.25);
      expect(lift("lookalike_customers", { traffic_source: "Search", age_band: "under 25" })).to.be.below(0.75);
      const reaches = (answers.lookalike_reach ?? []).map(({ reach }) => Number(reach));
      expect(reaches).to.deep.equal(reaches.toSorted((one, other) => one - other));
    });
  });

  describe("give an attacker nothing to write:", () => {
    /** Every twentieth customer in a group of its own, which 52 customers fill up to the threshold: the merchant knows that they have a wallet. */
    let padded: string;
    before(async () => {
      const known =
        await truth(`SELECT DISTINCT user_id FROM merchant.orders JOIN merchant.order_payments USING (order_id)
        WHERE payment_method = 'E-wallet' ORDER BY 1 LIMIT 52`);
      const ids = known.map(({ user_id }) => user_id).join(", ");
      padded = `SELECT id AS target, hashed_email FROM merchant.users WHERE MOD(id, 20) = 0 AND id NOT IN (${ids})
        UNION ALL SELECT u.id, k.hashed_email FROM merchant.users AS u CROSS JOIN merchant.users AS k
        WHERE MOD(u.id, 20) = 0 AND u.id NOT IN (${ids}) AND k.id IN (${ids})`;
    });

    it("one query on the view reveals every target's tier, in groups that the attacker fills with known people", async () => {
      const told = await ask(
        "merchant",
        `WITH padded_groups AS (
          SELECT WITH AGGREGATION_THRESHOLD t.target, COUNT(DISTINCT p.hashed_email) AS people, COUNTIF(p.account_tier = 'Free') AS free
          FROM (${padded}) AS t JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = t.hashed_email
          GROUP BY t.target)
        SELECT target, free - MIN(free) OVER () AS is_free FROM padded_groups WHERE people = 53`,
      );
      expect(told.length).to.be.above(250);
      const tiers = new Map(
        (
          await truth(
            "SELECT id, account_tier FROM merchant.users JOIN ewallet_provider.provider_users USING (hashed_email)",
          )
        ).map(({ id, account_tier }) => [Number(id), account_tier]),
      );
      const right = told.filter(({ target, is_free }) => (tiers.get(Number(target)) === "Free") === (is_free === 1));
      expect(right).to.have.length(told.length);
    });

    it("the template leaves out people in two groups, and so every padded group", async () => {
      const call = `SELECT * FROM linked_ewallet_provider.overlap_by_segment((SELECT hashed_email, CAST(target AS STRING) AS segment FROM (${padded})))`;
      expect(await ask("merchant", call)).to.deep.equal([]);
    });

    it("a short list, too many segments, and a segment in which everybody has a wallet get no row", async () => {
      const segments = async (list: string) => {
        const call = `SELECT segment FROM linked_ewallet_provider.overlap_by_segment((${list})) ORDER BY segment`;
        return (await ask("merchant", call)).map(({ segment }) => segment);
      };
      const split = (parts: number) =>
        segments(`SELECT hashed_email, CAST(MOD(id, ${parts}) AS STRING) AS segment FROM merchant.users`);
      expect(await split(50)).to.have.length(50);
      expect(await split(51)).to.deep.equal([]);
      const first = (count: number) =>
        segments(`SELECT hashed_email, 'all' AS segment FROM merchant.users ORDER BY id LIMIT ${count}`);
      expect(await first(2000)).to.deep.equal(["all"]);
      expect(await first(600)).to.deep.equal([]);
      const payers = `SELECT o.user_id FROM merchant.orders AS o
        JOIN merchant.order_payments AS c ON c.order_id = o.order_id AND c.payment_method = 'E-wallet'`;
      expect(
        await segments(
          `SELECT hashed_email, IF(id IN (${payers}), 'members', 'others') AS segment FROM merchant.users`,
        ),
      ).to.deep.equal(["others"]);
    });

    it("a row that is too long to be hashed takes the answer away: it would count and not move the rounding points", async () => {
      const answer = (segment: string, order = "id") =>
        ask(
          "merchant",
          `SELECT * FROM linked_ewallet_provider.overlap_by_segment((SELECT hashed_email, IF(id = 77, '${segment}', traffic_source) AS segment
          FROM merchant.users ORDER BY ${order} LIMIT 100000)) ORDER BY segment`,
        );
      const whole = await answer("x".repeat(3500));
      expect(whole).to.have.length(5);
      expect(await answer("x".repeat(3500), "id DESC"), "the order of the rows does not matter").to.deep.equal(whole);
      expect(await answer("x".repeat(5000))).to.deep.equal([]);
    });

    it("touches at the same time have one answer, in whatever order they come: several answers at the same points would show more than one", async () => {
      const answer = (sources: string, order: string) =>
        ask(
          "merchant",
          `SELECT * FROM linked_ewallet_provider.last_touch_attribution((
          SELECT hashed_email, source AS traffic_source, created_at AS touched_at FROM merchant.users CROSS JOIN UNNEST([${sources}]) AS source
          ORDER BY ${order} LIMIT 1000000), 365) ORDER BY traffic_source`,
        );
      const halves = "IF(MOD(id, 2) = 0, 'a', 'b'), IF(MOD(id, 2) = 0, 'c', 'b')";
      const one = await answer(halves, "source, id");
      expect(one.map(({ traffic_source }) => traffic_source)).to.deep.equal(["a", "b"]);
      expect(await answer(halves, "source DESC, id")).to.deep.equal(one);
    });

    it("a person who moves to a segment whose name differs in a byte order mark moves the rounding points", async () => {
      const others = async (left: number) => {
        const rows = await ask(
          "merchant",
          `SELECT * FROM linked_ewallet_provider.overlap_by_segment((SELECT hashed_email,
          IF(MOD(id, 2) = 0, traffic_source, IF(id <= ${left}, '\\uFEFF\\x1e', '\\x1e')) AS segment FROM merchant.users)) ORDER BY segment`,
        );
        return JSON.stringify(rows.filter(({ segment }) => /^[A-Z]/.test(String(segment))));
      };
      const answers = await Promise.all([8001, 8003, 8005, 8007, 8009].map(others));
      expect(new Set(answers)).to.have.property("size").above(1);
    });

    it("a call for each row is refused", async () => {
      const each = `SELECT u.id, (SELECT MAX(with_wallet) FROM linked_ewallet_provider.overlap_by_segment((
        SELECT c.hashed_email, 'x' AS segment FROM merchant.users AS c WHERE c.id < 3000 OR c.id = u.id))) FROM merchant.users AS u`;
      const error = await room.ask("merchant", each).catch((thrown) => thrown);
      expect(problemOf(error)?.message).to.equal(
        "linked_ewallet_provider.overlap_by_segment cannot be called once for each row of another table",
      );
    });

    /**
     * Lists that differ in a few people or orders, which no longer count: their rows have the same letters as before, divided among the
     * columns in another way, or the same sums.
     */
    const lists: Readonly<Record<string, (left: number) => string>> = {
      overlap_by_segment: (
        left,
      ) => `SELECT IF(id <= ${left}, CONCAT(hashed_email, traffic_source), hashed_email) AS hashed_email,
        IF(id <= ${left}, '', traffic_source) AS segment FROM merchant.users`,
      spend_by_tier: (left) => `SELECT IF(id <= ${left}, CONCAT(hashed_email, '1'), hashed_email) AS hashed_email,
        CAST(IF(id <= ${left}, 11, 111) AS NUMERIC) AS spend FROM merchant.users`,
      last_touch_attribution: (
        left,
      ) => `SELECT IF(id <= ${left}, CONCAT(hashed_email, 'x'), hashed_email) AS hashed_email,
        CONCAT(IF(id <= ${left}, '', 'x'), traffic_source) AS traffic_source, created_at AS touched_at FROM merchant.users`,
      verify_payments: (left) => `SELECT order_id, SUM(sale_price) AS amount,
        IF(order_id <= ${left}, CONCAT(o.status, CAST(UNIX_MICROS(o.created_at) AS STRING)), o.status) AS status,
        IF(order_id <= ${left}, NULL, o.created_at) AS ordered_at
        FROM merchant.orders AS o JOIN merchant.order_items AS i USING (order_id) GROUP BY order_id, o.status, o.created_at`,
      reach_by_segment: (
        left,
      ) => `SELECT IF(provider_user_id <= ${left}, CONCAT(hashed_email, account_tier), hashed_email) AS hashed_email,
        IF(provider_user_id <= ${left}, '', account_tier) AS segment FROM ewallet_provider.provider_users`,
      spend_by_segment: (
        left,
      ) => `SELECT IF(provider_user_id <= ${left}, CONCAT(hashed_email, account_tier), hashed_email) AS hashed_email,
        IF(provider_user_id <= ${left}, '', account_tier) AS segment FROM ewallet_provider.provider_users`,
      payments_by_traffic_source: (
        left,
      ) => `SELECT IF(provider_user_id <= ${left}, CONCAT(hashed_email, '1'), hashed_email) AS hashed_email,
        CAST(IF(provider_user_id <= ${left}, 1, 11) AS NUMERIC) AS amount, transaction_timestamp AS paid_at
        FROM ewallet_provider.transactions JOIN ewallet_provider.provider_users USING (provider_user_id)`,
      verify_orders: (left) => `SELECT order_id, transaction_amount AS amount, status, transaction_timestamp AS paid_at
        FROM ewallet_provider.transactions UNION ALL SELECT order_id, 0, status, transaction_timestamp
        FROM ewallet_provider.transactions WHERE order_id <= ${9 * left}`,
    };
    for (const [name, list] of Object.entries(lists))
      it(`${name} rounds at other points for another list, even if its rows have the same letters`, async () => {
        const template = templates.find((each) => each.name === name) ?? expect.fail(`there is no template ${name}`);
        const window = template.parameters.length > 1 ? ", 365" : "";
        const called = `${parties[otherParty(template.owner)].linked}.${name}`;
        const figures = new Map<string, number[]>();
        // If all lists were rounded at the same points, each figure would only fall or only rise.
        const both = (each: readonly number[]) => {
          const steps = each.slice(1).map((next, index) => next - (each[index] as number));
          return Math.min(...steps) < 0 && Math.max(...steps) > 0;
        };
        for (let left = 0; left < 80 && ![...figures.values()].some(both); left += 4)
          for (const { with_wallet, payers, orders, customers, ...of } of await ask(
            otherParty(template.owner),
            `SELECT * FROM ${called}((${list(left)})${window})`,
          )) {
            const key = String(Object.values(of)[0]);
            figures.set(key, [...(figures.get(key) ?? []), Number(with_wallet ?? payers ?? orders ?? customers)]);
          }
        expect([...figures.values()].some(both)).to.equal(true);
      });

    it("two templates round one list at different points: otherwise they would reveal by how much their figures differ", async () => {
      // All are customers with an order, so both templates count the same people.
      const people = `SELECT DISTINCT hashed_email, CAST(MOD(provider_user_id, 10) AS STRING) AS segment
        FROM ewallet_provider.transactions JOIN ewallet_provider.provider_users USING (provider_user_id)
        UNION ALL SELECT CONCAT('nobody ', CAST(n AS STRING)), CAST(MOD(n, 10) AS STRING) FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS n`;
      const [reached, spent] = await Promise.all(
        ["reach_by_segment", "spend_by_segment"].map((name) =>
          ask("wallet", `SELECT segment, customers FROM linked_merchant.${name}((${people})) ORDER BY segment`),
        ),
      );
      expect(reached?.map(({ segment }) => segment)).to.deep.equal(spent?.map(({ segment }) => segment));
      expect(reached).to.have.length(10);
      expect(reached).to.not.deep.equal(spent);
    });

    itInCI("two answers on lists that differ by one person do not show whether that person has a wallet", async () => {
      // If the exact count ended in 0, one person less would be the only way to another answer. An attacker does not know where it ends.
      const [end] =
        await truth(`SELECT min(id) AS id FROM (SELECT id, count(provider_user_id) OVER (ORDER BY id) AS holders
        FROM merchant.users LEFT JOIN ewallet_provider.provider_users USING (hashed_email)) WHERE id >= 4300 AND holders % 10 = 5`);
      const list = `id <= ${end?.id}`;
      const count = async (but: number) => {
        const [one] = await ask(
          "merchant",
          `SELECT with_wallet FROM linked_ewallet_provider.overlap_by_segment((
          SELECT hashed_email, 'x' AS segment FROM merchant.users WHERE ${list} AND id <> ${but}))`,
        );
        return Number(one?.with_wallet);
      };
      const whole = await count(-1);
      expect(await count(-1), "the same list has the same answer").to.equal(whole);
      const targets =
        await truth(`SELECT id, provider_user_id IS NOT NULL AS has FROM merchant.users LEFT JOIN ewallet_provider.provider_users USING (hashed_email)
        WHERE ${list} ORDER BY md5(id::VARCHAR) LIMIT 20`);
      // A change of the answer proves nothing: it is as likely for a person without a wallet.
      const differences = await Promise.all(
        targets.map(async ({ id, has }) => ({ has, by: whole - (await count(Number(id))) })),
      );
      const changed = (has: boolean) => differences.filter((each) => each.has === has && each.by !== 0);
      expect(changed(true)).to.not.have.length(0);
      expect(changed(false)).to.not.have.length(0);
      for (const { by } of differences) expect(Math.abs(by)).to.be.at.most(10);
    });
  });
});
