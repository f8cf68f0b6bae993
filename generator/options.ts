import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";

/** One setting of a command: `--name value`, or the environment variable, or the default. */
export interface Option<Value> {
  readonly env?: string;
  readonly help: string;
  readonly default: Value;
  /** Turns the text into the value, or throws a string saying what is allowed. */
  readonly parse: (text: string) => Value;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer Value> ? Value : never };

/** Any text but an empty one: an empty path would be the current folder. */
export function text<const D extends string | undefined>(
  help: string,
  fallback: D,
  env?: string,
): Option<D extends string ? string : string | undefined> {
  type Value = D extends string ? string : string | undefined;
  const parse = (given: string): Value => {
    if (given.trim() === "") throw "a value that is not empty";
    return given as Value;
  };
  return { help, default: fallback as unknown as Value, parse, ...(env && { env }) };
}

/** A number from `min` (or above `above`) to `max`; `whole` refuses fractions. */
export function number<const D extends number | undefined>(
  help: string,
  fallback: D,
  allowed: { min?: number; above?: number; max?: number; whole?: boolean; env?: string },
): Option<D extends number ? number : number | undefined> {
  type Value = D extends number ? number : number | undefined;
  const {
    min = Number.NEGATIVE_INFINITY,
    above = Number.NEGATIVE_INFINITY,
    max = Number.MAX_VALUE,
    whole = true,
    env,
  } = allowed;
  const from = allowed.above === undefined ? `from ${min}` : `above ${above}`;
  const range = allowed.max === undefined ? from : `${from} to ${max}`;
  const parse = (given: string): Value => {
    const value = given.trim() === "" ? Number.NaN : Number(given);
    const right = value >= min && value > above && value <= max && (!whole || Number.isSafeInteger(value));
    if (!right) throw `a ${whole ? "whole " : ""}number ${range}`;
    return value as Value;
  };
  return { help, default: fallback as unknown as Value, parse, ...(env && { env }) };
}

/**
 * Reads a command's settings from its arguments, then its environment, then the defaults.
 * Throws one UserError that names every wrong setting with its value and what is allowed.
 */
export function readOptions<O extends Options>(
  command: string,
  options: O,
  args: string[],
  env = process.env,
): Values<O> {
  if (args.includes("--help")) {
    console.log(usage(command, options));
    process.exit(0);
  }
  const names = Object.keys(options).map(flagOf);
  const flags = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values: given, tokens } = parseArgs({
    args,
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const wrong: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") wrong.push(`"${token.value}" is not understood`);
    if (token.kind !== "option") continue;
    if (!names.includes(token.name)) wrong.push(`${token.rawName} is not a setting`);
    else if (token.value === undefined) wrong.push(`${token.rawName} needs a value`);
  }
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const fromArgs = given[flagOf(name)];
      const flag = typeof fromArgs === "string" ? fromArgs : undefined;
      const fromEnv = option.env === undefined ? undefined : env[option.env] || undefined;
      const value = flag ?? fromEnv;
      if (value === undefined) return [name, option.default];
      try {
        return [name, option.parse(value)];
      } catch (allowed) {
        wrong.push(`${flag === undefined ? option.env : `--${flagOf(name)}`} is "${value}": use ${allowed}`);
        return [name, option.default];
      }
    }),
  );
  if (wrong.length > 0) throw new UserError(`${wrong.join("\n       ")}\n\n${usage(command, options)}`);
  return values as Values<O>;
}

/** `walletShare` is `--wallet-share`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The command's settings, a line each. */
export function usage(command: string, options: Options): string {
  const rows = Object.entries(options).map(([name, { help, default: value, env }]) => {
    const notes = [value === undefined ? "" : `default ${value}`, env ? `or ${env}` : ""].filter(Boolean).join(", ");
    return `  --${flagOf(name).padEnd(14)} ${help}${notes ? ` (${notes})` : ""}`;
  });
  return [`${command}`, ...rows].join("\n");
}
