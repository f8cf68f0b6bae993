import { same, type Translate } from "../call.ts";
import { bind, orFail } from "../sql.ts";

export const arrays: Readonly<Record<string, Translate>> = {
  $make_array: ({ args }) => `[${args.join(", ")}]`,
  array_length: same("len"),
  array_reverse: same("list_reverse"),
  $array_at_offset: element(0, false),
  $array_at_ordinal: element(1, false),
  $safe_array_at_offset: element(0, true),
  $safe_array_at_ordinal: element(1, true),
};

/** An element by its place, which DuckDB counts from 1, and from the end where it is negative. */
function element(first: 0 | 1, safely: boolean): Translate {
  return ({ args, ...call }) =>
    bind(args, (array, at) => {
      const isIn = `${at} >= ${first} AND ${at} < len(${array}) + ${first}`;
      const taken = `${array}[${at} + ${1 - first}]`;
      return orFail(isIn, [array, at], taken, "an array index out of bounds", { safe: safely || call.safe });
    });
}
