import { expect } from "chai";
import { meansApart, sharesApart, sharesDiffer } from "../../report/clean-room/compare.ts";
import { tell } from "../../report/clean-room/headlines.ts";
import type { UseCaseAnswer } from "../../report/clean-room/shape.ts";

/** An answer of a use case: the columns' names with their types, then the rows. */
function answer(name: string, columns: Readonly<Record<string, string>>, rows: UseCaseAnswer["rows"]): UseCaseAnswer {
  return {
    name,
    title: "",
    question: "",
    party: "merchant",
    sql: "",
    rules: [],
    columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })),
    rows,
  };
}

describe("The headlines of the clean room's questions", () => {
  const findings = { finding: "STRING", orders: "INT64", share_of_orders: "FLOAT64" };
  it("01: says which share of the payments agrees, and what is wrong with the others", () => {
    const rows: UseCaseAnswer["rows"] = [
      ["agrees", 9997, 0.9997],
      ["late", 2, 0.0002],
      ["missing", 1, 0.0001],
    ];
    expect(tell(answer("01-transaction-verification", findings, rows)).headline).to.equal(
      "**99.9%** of the payments for 10,000 orders agree; 3 orders are wrong: 2 paid late and 1 not paid",
    );
    // As the table rounds it.
    const nearly = answer("01-transaction-verification", findings, [
      ["agrees", 43_321, 0.9895],
      ["late", 459, 0.0105],
    ]);
    expect(tell(nearly).headline).to.match(/^\*\*99\.0%\*\* of the payments for 43,780 orders agree; /);
    expect(tell(answer("01-transaction-verification", findings, rows)).drawn).to.deep.equal(rows.slice(1));
    expect(tell(answer("01-transaction-verification", findings, rows.slice(0, 1))).headline).to.equal(
      "All payments for 9,997 orders agree in amount, status and time",
    );
  });

  it("02: compares what customers of two tiers keep, in dollars, if there are enough customers", () => {
    const columns = { account_tier: "STRING", customers: "INT64", kept_usd_per_customer: "NUMERIC" };
    const of = (size: number) =>
      tell(
        answer("02-segmentation-by-tier", columns, [
          ["Free", 9 * size, 88.35],
          ["Business", size, 177.88],
        ]),
      );
    expect(of(1000)).to.include({
      headline:
        "A customer with a **Business** wallet keeps goods worth $177.88, 2.0 times as much as one with a Free wallet ($88.35)",
      note: "Only customers who have ordered count here.",
    });
    expect(of(30).headline).to.equal("The tiers do not differ in spend by more than chance");
  });

  it("03: says whether verified customers cancel and return less", () => {
    const columns = { is_verified_user: "BOOL", customers: "INT64", cancelled_or_returned: "FLOAT64" };
    const of = (others: number, verified: number) =>
      tell(
        answer("03-trust-by-verification", columns, [
          [false, 10_000, others],
          [true, 17_000, verified],
        ]),
      ).headline;
    expect(of(0.353, 0.185)).to.equal(
      "**Verified** users of the wallet cancel or return 18.5% of the orders they pay with it, the others 35.3%",
    );
    expect(of(0.185, 0.353)).to.match(/^\*\*Verified\*\* .* 35\.3% of the orders they pay with it, the others 18\.5%$/);
    expect(of(0.25, 0.252)).to.match(/^No difference beyond chance: /);
  });

  it("04: keeps age, gender and country apart, and says which of them matter", () => {
    const columns = {
      attribute: "STRING",
      attribute_value: "STRING",
      wallet_users: "INT64",
      on_paying_tier: "FLOAT64",
    };
    const told = tell(
      answer("04-wallet-enrichment", columns, [
        ["age", "18 to 24", 7000, 0.32],
        ["age", "45 to 54", 7000, 0.55],
        ["gender", "F", 20_000, 0.45],
        ["gender", "M", 20_000, 0.47],
        ["country", "China", 900, 0.45],
        // Of all the most, but of few people.
        ["country", "Poland", 92, 0.59],
        ["country", "other", 6, null],
      ]),
    );
    expect(told.headline).to.equal(
      "Who pays for a tier: by age, from 32.0% (18 to 24) to 55.0% (45 to 54); gender makes hardly any difference; country makes no difference beyond chance",
    );
    expect(told.note).to.equal("The query itself suppresses them: no rule does.");
  });

  it("05: says which share has a wallet, and which share of these never used it here", () => {
    const columns = { customers: "INT64", share_with_wallet: "FLOAT64", share_never_used_here: "FLOAT64" };
    expect(tell(answer("05-overlap", columns, [[86_153, 0.491, 0.347]])).headline).to.equal(
      "**49.1%** of our 86,153 customers have a wallet, and 34.7% of these have never paid us with it",
    );
  });

  it("06: counts the birth decades in which the tiers differ", () => {
    const columns = {
      birth_decade: "INT64",
      account_tier: "STRING",
      customers: "INT64",
      kept_usd_per_customer: "NUMERIC",
    };
    const decade = (year: number, size: number): UseCaseAnswer["rows"] => [
      [year, "Free", 5 * size, 90],
      [year, "Business", size, 180],
    ];
    const told = (...rows: UseCaseAnswer["rows"]) =>
      tell(answer("06-spend-by-decade-and-tier", columns, rows)).headline;
    expect(told(...decade(1980, 900), ...decade(1990, 900))).to.equal(
      "In **every birth decade**, Business customers spend more than Free ones: 2.0 times as much",
    );
    expect(told(...decade(1980, 900), ...decade(1990, 40))).to.match(/^In \*\*1 of 2 birth decades\*\*/);
    expect(told(...decade(1990, 40))).to.match(/^No birth decade/);
  });

  it("07: names the sources with the highest and the lowest share of users who pay for a tier", () => {
    const columns = {
      traffic_source: "STRING",
      wallet_users: "INT64",
      on_paying_tier: "FLOAT64",
      kept_usd_per_user: "NUMERIC",
    };
    const told = tell(
      answer("07-reach-by-source", columns, [
        ["Search", 29_000, 0.46, 94],
        ["Email", 1800, 0.52, 90],
        ["Facebook", 2800, 0.38, 96],
      ]),
    );
    expect(told.headline).to.equal(
      "Users from **Email (52.0%)** pay for a tier more often than those from Facebook (38.0%); their spend does not differ by more than chance",
    );
  });

  it("08: rounds noisy figures", () => {
    const columns = { status: "STRING", payments: "INT64", average_usd: "FLOAT64" };
    const told = tell(
      answer("08-payments-with-noise", columns, [
        ["Shipped", 749, 82],
        ["Returned", 251, 80],
      ]),
    );
    expect(told.headline).to.match(/^About \*\*1,000\*\* payments, 25\.1% of them /);
    expect(tell(answer("08-payments-with-noise", columns, [])).headline).to.equal(
      "No group is large enough to be shown",
    );
  });

  it("10: names the countries with too few customers, and two others that differ", () => {
    const columns = { country: "STRING", customers: "INT64", with_wallet: "INT64", share_with_wallet: "FLOAT64" };
    const rows: UseCaseAnswer["rows"] = [
      ["China", 29_000, 15_500, 0.533],
      ["Germany", 3500, 1250, 0.355],
      ["Austria", 4, null, null],
    ];
    const note = (...more: UseCaseAnswer["rows"]) =>
      tell(answer("10-too-few-to-tell", columns, [...rows, ...more])).note;
    expect(note()).to.equal("The merchant knows these countries from its own table.");
    expect(note(["Deutschland", 1, null, null], ["España", 3, null, null])).to.equal(
      "The merchant knows these countries from its own table. España is thelook's second spelling of Spain. Deutschland is thelook's second spelling of Germany.",
    );
    expect(tell(answer("10-too-few-to-tell", columns, rows)).headline).to.equal(
      "**Too few to tell** in 1 of 3 countries: Austria; of the others, wallets are more common in China (53.3%) than in Germany (35.5%)",
    );
    expect(tell(answer("10-too-few-to-tell", columns, rows.slice(0, 1))).headline).to.equal(
      "No country is too small to tell; the others do not differ by more than chance",
    );
  });

  it("11: names the categories of which Business customers buy more or less", () => {
    const columns = {
      category: "STRING",
      free_items: "INT64",
      business_items: "INT64",
      share_of_free: "FLOAT64",
      share_of_premium: "FLOAT64",
      share_of_business: "FLOAT64",
    };
    const told = tell(
      answer("11-what-each-tier-buys", columns, [
        ["Jeans", 2600, 1050, 0.065, 0.075, 0.081],
        ["Suits", 200, 85, 0.005, 0.006, 0.0065],
        ["Leggings", 814, 187, 0.02, 0.016, 0.0144],
        ["Jumpsuits", 200, null, 0.005, 0.006, null],
      ]),
    );
    expect(told.headline).to.equal(
      "Business customers buy more **Jeans** (8.1% of their items, Free 6.5%); less Leggings (1.4% of their items, Free 2.0%)",
    );
    expect(told.shows?.map(({ name }) => name)).to.deep.equal([
      "share_of_free",
      "share_of_premium",
      "share_of_business",
    ]);
  });

  it("12: names the ages that differ most, not two larger groups that differ less", () => {
    const columns = { age_band: "STRING", customers: "INT64", share_with_wallet: "FLOAT64" };
    const told = (tiny: number) =>
      tell(
        answer("12-joining-by-age", columns, [
          ["17", 60, tiny],
          ["18 to 24", 10_000, 0.71],
          ["25 to 34", 15_000, 0.68],
          ["65 and older", 8700, 0.298],
        ]),
      ).headline;
    expect(told(0.72)).to.equal("**71.0% of those aged 18 to 24** have a wallet, but 29.8% of those aged 65 and older");
    // Chance may explain a part of a small group's difference; the rest is what counts.
    expect(told(1)).to.match(/^\*\*100\.0% of those aged 17\*\*/);
  });

  it("are generic after a change to the query, and for a question of one's own", () => {
    const columns = { age_band: "STRING", customers: "INT64", joined: "FLOAT64" };
    const rows: UseCaseAnswer["rows"] = [
      ["young", 900, 0.6],
      ["old", 900, 0.3],
    ];
    for (const name of ["12-joining-by-age", "99-mine", "toString"])
      expect(tell(answer(name, columns, rows)).headline, name).to.equal(
        "Joined: **young** 60.0%, 2.0 times the 30.0% of old",
      );
  });

  it("are generic without comparing sums, which are as large as their groups", () => {
    const columns = { tier: "STRING", customers: "INT64", usd_paid: "FLOAT64", usd_per_order: "FLOAT64" };
    const rows: UseCaseAnswer["rows"] = [
      ["Free", 18_000, 1_800_000, 70],
      ["Business", 4000, 900_000, 105],
    ];
    expect(tell(answer("99-mine", columns, rows)).headline).to.equal(
      "USD per order: **Business** $105.00, 1.5 times the $70.00 of Free",
    );
    const { usd_per_order: _, ...sums } = columns;
    const cut = rows.map((row) => row.slice(0, 3));
    expect(tell(answer("99-mine", sums, cut)).headline).to.equal("USD paid: $900,000.00 to $1,800,000.00");
  });

  it("are generic without mixing two dimensions: only groups of one country are compared", () => {
    const columns = { country: "STRING", tier: "STRING", customers: "INT64", returned: "FLOAT64" };
    const told = tell(
      answer("99-mine", columns, [
        ["China", "Free", 900, 0.4],
        ["China", "Business", 900, 0.2],
        ["Japan", "Free", 900, 0.05],
      ]),
    );
    expect(told.headline).to.equal("Returned: **Free** 40.0%, 2.0 times the 20.0% of Business (China)");
  });
});

