import { expect } from "chai";
import { histogram, quantile, topTenthShare } from "../../report/column-math.ts";
import type { Customers, CustomersData, Trade } from "../../report/customers/shape.ts";
import * as story from "../../report/customers/story.ts";
import { summariseCustomers } from "../../report/customers/summary.ts";
import { summariseTrade } from "../../report/customers/trade.ts";
import { everything } from "../../report/filter.ts";
import { stores } from "./orders.ts";

/*
 * Four customers, as of 15 May 2024. Anna registered on 1 January and still comes every month. Borys registered on 20 January, came in
 * January and February, and has left. Vira registered on 1 March, came until 1 April, and has left recently. Halyna came once, in May.
 */
const customers: Customers = {
  days: { first: "2024-01-01", count: 136 },
  stores,
  orderTypes: ["In-store", "Takeaway"],
  levels: [
    { name: "Bean", rate: 3 },
    { name: "Gold", rate: 10 },
  ],
  channels: ["app", "friend"],
  segments: [
    { name: "Champions", meaning: "" },
    { name: "Churned", meaning: "" },
  ],
  // Recency 5 is Champions, all else Churned.
  segmentOf: Array.from({ length: 25 }, (_, i) => (i >= 20 ? 0 : 1)),
  profiles: {
    registered: [0, 19, 60, 130],
    store: [0, 0, 1, 1],
    orderType: [0, 1, 0, 0],
    level: [1, 0, 0, 0],
    channel: [0, 0, 1, 1],
    recency: [2, 80 + 10, 44, 3],
    orders: [30, 4, 10, 1],
    ltv: [900_00, 100_00, 300_00, 20_00],
    churned: [0, 1, 1, 0],
    medianGapTimes2: [8, 15, 6, -1],
    r: [5, 1, 2, 5],
    f: [5, 2, 4, 1],
  },
  silent: { registered: [5, 70], store: [0, 1] },
};
const months = {
  customer: [0, 0, 0, 0, 0, 1, 1, 2, 2, 3],
  month: [0, 1, 2, 3, 4, 0, 1, 0, 1, 0],
  net: [200_00, 200_00, 200_00, 200_00, 100_00, 60_00, 40_00, 100_00, 200_00, 20_00],
};
const gaps = {
  buckets: [
    { name: "Next day", from: 1, to: 1 },
    { name: "2 days and more", from: 2 },
  ],
  gaps: [10, 19, 0, 3, 9, 0, 0, 0],
};
const data: CustomersData = { customers, months, gaps };
const all = everything(customers);
const of = (filter = all) => summariseCustomers(customers, data, filter);

