import { DuckDBBlobValue, type DuckDBValue } from "@duckdb/node-api";
import type { Type } from "../analyser/types.ts";

/*
 * Functions that neither DuckDB nor Google's library computes: the library has no Base32 and no tables of the compatible forms of letters,
 * and takes milliseconds for long numbers. Each takes values of DuckDB that are not NULL, and throws an error if it fails.
 */

interface Own {
  readonly parameters: readonly Type[];
  readonly result: Type;
  compute(...values: DuckDBValue[]): DuckDBValue;
}

const [string, bytes, int64, double, bool] = ["STRING", "BYTES", "INT64", "DOUBLE", "BOOL"].map((kind) => ({
  typeKind: `TYPE_${kind}`,
})) as [Type, Type, Type, Type, Type];

const functions = {
  normalize: {
    parameters: [string, string],
    result: string,
    compute: (text, form) => String(text).normalize(String(form)),
  },
  normalize_and_casefold: {
    parameters: [string, string],
    result: string,
    compute: (text, form) => folded(String(text), String(form)),
  },
  contains_substr: {
    parameters: [string, string],
    result: bool,
    compute: (text, search) => folded(String(text), "NFKC").includes(folded(String(search), "NFKC")),
  },
  to_base32: {
    parameters: [bytes],
    result: string,
    compute: (value) => {
      const { bytes } = value as DuckDBBlobValue;
      const letters = Buffer.alloc(Math.ceil(bytes.length / 5) * 8, "=");
      let [at, held, bits] = [0, 0, 0];
      for (const byte of bytes) {
        held = ((held << 8) | byte) & 0xfff;
        for (bits += 8; bits >= 5; at += 1) {
          bits -= 5;
          letters[at] = digits.charCodeAt((held >> bits) & 31);
        }
      }
      if (bits > 0) letters[at] = digits.charCodeAt((held << (5 - bits)) & 31);
      return letters.toString("latin1");
    },
  },
  from_base32: {
    parameters: [string],
    result: bytes,
    compute: (value) => {
      // The last group of eight has 2, 4, 5 or 7 letters for 1 to 4 bytes.
      if (!/^(?:[A-Z2-7]{8})*(?:[A-Z2-7]{2}={6}|[A-Z2-7]{4}={4}|[A-Z2-7]{5}={3}|[A-Z2-7]{7}=)?$/.test(String(value)))
        throw new Error("Failed to decode invalid base32 string");
      const letters = String(value).replace(/=+$/, "");
      const made = new Uint8Array(Math.floor((letters.length * 5) / 8));
      let [at, held, bits] = [0, 0, 0];
      for (const letter of letters) {
        held = ((held << 5) | digits.indexOf(letter)) & 0xfff;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        made[at] = (held >> bits) & 255;
        at += 1;
      }
      return new DuckDBBlobValue(made);
    },
  },
  // The name of an aggregate, the number of pairs, and their sums: see translate/spreads.ts.
  spread: {
    parameters: [string, int64, string],
    result: double,
    compute: (name, count, sums) => spread(String(name), count as bigint, String(sums).split(" ").map(BigInt)),
  },
} satisfies Record<string, Own>;

/** The name of such a function. */
export type OwnFunction = keyof typeof functions;

/** The functions by their names. */
export const ownFunctions: Readonly<Record<OwnFunction, Own>> = functions;

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A normal form of a text with its case folded, so that texts that differ in nothing else are equal. */
function folded(text: string, form: string): string {
  if (isAscii.test(text)) return text.toLowerCase();
  return text
    .normalize(form)
    .replace(sameRule, foldedPart)
    .replace(smallCherokee, (letters) => letters.toUpperCase());
}

const isAscii = /^[\0-\x7f]*$/;

/** Unicode folds the case of a letter to the lower case of its upper case, except for ı and in the Cherokee script. */
const sameRule = /[^ı\u13a0-\u13f5\u13f8-\u13fd\uab70-\uabbf]+/g;
const smallCherokee = /[\u13f8-\u13fd\uab70-\uabbf]+/g;

/** JavaScript knows another lower case of Σ at the end of a word. */
function foldedPart(letters: string): string {
  return letters.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** The error of a correlation that GoogleSQL gives as NaN. */
export const NOT_VARYING =
  "CORR of values that do not vary is NaN: leave such groups out, with HAVING STDDEV_POP(x) > 0 AND STDDEV_POP(y) > 0";

/** Computes a variance, standard deviation, covariance or correlation of NUMERICs from exact sums. */
function spread(name: string, count: bigint, sums: readonly bigint[]): number | null {
  const isSample = name.endsWith("_samp");
  if (count < (isSample || name === "corr" ? 2n : 1n)) return null;
  /** The sum of (x - mean of x) * (y - mean of y), times the count, in 10⁻¹⁸. */
  const deviations = (from: number) => {
    const [a, c, b, d, whole, ninths, rest] = sums.slice(from, from + 7) as [bigint, bigint, ...bigint[]];
    const product = (whole as bigint) * UNIT * UNIT + (ninths as bigint) * UNIT + (rest as bigint);
    return count * product - (a * UNIT + c) * ((b as bigint) * UNIT + (d as bigint));
  };
  const ofBoth = deviations(0);
  if (name === "corr") {
    const [ofX, ofY] = [deviations(7), deviations(14)];
    if (ofX === 0n || ofY === 0n) throw new Error(NOT_VARYING);
    return Number(ofBoth) / (Math.sqrt(Number(ofX)) * Math.sqrt(Number(ofY)));
  }
  const value = Number(ofBoth) / Number(count * (isSample ? count - 1n : count) * UNIT * UNIT);
  return name.startsWith("stddev") ? Math.sqrt(value) : value;
}

const UNIT = 1_000_000_000n;
