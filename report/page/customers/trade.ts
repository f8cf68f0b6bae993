import * as story from "../../customers/story.ts";
import type { TradeSummary } from "../../customers/trade.ts";
import { monthName } from "../../days.ts";
import { count, percent, percentWhole, uahExact } from "../../format.ts";
import { averageOrder } from "../../sales/summary.ts";
import type { View } from "../card.ts";
import { bars } from "../charts/bars.ts";
import { curves } from "../charts/curves.ts";
import { h } from "../dom.ts";

/* Views that compare registered and anonymous orders. */

export function tradeView(summary: TradeSummary): View {
  const { registered, anonymous, anonymousThen } = summary;
  const rows = [
    { name: "Registered", ...registered, size: averageOrder(registered) },
    { name: "Anonymous", ...anonymous, size: anonymousThen },
  ];
  const [orders, net] = [registered.orders + anonymous.orders, registered.net + anonymous.net];
  const fill = ({ name }: { name: string }) => (name === "Registered" ? "var(--accent)" : "var(--faint)");
  return {
    headline: story.tradeHeadline(summary),
    caption:
      "In this chart the filters choose orders, by day, store and order type. Prices rise, so the value of anonymous orders is that of the months in which registered customers ordered.",
    draw: () =>
      h(
        "div",
        {},
        bars<(typeof rows)[number]>({
          title: "Registered and anonymous orders",
          head: "Customers",
          rows,
          name: ({ name }) => name,
          measures: [
            { name: "Orders", value: (row) => row.orders / orders, format: percent, bar: "strong", fill },
            { name: "Revenue", value: (row) => row.net / net, format: percent, bar: "strong", fill },
            { name: "Order value", value: ({ size }) => size, format: uahExact },
          ],
        }),
      ),
    table: {
      columns: [
        { name: "Customers", kind: "text" },
        { name: "Orders", kind: "count" },
        { name: "Share of orders", kind: "share" },
        { name: "Revenue", kind: "money" },
        { name: "Share of revenue", kind: "share" },
        { name: "Average order value", kind: "money" },
        { name: "Average order value, same months", kind: "money" },
      ],
      rows: rows.map((row) => [
        row.name,
        row.orders,
        row.orders / orders,
        row.net,
        row.net / net,
        averageOrder(row),
        row.size,
      ]),
    },
  };
}

export function sharesView({ months, registered, anonymous }: TradeSummary): View | string {
  const share = ({ registered, anonymous }: { registered: number; anonymous: number }) =>
    registered / (registered + anonymous);
  const [first, last] = [months[0], months.at(-1)];
  if (first === undefined) return "The selection has no month with orders on seven days or more.";
  const headline =
    last === undefined || first === last
      ? `${percentWhole(share({ registered: registered.orders, anonymous: anonymous.orders }))} of orders come from registered customers`
      : `Registered customers: ${percentWhole(share(first))} of orders in ${monthName(first.month)}, ${percentWhole(share(last))} in ${monthName(last.month)}`;
  return {
    headline,
    caption: "Months with orders on fewer than seven days are left out.",
    draw: (width) =>
      curves(
        headline,
        width,
        [
          {
            name: percentWhole(last === undefined ? 0 : share(last)),
            color: "var(--accent)",
            points: months.map((month) => ({
              x: new Date(month.month),
              y: share(month),
              tip: `${monthName(month.month)}\n${percent(share(month))} registered\n${count(month.registered + month.anonymous)} orders`,
            })),
          },
        ],
        { format: percentWhole, height: 180, step: 0.01 },
      ),
    table: {
      columns: [
        { name: "Month", kind: "text" },
        { name: "Orders from registered customers", kind: "count" },
        { name: "Anonymous orders", kind: "count" },
        { name: "Registered share", kind: "share" },
      ],
      rows: months.map((month) => [month.month.slice(0, 7), month.registered, month.anonymous, share(month)]),
    },
  };
}