describe("the figures of customers", () => {
  it("are sums over the customers", () => {
    expect(of().totals).to.deep.equal({
      customers: 4,
      orders: 45,
      ltv: 1320_00,
      repeat: 3,
      churned: 2,
      churnedLtv: 400_00,
      active7: 2,
      active30: 2,
      active90: 3,
      leftLately: 1,
      leftLatelyLtv: 300_00,
    });
  });

  it("cover the customers of the chosen registration days, home stores and main order types", () => {
    const names = (filter: Partial<typeof all>) => of({ ...all, ...filter }).totals.ltv / 100;
    expect(names({ from: "2024-01-20", to: "2024-03-01" })).to.equal(400);
    expect(names({ stores: ["Podil"] })).to.equal(1000);
    expect(names({ stores: ["Podil"], orderTypes: ["Takeaway"] })).to.equal(100);
    expect(names({ from: "2025-01-01", to: "2025-01-02" })).to.equal(0);
  });

  it("count customers who never ordered, unless order types are chosen", () => {
    expect(of().silent).to.equal(2);
    expect(of({ ...all, stores: ["Obolon"] }).silent).to.equal(1);
    expect(of({ ...all, to: "2024-01-05" }).silent).to.equal(0);
    expect(of({ ...all, orderTypes: ["In-store"] }).silent).to.equal(0);
  });

  it("are given by segment, scores, loyalty level and channel", () => {
    const { segments, grid, levels, channels } = of();
    expect(segments.map(({ name, customers, churned }) => [name, customers, churned])).to.deep.equal([
      ["Champions", 2, 0],
      ["Churned", 2, 2],
    ]);
    const filled = grid.flatMap(({ customers }, i) =>
      customers > 0 ? [[Math.floor(i / 5) + 1, (i % 5) + 1, customers]] : [],
    );
    expect(filled).to.deep.equal([
      [1, 2, 1],
      [2, 4, 1],
      [5, 1, 1],
      [5, 5, 1],
    ]);
    expect(levels.map(({ name, customers, ltv }) => [name, customers, ltv])).to.deep.equal([
      ["Bean", 3, 420_00],
      ["Gold", 1, 900_00],
    ]);
    expect(channels.map(({ name, customers }) => [name, customers])).to.deep.equal([
      ["app", 2],
      ["friend", 2],
    ]);
  });

  it("name the most valuable channel only if the difference is more than chance", () => {
    const channel = (name: string, number: number, ltv: number) => ({
      ...of().totals,
      name,
      customers: number,
      ltv: number * ltv,
    });
    // Most have spent little and a few a lot: the standard deviation is twice the mean.
    const ltvs = Float64Array.from({ length: 500 }, (_, i) => (i % 5 === 0 ? 5000_00 : 0));
    const say = (...channels: Parameters<typeof channel>[]) =>
      story.channelsHeadline({ ...of(), ltvs, channels: channels.map((each) => channel(...each)) });
    const most = "Walk-in brings the most customers";
    const alike = `${most}; what a customer brings does not differ between channels by more than chance`;
    for (const [expected, ...channels] of [
      [alike, ["walk-in", 900, 1000_00], ["promotion", 200, 1150_00]],
      [
        `${most}; promotion brings the most valuable ones: ₴5,000 each`,
        ["promotion", 200, 5000_00],
        ["walk-in", 900, 1000_00],
      ],
      [`${most}, and the most valuable ones: ₴2,000 each`, ["walk-in", 900, 2000_00], ["promotion", 200, 1000_00]],
      // Too few customers came through one of them to say anything.
      [alike, ["walk-in", 9000, 1000_00], ["promotion", 49, 9000_00]],
      [
        `${most}; promotion brings the most valuable ones: ₴9,000 each`,
        ["walk-in", 9000, 1000_00],
        ["promotion", 50, 9000_00],
      ],
      [alike, ["walk-in", 9000, 9000_00], ["promotion", 49, 1000_00]],
      // The largest channel is compared with the others, and not with all together.
      [`${most}, and the most valuable ones: ₴1,500 each`, ["walk-in", 900, 1500_00], ["promotion", 200, 900_00]],
      [most, ["walk-in", 900, 1000_00], ["promotion", 0, 0]],
      ["", ["walk-in", 0, 0]],
    ] as const)
      expect(say(...channels.map(([...each]): Parameters<typeof channel> => each)), JSON.stringify(channels)).to.equal(
        expected,
      );
  });

  it("say which channel keeps its customers if they bring alike, and if the difference is more than chance", () => {
    const channel = (name: string, number: number, churned: number) =>
      ({ ...of().totals, name, customers: number, ltv: number * 1000_00, churned }) as const;
    const say = (friends: number) =>
      story.channelsHeadline({
        ...of(),
        ltvs: Float64Array.from({ length: 500 }, (_, i) => (i % 5 === 0 ? 5000_00 : 0)),
        channels: [channel("walk-in", 900, 540), channel("friend", 300, friends), channel("promotion", 200, 150)],
      });
    expect(say(150)).to.equal(
      "Walk-in brings the most customers; friend keeps the largest share of its customers (50%), promotion the smallest (25%)",
    );
    expect(say(200)).to.match(
      /; walk-in keeps the largest share of its customers \(40%\), promotion the smallest \(25%\)$/,
    );
  });

  it("compare only the loyalty levels that somebody has", () => {
    const level = (name: string, number: number, churned: number) => ({
      ...of().totals,
      name,
      customers: number,
      churned,
    });
    const say = (...levels: ReturnType<typeof level>[]) => {
      const summary = { ...of(), levels };
      return [
        story.levelsHeadline(summary),
        story.customersStory(summary).find((told) => /leave least often/.test(told)),
      ];
    };
    expect(
      say(level("Gold", 0, 0), level("Bean", 400, 200), level("Silver", 200, 50), level("None", 100, 40)),
    ).to.deep.equal([
      "75% of Silver customers still come, against 50% of Bean",
      "**Silver** customers leave least often (25% have left), and **Bean** customers most often (50%).",
    ]);
    const chance = "The levels do not differ in how many customers they keep by more than chance";
    // Fewer customers with the same shares, and a level of three customers that all left.
    expect(say(level("Bean", 60, 27), level("Silver", 60, 24))).to.deep.equal([chance, undefined]);
    expect(say(level("Gold", 3, 3), level("Silver", 200, 50))).to.deep.equal([chance, undefined]);
    expect(say(level("Gold", 0, 0), level("Bean", 40, 20))).to.deep.equal([
      "50% of Bean customers still come",
      undefined,
    ]);
    expect(say(level("Gold", 0, 0))).to.deep.equal(["", undefined]);
  });

  it("say whom to contact only if somebody has left", () => {
    const told = (sentence: RegExp, summary = of()) =>
      story.customersStory(summary).filter((told) => sentence.test(told));
    expect(told(/costliest loss|contact/)).to.deep.equal([
      "The costliest loss is in **Churned**: 2 customers who had spent ₴400.",
      "**1** of those who seem to have left ordered in the last 90 days, after spending ₴300: contact them first.",
    ]);
    const [segment] = of().segments;
    const lost = (name: string, churnedLtv: number) =>
      ({ ...segment, name, churned: 1, churnedLtv }) as typeof segment & object;
    expect(told(/costliest loss/, { ...of(), segments: [lost("Champions", 1_00), lost("Loyal", 9_00)] })).to.deep.equal(
      ["The costliest loss is in **Loyal**: 1 customer who had spent ₴9."],
    );
    const { totals } = of();
    const nobody = { ...of(), segments: [], totals: { ...totals, churned: 0, leftLately: 0, leftLatelyLtv: 0 } };
    expect(told(/costliest loss|contact/, nobody)).to.deep.equal([]);
    expect(story.latelyHeadline(nobody)).to.equal("Nobody has left recently: no last order is in the past 90 days");
  });

  it("follow each month's new customers through the complete months", () => {
    expect(of().cohorts).to.deep.equal([
      { month: "2024-01-01", customers: 2, retention: [1, 1, 0.5, 0.5] },
      { month: "2024-03-01", customers: 1, retention: [1, 1] },
      // May is not complete.
      { month: "2024-05-01", customers: 1, retention: [] },
    ]);
  });

  it("compare the same customers a month and a year after registration", () => {
    const cohort = (customers: number, first: number, ...later: number[]) => ({
      month: "2024-01-01",
      customers,
      retention: [1, first, ...later],
    });
    const say = (...cohorts: ReturnType<typeof cohort>[]) => story.retentionHeadline({ ...of(), cohorts });
    const year = [...Array<number>(10).fill(0.5), 0.25];
    // The larger cohort is not a year old.
    expect(say(cohort(10, 0.75, ...year), cohort(90, 0.1))).to.equal(
      "75% order in the month after registration, and 25% still do after a year",
    );
    expect(say(cohort(10, 0.5), cohort(30, 0.1))).to.equal("20% order in the month after registration");
  });

  it("add up the average revenue per customer of a year, while five customers are that old", () => {
    const registered = Array.from({ length: 8 }, (_, i) => (i < 6 ? 0 : 31));
    const column = (value: number) => registered.map(() => value);
    const profiles = Object.fromEntries(Object.keys(customers.profiles).map((name) => [name, column(1)]));
    const eight = {
      ...customers,
      profiles: { ...profiles, registered, store: column(0) } as unknown as Customers["profiles"],
    };
    const rows = registered.flatMap((_, customer) =>
      [0, 1, 2, 3].map((month) => ({ customer, month, net: month < 2 ? 100 : customer < 6 ? 40 : 1000 })),
    );
    const { values } = summariseCustomers(
      eight,
      {
        months: {
          customer: rows.map(({ customer }) => customer),
          month: rows.map(({ month }) => month),
          net: rows.map(({ net }) => net),
        },
      },
      everything(eight),
    );
    // Six customers from January and two from February for three months, then only those from January.
    expect(values).to.deep.equal([
      {
        year: "2024",
        customers: 8,
        points: [
          { month: 0, value: 100 },
          { month: 1, value: 200 },
          { month: 2, value: 200 + (6 * 40 + 2 * 1000) / 8 },
          { month: 3, value: 200 + (6 * 40 + 2 * 1000) / 8 + 40 },
        ],
      },
    ]);
  });

  it("say how long ago half of the customers registered", () => {
    const say = (...ages: number[]) => story.ageHeadline({ ...of(), ages: Float64Array.from(ages) });
    expect(say(10, 20, 30)).to.equal("Half of the customers registered at least 20 days ago");
    expect(say(568)).to.equal("Half of the customers registered at least 18 months ago");
    expect(say(1018)).to.equal("Half of the customers registered at least 2.7 years ago");
    expect(say(0, 0, 30)).to.equal("Half of the customers registered on the last day of orders");
  });

  it("add up the gaps between visits of the customers that the filter keeps", () => {
    expect([...of().gaps]).to.deep.equal([19, 22]);
    expect([...of({ ...all, stores: ["Obolon"] }).gaps]).to.deep.equal([9, 0]);
    expect([...of().medianGaps]).to.deep.equal([3, 4, 7.5]);
  });

  it("count customers who left by the month of their last order, without leaving a month out", () => {
    expect(of().leftByMonth).to.deep.equal([
      { month: "2024-02-01", customers: 1, ltv: 100_00 },
      { month: "2024-03-01", customers: 0, ltv: 0 },
      { month: "2024-04-01", customers: 1, ltv: 300_00 },
    ]);
  });

  it("make sentences", () => {
    expect(story.leavingHeadline(of())).to.equal(
      "2 of 4 registered customers have left. They brought 30% of the revenue of all 4, mainly from Churned",
    );
    expect(story.latelyHeadline(of())).to.equal(
      "1 customer left only recently, with a last order in the past 90 days. They had spent ₴300: contact them first",
    );
    expect(story.levelsHeadline(of())).to.equal(
      "The levels do not differ in how many customers they keep by more than chance",
    );
    expect(story.segmentsHeadline(of())).to.equal(
      "Champions are 50% of registered customers and brought 70% of their revenue",
    );
    expect(story.gapsHeadline(of(), gaps)).to.equal(
      "Customers most often return after 2 days and more: 54% of all returns",
    );
    const buckets = gaps.buckets.map((bucket) => ({ ...bucket, name: "Over 90 days", from: 91 }));
    expect(story.gapsHeadline(of(), { ...gaps, buckets })).to.equal(
      "Customers most often return after over 90 days: 54% of all returns",
    );
  });

  it("make sentences about one segment, and about daily visitors", () => {
    const summary = { ...of(), medianGaps: new Float64Array([1, 1]) };
    expect(story.repeatHeadline(summary)).to.match(/came back; half of those came at least every day$/);
    const slower = { ...of(), medianGaps: new Float64Array([3, 6.25, 9]) };
    expect(story.repeatHeadline(slower)).to.match(/; half of those came at least every 7 days$/);
    const [segment] = of().segments;
    const all = { ...segment, name: "Churned", customers: of().totals.customers } as typeof segment & object;
    expect(story.segmentsHeadline({ ...of(), segments: [all] })).to.equal("All registered customers are Churned");
  });

  it("make sentences about one customer, about all and about none", () => {
    const left = (churned: number, customers: number) => {
      const summary = { ...of(), totals: { ...of().totals, churned, customers, churnedLtv: 30, ltv: 100 } };
      return [story.leavingHeadline(summary), story.customersStory(summary)[0]];
    };
    const away = "away for far longer than usual, or for over 90 days after one or two visits.";
    expect(left(1, 3)).to.deep.equal([
      "1 of 3 registered customers has left. They brought 30% of the revenue of all 3, mainly from Churned",
      `**1 of 3** customers seems to have left: ${away}`,
    ]);
    expect(left(3, 3)).to.deep.equal(["All 3 customers have left", `**3 of 3** customers seem to have left: ${away}`]);
    expect(left(1, 1)).to.deep.equal(["The only customer has left", `**1 of 1** customer seems to have left: ${away}`]);
    expect(left(0, 3)).to.deep.equal(["Nobody has left", "Nobody seems to have left."]);
  });
});

