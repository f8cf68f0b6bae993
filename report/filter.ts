import { parseDay } from "../generator/coffee/calendar.ts";
import { dayAt, daysFrom } from "./days.ts";
import { at } from "./numbers.ts";
import type { Days, Store } from "./report.ts";

/** What a reader chose, in words, so that it means the same on every page and in a link. */
export interface Filter {
  /** First and last day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Names of stores; none means all of them. */
  readonly stores: readonly string[];
  /** Order types; none means all of them. */
  readonly orderTypes: readonly string[];
}

/** What may be chosen from. */
export interface Choices {
  readonly days: Days;
  readonly stores: readonly Pick<Store, "name">[];
  readonly orderTypes: readonly string[];
}

/** A filter in a cube's own numbers. */
export interface Selection {
  /** First and last day as numbers; the last may lie before the first, and either outside of the data. */
  readonly from: number;
  readonly to: number;
  /** By place in the cube's list: 1 where kept. */
  readonly stores: Uint8Array;
  readonly orderTypes: Uint8Array;
}

/** The last day with data. */
export function lastDay(days: Days): string {
  return dayAt(days.first, Math.max(days.count, 1) - 1);
}

/** All of it, or the last so many days of it. */
export function everything({ days }: Pick<Choices, "days">, lastDays = days.count): Filter {
  const to = lastDay(days);
  return { from: dayAt(days.first, Math.max(days.count - lastDays, 0)), to, stores: [], orderTypes: [] };
}

/** The filter in the numbers of a cube. */
export function select(filter: Filter, { days, stores, orderTypes }: Choices): Selection {
  const mask = (names: readonly string[], wanted: readonly string[]) =>
    Uint8Array.from(names, (name) => (wanted.length === 0 || wanted.includes(name) ? 1 : 0));
  return {
    from: daysFrom(days.first, filter.from),
    to: daysFrom(days.first, filter.to),
    stores: mask(
      stores.map(({ name }) => name),
      filter.stores,
    ),
    orderTypes: mask(orderTypes, filter.orderTypes),
  };
}

/** Whether a selection keeps the store and the order type of a cell; its day is up to the caller, who may know an order of days. */
export function keeps({ stores, orderTypes }: Selection, cells: Cells, i: number): boolean {
  return stores[at(cells.store, i)] === 1 && orderTypes[at(cells.orderType, i)] === 1;
}

/** What filters act on, as columns of places in the lists of a cube. */
interface Cells {
  readonly store: ArrayLike<number>;
  readonly orderType: ArrayLike<number>;
}

/** The selection of the same length right before; undefined where the data does not reach that far back. */
export function before(selection: Selection): Selection | undefined {
  const length = selection.to - selection.from + 1;
  const from = selection.from - length;
  return length < 1 || from < 0 ? undefined : { ...selection, from, to: selection.from - 1 };
}

/** A filter as the part of a link after `#`. What equals the page's own default is left out. */
export function printFilter(filter: Filter, initial: Filter): string {
  const parameters = new URLSearchParams();
  if (filter.from !== initial.from || filter.to !== initial.to) {
    parameters.set("from", filter.from);
    parameters.set("to", filter.to);
  }
  for (const name of filter.stores) parameters.append("store", name);
  for (const name of filter.orderTypes) parameters.append("type", name);
  return parameters.toString();
}

/** Reads what `printFilter` wrote. What it does not know is left out: a link may be older than the data. */
export function parseFilter(hash: string, initial: Filter, { stores, orderTypes }: Choices): Filter {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const day = (name: string, otherwise: string) => {
    const given = parameters.get(name) ?? "";
    return parseDay(given) === undefined ? otherwise : given;
  };
  const known = (name: string, names: readonly string[]) =>
    names.filter((one) => parameters.getAll(name).includes(one));
  return {
    from: day("from", initial.from),
    to: day("to", initial.to),
    stores: known(
      "store",
      stores.map(({ name }) => name),
    ),
    orderTypes: known("type", orderTypes),
  };
}