describe("A difference between two groups", () => {
  it("is measured in standard errors", () => {
    // By hand: p = 0.5, the error is 0.05, the difference 0.2.
    expect(sharesApart({ value: 0.6, of: 200 }, { value: 0.4, of: 200 })).to.be.closeTo(4, 1e-9);
    expect(sharesApart({ value: 0.4, of: 200 }, { value: 0.6, of: 200 })).to.be.closeTo(-4, 1e-9);
    expect(sharesApart({ value: 1, of: 5 }, { value: 1, of: 9 })).to.equal(0);
    expect(meansApart({ value: Math.E, of: 450 }, { value: 1, of: 450 })).to.be.closeTo(10, 1e-9);
    expect(meansApart({ value: 0, of: 450 }, { value: 1, of: 450 })).to.equal(0);
  });

  it("counts from three standard errors on, in groups of fifty or more", () => {
    const half = (of: number) => ({ value: 0.5, of });
    expect(sharesDiffer({ value: 0.66, of: 200 }, half(200))).to.equal(true);
    expect(sharesDiffer({ value: 0.6, of: 200 }, half(200))).to.equal(false);
    expect(sharesDiffer({ value: 0.99, of: 49 }, { value: 0.01, of: 900 })).to.equal(false);
  });

  it("is hardly ever found by chance among groups of equal shares", () => {
    // Five groups of 500 with a share of one half, two hundred times, from a generator with a fixed seed.
    let state = 7;
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 4_294_967_296;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const columns = { city: "STRING", people: "INT64", share: "FLOAT64" };
    let found = 0;
    for (let time = 0; time < 200; time++) {
      const rows = Array.from({ length: 5 }, (_, i) => [`${i}`, 500, 0.5 + normal() * Math.sqrt(0.25 / 500)] as const);
      if (!tell(answer("any", columns, rows)).headline.endsWith("within chance")) found++;
    }
    expect(found / 200).to.be.below(0.05);
  });
});
