import { expect } from "chai";
import { monthAt, monthName, monthNumber, rangeName } from "../../report/days.ts";
import { everything } from "../../report/filter.ts";
import * as format from "../../report/format.ts";
import * as story from "../../report/sales/story.ts";
import { summariseSales } from "../../report/sales/summary.ts";
import { shownValue, tableCsv } from "../../report/table.ts";
import { cubeOf, type Order } from "./orders.ts";

describe("a report's figures", () => {
  it("are money in hryvnias, short where they are large", () => {
    expect([123_456_00, 99_99, 0, -5_00].map(format.uah)).to.deep.equal(["₴123,456", "₴99.99", "₴0.00", "−₴5.00"]);
    expect([30_063_433_48, 1_234_56, -12_000_00].map(format.uahShort)).to.deep.equal(["₴30.1M", "₴1.23k", "−₴12k"]);
  });

  it("are a dash where they do not exist", () => {
    for (const shown of [format.uah, format.uahShort, format.count, format.percent, format.rate, format.decimal])
      expect(shown(0 / 0)).to.equal("–");
    expect(format.change(1, 0)).to.equal("–");
    expect(shownValue(undefined, "money")).to.equal("–");
  });

  it("are not nothing where they are little", () => {
    expect([0, 0.004, 0.005, 0.5].map(format.percentWhole)).to.deep.equal(["0%", "<1%", "1%", "50%"]);
  });

  it("change by percents with a sign", () => {
    expect([format.change(112.3, 100), format.change(50, 100), format.change(100.01, 100)]).to.deep.equal([
      "+12.3%",
      "−50.0%",
      "±0.0%",
    ]);
  });

  it("come with days and months in words", () => {
    expect(rangeName("2026-11-01", "2026-11-23")).to.equal("1 Nov 2026 – 23 Nov 2026");
    expect(rangeName("2026-11-01", "2026-11-01")).to.equal("1 Nov 2026");
    expect(monthName(monthAt(monthNumber("2026-12-31") + 1))).to.equal("Jan 2027");
  });

  it("are plain in a CSV file", () => {
    const columns = [
      { name: "Day", kind: "day" },
      { name: "Revenue", kind: "money" },
      { name: "Share", kind: "share" },
      { name: "Note", kind: "text" },
    ] as const;
    const rows = [
      ["2024-03-01", 123456_78, 1 / 3, 'says "a, b"'],
      ["2024-03-02", 0, Number.NaN, undefined],
    ];
    expect(tableCsv({ columns, rows })).to.equal(
      'Day,"Revenue, UAH",Share,Note\r\n2024-03-01,123456.78,0.333333,"says ""a, b"""\r\n2024-03-02,0.00,,\r\n',
    );
  });
});

describe("the sentences about sales", () => {
  const order: Order = {
    day: 0,
    store: 0,
    orderType: 0,
    hour: 8,
    refunded: false,
    lines: [{ product: 0, items: 2 }],
    reason: undefined,
  };
  const say = (orders: Order[], filter = everything(cubeOf(orders))) => {
    const cube = cubeOf(orders);
    return { cube, summary: summariseSales(cube, filter) };
  };

  it("name the busiest hour by its average, not by how many such days there were", () => {
    // Of the forty days six are Fridays and five are Sundays.
    const friday = Array.from({ length: 7 }, () => ({ ...order, day: 3, hour: 9 }));
    const sunday = Array.from({ length: 6 }, () => ({ ...order, day: 5 }));
    const orders = [...friday, ...sunday];
    const { cube, summary } = say(orders);
    expect(story.hoursHeadline(cube, summary)).to.equal("Sunday 08:00 is the busiest hour: 1.2 orders on average");
  });

  it("name the busiest hour of the other part of the week too", () => {
    const friday = Array.from({ length: 9 }, () => ({ ...order, day: 3 }));
    const sunday = [5, 5, 12].map((day) => ({ ...order, day, hour: 10 }));
    const both = say([...friday, ...sunday]);
    expect(story.busiestSentence(both.cube, both.summary)).to.equal(
      "Busiest: **Friday at 08:00**, 1.5 orders in that hour; at the weekend **Sunday at 10:00**.",
    );
    const one = say(sunday);
    expect(story.busiestSentence(one.cube, one.summary)).to.equal(
      "Busiest: **Sunday at 10:00**, 0.6 orders in that hour.",
    );
  });

  it("name the best store and where orders are largest", () => {
    const orders = [order, order, order, { ...order, store: 1, lines: [{ product: 2, items: 3 }] }];
    const { cube, summary } = say(orders);
    expect(story.storesHeadline(cube, summary)).to.equal(
      "Best store: Podil, ₴300 or 56% of revenue; the largest orders are at Obolon (₴240)",
    );
  });

  it("do not compare one store with itself", () => {
    const { cube, summary } = say([order, { ...order, day: 39 }]);
    expect(story.storesHeadline(cube, summary)).to.equal("Podil: ₴200 from 2 orders");
    expect(story.salesStory(cube, summary).join(" ")).not.to.contain("Best store");
  });

  it("tell whether revenue went up or down", () => {
    const last = { from: "2024-03-03", to: "2024-03-03", stores: [], orderTypes: [] };
    const week = { ...last, to: "2024-03-04" };
    const orders = [
      { ...order, day: 3 },
      { ...order, day: 4 },
      { ...order, day: 5 },
    ];
    expect(story.dailyHeadline(say(orders, last).summary)).to.equal("₴100 on 3 Mar 2024");
    expect(story.dailyHeadline(say(orders, week).summary)).to.equal(
      "Revenue is down 50.0% on the period before: ₴50 a day on average",
    );
  });

  it("tell how many orders mix categories, and what that is worth", () => {
    const mixed = {
      ...order,
      lines: [
        { product: 0, items: 1 },
        { product: 2, items: 1 },
      ],
    };
    const { cube, summary } = say([order, order, order, mixed]);
    expect(story.mixHeadline(cube, summary)).to.equal("25% of orders mix categories, Beverage + Pastry most of all");
    expect(story.mixValueSentence(cube, summary)).to.equal(
      "A mixed order brings ₴130, 1.30 times an order of one category (₴100).",
    );
  });

  it("tell what was given away", () => {
    expect(story.discountsHeadline(say([order]).summary)).to.equal("No discount was given");
    expect(story.discountsHeadline(say([order, { ...order, reason: 1 }]).summary)).to.equal(
      "₴10 given away, 5.0% of list price, on 50% of orders",
    );
  });
});
