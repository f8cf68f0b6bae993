import { number } from "../generator/options.ts";

/* The kinds of settings: each turns a setting's text into its value, or says what is allowed. */

/** Turns a setting's text into its value. Throws a text that says what is allowed. */
export type Parse<Value> = (given: string) => Value;

/** Any string that a pattern or a function accepts. */
export function text(allowed: string, accepts: RegExp | ((given: string) => boolean)): Parse<string> {
  const isAllowed = accepts instanceof RegExp ? (given: string) => accepts.test(given) : accepts;
  return (given) => {
    if (isAllowed(given)) return given;
    throw allowed;
  };
}

/** A whole number within limits. */
export function whole(min: number, max: number): Parse<number> {
  return number("", 0, { min, max }).parse;
}

/** A number above 0, or from 0. Pulumi.yaml declares it as text, since Pulumi has no type for fractions. */
export function fraction(max: number, from: { above: number } | { min: number } = { above: 0 }): Parse<number> {
  return number("", 0, { ...from, max, whole: false }).parse;
}

/** A setting that is on or off. */
export const yesOrNo: Parse<boolean> = (given) => {
  if (given !== "true" && given !== "false") throw "true or false";
  return given === "true";
};

/** An object, in JSON. */
export function object<Value>(allowed: string, read: (given: object) => Value | undefined): Parse<Value> {
  return (given) => {
    const value = parseJson(given);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const found = isObject ? read(value) : undefined;
    if (found === undefined) throw allowed;
    return found;
  };
}

/** A list of texts, in JSON. */
export const names: Parse<readonly string[]> = (given) => {
  const value = parseJson(given);
  if (Array.isArray(value) && value.every((each) => typeof each === "string") && new Set(value).size === value.length)
    return value;
  throw 'a list of names, each once, such as ["users_shared"]';
};

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}
