import { dayAt } from "../days.ts";
import { type Choices, type Filter, lastDay } from "../filter.ts";
import { h } from "./dom.ts";

/** Fields to choose days: a named period, or a first and a last day. */
export interface DayFields {
  readonly element: HTMLElement;
  /** Shows the days of a filter. Returns the name of the period if they form one. */
  show(filter: Filter): string | undefined;
}

interface Period {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Periods that readers often want. Each lies at least partly within the data. */
function periods({ days }: Pick<Choices, "days">): Period[] {
  const last = lastDay(days);
  const year = Number(last.slice(0, 4));
  const lately = (name: string, length: number) => ({ name, from: dayAt(last, 1 - length), to: last });
  const years = Array.from({ length: year - Number(days.first.slice(0, 4)) + 1 }, (_, i) => ({
    name: String(year - i),
    from: `${year - i}-01-01`,
    to: `${year - i}-12-31`,
  }));
  return [
    { name: "All days", from: days.first, to: last },
    lately("Last 7 days", 7),
    lately("Last 30 days", 30),
    lately("Last 90 days", 90),
    lately("Last 12 months", 365),
    ...years.map(({ name, from, to }) => ({
      name,
      from: from < days.first ? days.first : from,
      to: to > last ? last : to,
    })),
  ].filter(({ from }, i) => i === 0 || from >= days.first);
}

/** Makes the fields. @param change is called with the days that the reader chooses */
export function dayFields(
  legend: string,
  choices: Choices,
  change: (days: Partial<Pick<Filter, "from" | "to">>) => void,
): DayFields {
  const named = periods(choices);
  const last = lastDay(choices.days);
  let shown: Filter = { from: choices.days.first, to: last, stores: [], orderTypes: [] };
  const period = h("select", {
    id: "period",
    "aria-label": legend,
    onchange: () => {
      const { from, to } = named[Number(period.value)] ?? shown;
      change({ from, to });
    },
  });
  period.append(
    ...named.map(({ name }, i) => h("option", { value: i }, name)),
    h("option", { value: "other", hidden: true }, "Custom dates"),
  );
  const date = (id: "from" | "to", label: string) =>
    h("input", {
      type: "date",
      id,
      "aria-label": label,
      min: choices.days.first,
      max: last,
      onchange: (event) => {
        const { value } = event.target as HTMLInputElement;
        if (value === "") show(shown);
        // A year that is being typed is 0002 after its first digit, and 0202 after its third.
        else if (value >= "1000") change({ [id]: value });
      },
      onblur: () => show(shown),
    });
  const from = date("from", "First day");
  const to = date("to", "Last day");

  function show(filter: Filter): string | undefined {
    shown = filter;
    const at = named.findIndex(({ from, to }) => from === filter.from && to === filter.to);
    period.value = at < 0 ? "other" : String(at);
    from.value = filter.from;
    to.value = filter.to;
    return named[at]?.name;
  }
  return {
    element: h("fieldset", {}, h("legend", {}, legend), period, from, h("span", { "aria-hidden": "true" }, "–"), to),
    show,
  };
}
