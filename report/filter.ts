import { parseDay } from "../generator/coffee/calendar.ts";
import { at } from "./column-math.ts";
import { dayAt, daysBetween } from "./days.ts";
import type { Days, Store } from "./report.ts";

/** A reader's choices, by name, so that they mean the same on every page and in a link. */
export interface Filter {
  /** First and last day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Names of stores; an empty list means all of them. */
  readonly stores: readonly string[];
  /** Order types; an empty list means all of them. */
  readonly orderTypes: readonly string[];
  /** Product categories, on pages that offer them; an empty list or none means all of them. */
  readonly categories?: readonly string[];
}

/** The days, stores and order types that a page offers. */
export interface Choices {
  readonly days: Days;
  readonly stores: readonly Pick<Store, "name">[];
  readonly orderTypes: readonly string[];
  /** @default the page has no such filter */
  readonly categories?: readonly string[];
}

/** A filter in the numbers that a cube uses for days, stores and order types. */
export interface Selection {
  /** Numbers of the first and last day. The last may lie before the first, and both may lie outside the data. */
  readonly from: number;
  readonly to: number;
  /** 1 for each store in the cube's list that the filter keeps, else 0; likewise for order types. */
  readonly stores: Uint8Array;
  readonly orderTypes: Uint8Array;
}

/** The last day with data. */
export function lastDay(days: Days): string {
  return dayAt(days.first, Math.max(days.count, 1) - 1);
}

/** The filter that keeps all days, or the last `lastDays` of them. */
export function everything({ days }: Pick<Choices, "days">, lastDays = days.count): Filter {
  const to = lastDay(days);
  return { from: dayAt(days.first, Math.max(days.count - lastDays, 0)), to, stores: [], orderTypes: [] };
}

/** Translates a filter into the numbers of a cube. */
export function select(filter: Filter, { days, stores, orderTypes }: Choices): Selection {
  const mask = (names: readonly string[], wanted: readonly string[]) =>
    Uint8Array.from(names, (name) => (wanted.length === 0 || wanted.includes(name) ? 1 : 0));
  return {
    from: daysBetween(days.first, filter.from),
    to: daysBetween(days.first, filter.to),
    stores: mask(
      stores.map(({ name }) => name),
      filter.stores,
    ),
    orderTypes: mask(orderTypes, filter.orderTypes),
  };
}

/** Whether a selection keeps a cell, by store and order type. The caller checks the day: it may know that cells are sorted by day. */
export function keeps({ stores, orderTypes }: Selection, cells: Cells, i: number): boolean {
  return stores[at(cells.store, i)] === 1 && orderTypes[at(cells.orderType, i)] === 1;
}

/** Columns that filters act on: places in the lists of a cube. */
interface Cells {
  readonly store: ArrayLike<number>;
  readonly orderType: ArrayLike<number>;
}

/** The selection of the same length right before this one; undefined if the data does not reach back that far. */
export function before(selection: Selection): Selection | undefined {
  const length = selection.to - selection.from + 1;
  const from = selection.from - length;
  return length < 1 || from < 0 ? undefined : { ...selection, from, to: selection.from - 1 };
}

/** The selection 52 weeks earlier, with the same weekdays; undefined if the data does not reach back that far. */
export function lastYear(selection: Selection): Selection | undefined {
  const from = selection.from - 364;
  return selection.to < selection.from || from < 0 ? undefined : { ...selection, from, to: selection.to - 364 };
}

/** Prints a filter as the part of a link after `#`. Days that equal the page's initial ones are left out. */
export function printFilter(filter: Filter, initial: Filter): string {
  const parameters = new URLSearchParams();
  if (filter.from !== initial.from || filter.to !== initial.to) {
    parameters.set("from", filter.from);
    parameters.set("to", filter.to);
  }
  for (const name of filter.stores) parameters.append("store", name);
  for (const name of filter.orderTypes) parameters.append("type", name);
  for (const name of filter.categories ?? []) parameters.append("category", name);
  return parameters.toString();
}

/** Reads a filter that `printFilter` wrote. Ignores unknown stores, order types and days: a link may be older than the data. */
export function parseFilter(hash: string, initial: Filter, { stores, orderTypes, categories }: Choices): Filter {
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
    ...(categories && { categories: known("category", categories) }),
  };
}