describe("the comparison of registered and anonymous orders", () => {
  const trade: Trade = {
    days: { first: "2024-01-30", count: 4 },
    stores,
    orderTypes: ["In-store", "Takeaway"],
    cells: {
      day: [0, 0, 2, 3],
      store: [0, 1, 0, 0],
      orderType: [0, 0, 1, 0],
      registeredOrders: [3, 0, 1, 2],
      registeredRefunded: [1, 0, 0, 0],
      registeredNet: [400, 0, 300, 500],
      anonymousOrders: [7, 5, 0, 1],
      anonymousRefunded: [0, 1, 0, 0],
      anonymousNet: [700, 400, 0, 100],
    },
  };

  it("sums the orders of the chosen days, stores and types, also by month", () => {
    expect(summariseTrade(trade, everything(trade))).to.deep.equal({
      registered: { orders: 6, refunded: 1, net: 1200 },
      anonymous: { orders: 13, refunded: 1, net: 1200 },
      // 100 in each month, since the refunded order is left out.
      anonymousThen: 100,
      // The other months have orders on three days and one.
      months: [],
    });
    const one = summariseTrade(trade, {
      from: "2024-01-31",
      to: "2024-02-01",
      stores: ["Podil"],
      orderTypes: ["Takeaway"],
    });
    expect([one.registered.orders, one.anonymous.orders]).to.deep.equal([1, 0]);
    expect(one.anonymousThen).to.be.NaN;
  });

  /** A registered and an anonymous figure for each of the days, which begin on 25 January. */
  const daily = (
    days: number,
    orders: (day: number) => [number, number],
    prices: (day: number) => [number, number],
  ) => {
    const day = Array.from({ length: days }, (_, i) => i);
    const none = day.map(() => 0);
    return summariseTrade(
      {
        ...trade,
        days: { first: "2024-01-25", count: days },
        cells: {
          day,
          store: none,
          orderType: none,
          registeredOrders: day.map((i) => orders(i)[0]),
          registeredRefunded: none,
          registeredNet: day.map((i) => orders(i)[0] * prices(i)[0]),
          anonymousOrders: day.map((i) => orders(i)[1]),
          anonymousRefunded: none,
          anonymousNet: day.map((i) => orders(i)[1] * prices(i)[1]),
        },
      },
      everything({ ...trade, days: { first: "2024-01-25", count: days } }),
    );
  };

  it("compares orders of the same months, since prices rise and guests register", () => {
    // Registered orders cost a tenth less in each month, and on average as much: most of them come after prices have doubled.
    const summary = daily(
      14,
      (i) => (i < 7 ? [100, 1000] : [1000, 290]),
      (i) => (i < 7 ? [90, 100] : [180, 200]),
    );
    const [registered, anonymous] = [summary.registered, summary.anonymous].map(({ net, orders }) => net / orders);
    expect((registered as number) / (anonymous as number)).to.be.above(1.4);
    expect(story.tradeHeadline(summary)).to.match(
      /; their orders are 10% smaller than anonymous ones of the same months$/,
    );
  });

  it("names no difference of size that chance explains", () => {
    const totals = (orders: number, size: number) => ({ orders, refunded: 0, net: orders * size });
    const compare = (orders: number, size: number) =>
      story.tradeHeadline({
        registered: totals(orders, size),
        anonymous: totals(orders, 200),
        anonymousThen: 200,
        months: [],
      });
    const alike = /; their orders are about the same size as anonymous ones of the same months$/;
    expect(compare(100_000, 199.1)).to.match(alike);
    expect(compare(100_000, 190)).to.match(/; their orders are 5% smaller than /);
    expect(compare(1000, 190)).to.match(alike);
    expect(compare(1, 400)).to.equal("Registered customers place 50% of orders and bring 67% of revenue");
  });

  it("leaves out months with orders on fewer than seven days: they may lack the workdays", () => {
    const months = (days: number) =>
      daily(
        days,
        () => [1, 1],
        () => [100, 100],
      ).months.map(({ month }) => month);
    // A week in January; February up to its sixth or seventh day.
    expect(months(13)).to.deep.equal(["2024-01-01"]);
    expect(months(14)).to.deep.equal(["2024-01-01", "2024-02-01"]);
  });
});

describe("statistics of a column", () => {
  it("interpolate a quantile between two values", () => {
    expect(quantile(Float64Array.of(1, 2, 4, 8), 0.5)).to.equal(3);
    expect(quantile(Float64Array.of(5), 0.98)).to.equal(5);
    expect(quantile(Float64Array.of(), 0.5)).to.be.NaN;
  });

  it("count values in buckets of a round width, the last one open", () => {
    const values = Float64Array.from([...Array.from({ length: 99 }, (_, i) => i), 1000, 2000]);
    expect(histogram(values, 10, 5)).to.deep.equal([
      { from: 0, to: 20, count: 20 },
      { from: 20, to: 40, count: 20 },
      { from: 40, to: 60, count: 20 },
      { from: 60, to: 80, count: 20 },
      { from: 80, to: 100, count: 19 },
      { from: 100, to: undefined, count: 2 },
    ]);
  });

  it("give the share of the highest tenth", () => {
    expect(topTenthShare(Float64Array.from({ length: 20 }, (_, i) => (i < 18 ? 1 : 9)))).to.equal(0.5);
    expect(topTenthShare(Float64Array.of(1, 3))).to.equal(0.75);
  });
});
