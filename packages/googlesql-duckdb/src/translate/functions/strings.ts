import type { Node } from "../../analyser/node.ts";
import { kindOf, literalText, only, same, type Translate } from "../call.ts";
import { bind, orFail, text } from "../sql.ts";
import { dateTimeText, timestampText } from "../timestamps.ts";
import { inUtc } from "./zones.ts";

/** White space in Unicode. */
const blanks = String.fromCodePoint(
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
  ...Array.from({ length: 11 }, (_, index) => 0x2000 + index),
);

/** Letters whose upper case is several letters, except ß. */
const manyCapitals = "ŉǰΐΰև\u1e96-\u1e9a\u1f50-\u1fff\ufb00-\ufb17";

/** Functions of texts. A character is a code point in both. */
export const strings: Readonly<Record<string, Translate>> = {
  lower: onText(cased("lower", (value) => `lower(${value})`, "İΣ")),
  upper: onText(cased("upper", (value) => `upper(replace(${value}, 'ß', 'SS'))`, manyCapitals)),
  length: onText(same("length")),
  char_length: onText(same("length")),
  byte_length: onText(same("strlen")),
  substr: onText(({ args, ...call }) => {
    const [from, size] = call.nodes.slice(1).map(wholeNumber);
    // DuckDB has the same result for the usual positions, and needs no check of each row.
    if (from !== undefined && from > 0 && size !== undefined) return `substring(${args[0]}, ${from}, ${size})`;
    return bind(args, (value, at, count) => {
      // Position 0 counts as 1, and one before the beginning as the beginning.
      const from = `CASE WHEN ${at} < 0 THEN greatest(length(${value}) + ${at} + 1, 1) ELSE greatest(${at}, 1) END`;
      // DuckDB accepts positions and lengths of 32 bits.
      const start = `least(${from}, 4294967295)`;
      const long = count === undefined ? "" : `, least(${count}, 4294967295)`;
      // greatest and least skip NULLs, so check for NULL.
      const cut = `CASE WHEN ${at} IS NOT NULL THEN substring(${value}, ${start}${long}) END`;
      if (count === undefined) return cut;
      return orFail(`${count} >= 0`, [value, at, count].map(String), cut, "SUBSTR of a negative length", call);
    });
  }),
  left: onText(part("left")),
  right: onText(part("right")),
  trim: onText(trimmed("trim")),
  ltrim: onText(trimmed("ltrim")),
  rtrim: onText(trimmed("rtrim")),
  // DuckDB's reverse() keeps together code points that form one letter.
  reverse: onText(({ args: [value] }) => `array_to_string(list_reverse(regexp_extract_all(${value}, '(?s).')), '')`),
  starts_with: onText(same("starts_with")),
  ends_with: onText(same("suffix")),
  strpos: onText(same("strpos")),
  instr: onText((call) => (call.nodes.length === 2 ? same("strpos")(call) : call.refuse("with a position"))),
  split: onText((call) => {
    const by = call.nodes.length === 1 ? "," : literalText(call, 1);
    if (by !== "") return `string_split(${call.args[0]}, ${text(by)})`;
    return bind(
      call.args.slice(0, 1),
      (value) => `CASE WHEN ${value} = '' THEN [''] ELSE regexp_extract_all(${value}, '(?s).') END`,
    );
  }),
  string: (call) => {
    const [kind] = call.nodes.map(kindOf);
    if (kind === "DATE") return `CAST(${call.args[0]} AS VARCHAR)`;
    if (kind === "DATETIME") return dateTimeText(call.args[0] as string);
    if (kind !== "TIMESTAMP") return call.refuse(`of ${kind}`);
    return inUtc(1, ({ args: [value] }) => timestampText(value as string))(call);
  },
  md5: ({ args }) => `from_hex(md5(${args[0]}))`,
  sha1: ({ args }) => `from_hex(sha1(${args[0]}))`,
  sha256: ({ args }) => `from_hex(sha256(${args[0]}))`,
};

/** The value of a literal from 0 to the longest text that DuckDB has. */
function wholeNumber(node: Node): number | undefined {
  const value = (node.value as { value?: { int64Value?: string | number } } | undefined)?.value?.int64Value;
  const number = node.kind === "Literal" && value !== undefined ? Number(value) : Number.NaN;
  return number >= 0 && number <= 4_294_967_295 ? number : undefined;
}

/** A change of case that differs only for a few letters. Google's own implementation changes those. */
function cased(name: string, body: (value: string) => string, others: string): Translate {
  return ({ args, ...call }) =>
    bind(args, (value) => {
      const plain = `NOT regexp_matches(${value}, '[${others}]')`;
      const other = call.other?.([value]);
      if (other !== undefined) return `CASE WHEN ${plain} THEN ${body(value)} ELSE ${other} END`;
      const message = `DuckDB cannot write ${others} in ${name} case as BigQuery would`;
      return orFail(plain, [value], body(value), message, call);
    });
}

function onText(translate: Translate): Translate {
  return only(["STRING", "INT64"], translate);
}

function part(name: string): Translate {
  return ({ args, ...call }) =>
    bind(args, (value, count) =>
      orFail(
        `${count} >= 0`,
        [value, count],
        `${name}(${value}, least(${count}, 4294967295))`,
        `${name} of a negative length`,
        call,
      ),
    );
}

function trimmed(name: string): Translate {
  return ({ args: [value, letters = text(blanks)] }) => `${name}(${value}, ${letters})`;
}
