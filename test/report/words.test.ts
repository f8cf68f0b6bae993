import { expect } from "chai";
import { monthAt, monthName, monthNumber, rangeName } from "../../report/days.ts";
import { everything } from "../../report/filter.ts";
import * as format from "../../report/format.ts";
import * as story from "../../report/sales/story.ts";
import { summariseSales } from "../../report/sales/summary.ts";
import { shownValue, tableCsv } from "../../report/table.ts";
import { cubeOf, type Order } from "./orders.ts";

describe("formatted figures", () => {
  it("show money in hryvnias, with kopiykas for single orders, and large amounts in short form", () => {
    expect([123_456_00, 99_99, 0, -5_00].map(format.uah)).to.deep.equal(["₴123,456", "₴100", "₴0", "−₴5"]);
    expect([123_40, 99_99, -5_00].map(format.uahExact)).to.deep.equal(["₴123.40", "₴99.99", "−₴5.00"]);
  });

  it("have the same number of digits in one column", () => {
    expect([30_063_433_48, 1_200_000_00, 1_234_56, -12_000_00].map(format.uahShort)).to.deep.equal([
      "₴30.1M",
      "₴1.20M",
      "₴1.23k",
      "−₴12.0k",
    ]);
    expect([0, 50_000_00, 1_000_000_00].map(format.tickUah)).to.deep.equal(["₴0", "₴50k", "₴1M"]);
    const inTable = [99_99, 1_234_50, 0].map((value) => shownValue(value, "money"));
    expect(inTable).to.deep.equal(["₴99.99", "₴1,234.50", "₴0.00"]);
    expect([2.474, 267].map((value) => shownValue(value, "number"))).to.deep.equal(["2.47", "267.00"]);
  });

  it("show a dash if they do not exist", () => {
    for (const shown of [format.uah, format.uahShort, format.count, format.percent, format.rate, format.decimal])
      expect(shown(0 / 0)).to.equal("–");
    expect(format.change(1, 0)).to.equal("–");
    expect(shownValue(undefined, "money")).to.equal("–");
  });

  it("show a small share as <1%, not as 0%", () => {
    expect([0, 0.004, 0.005, 0.5].map(format.percentWhole)).to.deep.equal(["0%", "<1%", "1%", "50%"]);
  });

  it("show changes as percentages, with a sign or in words", () => {
    expect([format.change(112.3, 100), format.change(50, 100), format.change(100.01, 100)]).to.deep.equal([
      "+12.3%",
      "−50.0%",
      "±0.0%",
    ]);
    expect([format.upOrDown(112.3, 100), format.upOrDown(50, 100), format.upOrDown(100.01, 100)]).to.deep.equal([
      "up 12.3%",
      "down 50.0%",
      "unchanged",
    ]);
  });

  it("come with days and months in words", () => {
    expect(rangeName("2026-11-01", "2026-11-23")).to.equal("1 Nov 2026 – 23 Nov 2026");
    expect(rangeName("2026-11-01", "2026-11-01")).to.equal("1 Nov 2026");
    expect(monthName(monthAt(monthNumber("2026-12-31") + 1))).to.equal("Jan 2027");
  });

  it("are plain numbers in a CSV file", () => {
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

  it("keep a spreadsheet from running texts of a CSV file as formulas, and leave numbers alone", () => {
    const columns = [
      { name: "=1+1", kind: "text" },
      { name: "Change", kind: "number" },
    ] as const;
    const texts = ['=HYPERLINK("x")', "+1", "-1", "@a", "\tb", "\rc", "a=b", "'d"];
    const rows = texts.map((text) => [text, -1.5]);
    const lines = (raw: boolean) => tableCsv({ columns, rows }, raw).split("\r\n");
    expect(lines(false).slice(0, -1)).to.deep.equal([
      "'=1+1,Change",
      `"'=HYPERLINK(""x"")",-1.5`,
      "'+1,-1.5",
      "'-1,-1.5",
      "'@a,-1.5",
      "'\tb,-1.5",
      `"'\rc",-1.5`,
      "a=b,-1.5",
      "'d,-1.5",
    ]);
    expect(lines(true).slice(0, 3)).to.deep.equal(["=1+1,Change", '"=HYPERLINK(""x"")",-1.5', "+1,-1.5"]);
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

  it("name the busiest hour by its average, not by its total", () => {
    // 28 of the forty days are weekdays, and twelve are at the weekend.
    const friday = Array.from({ length: 7 }, () => ({ ...order, day: 3, hour: 9 }));
    const sunday = Array.from({ length: 6 }, () => ({ ...order, day: 5 }));
    const orders = [...friday, ...sunday];
    const { cube, summary } = say(orders);
    expect(story.hoursHeadline(cube, summary)).to.equal(
      "08:00 at the weekend is the busiest hour: 0.5 orders on average",
    );
  });

  it("name the busiest hour of both parts of the week, but no single weekday", () => {
    // Two more orders on Monday do not make Monday at 08:00 a busier hour than Friday at 08:00.
    const weekdays = [3, 3, 3, 3, 6, 6, 6, 6, 6, 6].map((day) => ({ ...order, day }));
    const sunday = [5, 5, 12].map((day) => ({ ...order, day, hour: 10 }));
    const both = say([...weekdays, ...sunday]);
    expect(story.busiestSentence(both.cube, both.summary)).to.equal(
      "The busiest hour on weekdays is **08:00**, with 0.3 orders on average; at the weekend it is **10:00**, with 0.3.",
    );
    const one = say(sunday);
    expect(story.busiestSentence(one.cube, one.summary)).to.equal(
      "The busiest hour at the weekend is **10:00**, with 0.3 orders on average.",
    );
  });

  it("name the weekday if there is only one", () => {
    const monday = { from: "2024-03-04", to: "2024-03-04", stores: [], orderTypes: [] };
    const { cube, summary } = say([{ ...order, day: 6 }], monday);
    expect(story.busiestHours(cube, summary)).to.deep.equal([{ when: "on Monday", hour: 8, average: 1, days: 1 }]);
    expect(story.highestAverage(cube, summary)).to.equal(1);
    expect(story.hoursHeadline(cube, summary)).to.equal("08:00 on Monday is the busiest hour: 1 order");
    expect(story.busiestSentence(cube, summary)).to.equal("The busiest hour on Monday is **08:00**, with 1 order.");
  });

  it("do not compare a single category with itself", () => {
    const { summary } = say([order, order]);
    expect(story.categoriesHeadline(summary)).to.match(/^Beverage: ₴\d+ from \d+ pieces$/);
  });

  it("name the best store", () => {
    const orders = [order, order, order, { ...order, store: 1, lines: [{ product: 2, items: 3 }] }];
    const { cube, summary } = say(orders);
    expect(story.storesHeadline(cube, summary)).to.equal("Podil leads with ₴300, 56% of revenue");
  });

  it("compare the stores that were open in both periods, together and one by one", () => {
    const filter = { from: "2024-03-07", to: "2024-03-07", stores: [], orderTypes: [] };
    const on = (day: number, store: number, items: number) => ({
      ...order,
      day,
      store,
      lines: [{ product: 0, items }],
    });
    const { cube, summary } = say([on(8, 0, 2), on(8, 1, 2), on(9, 0, 3), on(9, 1, 2)], filter);
    expect(story.growthSentence(cube, summary)).to.equal(
      "Revenue of the stores open in both periods: **+25.0%**, from ±0.0% at **Obolon** to +50.0% at **Podil**.",
    );
  });

  it("leave out of the growth a store that was closed in this period", () => {
    const filter = { from: "2024-03-07", to: "2024-03-07", stores: [], orderTypes: [] };
    const on = (day: number, store: number) => ({ ...order, day, store });
    const { cube, summary } = say([on(8, 0), on(8, 1), on(9, 0)], filter);
    expect(story.growthSentence(cube, summary)).to.equal(undefined);
  });

  it("compare weekdays with the weekend, if they differ", () => {
    const days = (weekday: number, weekend: number) => {
      const friday = Array.from({ length: weekday }, () => ({ ...order, day: 3 }));
      const { cube, summary } = say([...friday, ...Array.from({ length: weekend }, () => ({ ...order, day: 5 }))]);
      return story.weekendSentence(cube, summary);
    };
    expect(days(29, 22)).to.equal("A weekend day brings 100% more orders than a weekday: 2.0 against 1.0.");
    expect(days(29, 11)).to.equal("A weekday and a weekend day bring about as many orders: 1.0 and 1.0.");
  });

  it("do not compare a single store with itself", () => {
    const { cube, summary } = say([order, { ...order, day: 39 }]);
    expect(story.storesHeadline(cube, summary)).to.equal("Podil: ₴200 from 2 orders");
    expect(story.salesStory(cube, summary).join(" ")).not.to.contain("best store");
  });

  it("say whether revenue went up or down", () => {
    const last = { from: "2024-03-03", to: "2024-03-03", stores: [], orderTypes: [] };
    const week = { ...last, to: "2024-03-04" };
    const orders = [
      { ...order, day: 3 },
      { ...order, day: 4 },
      { ...order, day: 5 },
    ];
    expect(story.dailyHeadline(say(orders, last).summary)).to.equal("₴100 on 3 Mar 2024");
    expect(story.dailyHeadline(say(orders, week).summary)).to.equal(
      "Revenue is down 50.0% from the previous period: ₴50 a day on average",
    );
  });

  it("average over the days since the first of the stores opened", () => {
    const obolon = { from: "2024-03-01", to: "2024-03-08", stores: ["Obolon"], orderTypes: [] };
    // It opened on 5 March, a Tuesday: four days of the selection, all of them weekdays.
    const orders = [7, 8, 9, 10].map((day) => ({ ...order, store: 1, day }));
    const { cube, summary } = say(orders, obolon);
    expect(story.dailyHeadline(summary)).to.match(/^₴100 a day on average; /);
    expect(story.dailyOrdersHeadline(summary)).to.match(/^1\.0 orders a day on average; /);
    expect(story.hoursHeadline(cube, summary)).to.equal("08:00 on weekdays is the busiest hour: 1.0 orders on average");
  });

  it("say how many orders mix categories", () => {
    const mixed = {
      ...order,
      lines: [
        { product: 0, items: 1 },
        { product: 2, items: 1 },
      ],
    };
    const { cube, summary } = say([order, order, order, mixed]);
    expect(story.mixHeadline(cube, summary)).to.equal("25% of orders mix categories, most often Beverage + Pastry");
  });

  it("say how much is left after the cost of the goods", () => {
    const { cube, summary } = say([order, { ...order, day: 39, store: 1 }]);
    const sentence = "Gross margin is **80.0%** of revenue, ₴160: taxes, wages and rent are still to be paid from it.";
    expect(story.marginSentence(summary)).to.equal(sentence);
    expect(story.salesStory(cube, summary)).to.include(sentence);
    // Costs are known for whole orders only.
    const chosen = { ...summary, filter: { ...summary.filter, categories: ["Beverage"] } };
    expect(story.salesStory(cube, chosen)).not.to.include(sentence);
    expect(story.marginSentence(say([{ ...order, refunded: true }]).summary)).to.equal(undefined);
  });

  it("say how much was given away in discounts", () => {
    expect(story.discountsHeadline(say([order]).summary)).to.equal("No discount was given");
    expect(story.discountsHeadline(say([order, { ...order, reason: 1 }]).summary)).to.equal(
      "Discounts took ₴10, 5.0% of list prices, on 50% of orders",
    );
  });
});
