import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";

/** One setting of a command: `--name value`, or the environment variable, or the default. */
export interface Option<Value> {
  readonly env?: string;
  readonly help: string;
  readonly default: Value;
  /** Turns the text into the value, or throws a string saying what is allowed. */
  readonly parse: (text: string) => Value;
  /** `flag` is given without a value; `argument` is the one text that stands by itself. */
  readonly form?: "flag" | "argument";
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

/** True where it is given. */
export function flag(help: string): Option<boolean> {
  return { help, default: false, parse: () => true, form: "flag" };
}

/** The text that stands by itself. One that begins like a comment of SQL is no option. */
export function argument(help: string): Option<string | undefined> {
  return { ...text(help, undefined), form: "argument" };
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
 * Throws one UserError that names every wrong setting with its value and what is allowed, and one for settings that npm took for its own.
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
  refuseSwallowed(options, env);
  const { given, wrong } = readArguments(options, args);
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const fromArgs = given[flagOf(name)];
      if (option.form === "flag") return [name, fromArgs === true];
      const flag = typeof fromArgs === "string" ? fromArgs : undefined;
      const fromEnv = option.env === undefined ? undefined : env[option.env] || undefined;
      const value = flag ?? fromEnv;
      if (value === undefined) return [name, option.default];
      try {
        return [name, option.parse(value)];
      } catch (allowed) {
        wrong.push(`${flag === undefined ? option.env : calledBy(name, option)} is "${value}": use ${allowed}`);
        return [name, option.default];
      }
    }),
  );
  if (wrong.length > 0) throw new UserError(`${wrong.join("\n       ")}\n\n${usage(command, options)}`);
  return values as Values<O>;
}

/** What npm has settings of its own for, which say nothing of this command's. */
const NPMS_OWN = ["prefix", "json"];

/** Without `--` before them, npm takes the settings for its own: the command would run without, and it hears of them by variables only. */
function refuseSwallowed(options: Options, env: NodeJS.ProcessEnv): void {
  const swallowed = Object.entries(options).flatMap(([name, { form }]) => {
    const flag = flagOf(name);
    const value = env[`npm_config_${flag.replaceAll("-", "_")}`];
    if (value === undefined || form === "argument" || NPMS_OWN.includes(flag)) return [];
    if (form === "flag") return [`--${flag}`];
    // Of `--scale 0.05`, npm takes the first word alone.
    return [`--${flag} ${value === "true" ? "…" : value}`];
  });
  if (swallowed.length === 0) return;
  const script = env.npm_lifecycle_event ?? "start";
  const command = script === "start" ? "npm start" : `npm run ${script}`;
  throw new UserError(`put -- before the settings: ${command} -- ${swallowed.join(" ")}`);
}

/** What is given by arguments, by the names of the options, and what is wrong with them. */
function readArguments(options: Options, args: string[]) {
  const known: Record<string, { type: "string" | "boolean" }> = {};
  let alone: string | undefined;
  for (const [name, { form }] of Object.entries(options))
    if (form === "argument") alone = name;
    else known[flagOf(name)] = { type: form === "flag" ? "boolean" : "string" };
  const isText = (arg: string) => alone !== undefined && /^--\s/.test(arg);
  const texts = args.filter(isText);
  const { values: given, tokens } = parseArgs({
    args: args.filter((arg) => !isText(arg)),
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const wrong: string[] = [];
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    // What follows a misspelt setting is its value.
    const misspelt = before?.kind === "option" && known[before.name] === undefined && before.value === undefined;
    if (token.kind === "positional" && !misspelt) texts.push(token.value);
    if (token.kind !== "option") continue;
    const type = known[token.name]?.type;
    if (type === undefined) wrong.push(`${token.rawName} is not a setting${suggested(token.name, Object.keys(known))}`);
    else if (type === "string" && token.value === undefined) wrong.push(`${token.rawName} needs a value`);
    else if (type === "boolean" && token.value !== undefined) wrong.push(`${token.rawName} takes no value`);
  }
  if (alone !== undefined) given[flagOf(alone)] = texts.shift();
  for (const each of texts) wrong.push(`"${each}" is not understood`);
  return { given, wrong };
}

/** The known name that is a letter, else two, away from a misspelt one. */
function suggested(name: string, known: readonly string[]): string {
  const near = (edits: number) => known.find((each) => each.length > 2 * edits && isWithin(edits, name, each));
  const meant = near(1) ?? near(2);
  return meant === undefined ? "" : `: did you mean --${meant}?`;
}

/** Whether so many letters added, left out or replaced make one text of the other. */
function isWithin(edits: number, a: string, b: string): boolean {
  if (edits < 0) return false;
  if (a === "" || b === "") return a.length + b.length <= edits;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isWithin(edits, restA, restB);
  return [[restA, b] as const, [a, restB] as const, [restA, restB] as const].some((pair) =>
    isWithin(edits - 1, ...pair),
  );
}

/** `walletShare` is `--wallet-share`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How a setting is written: `--wallet-share`, or "SQL" for the text that stands by itself. */
function calledBy(name: string, { form }: Option<unknown>): string {
  return form === "argument" ? `"${name.toUpperCase()}"` : `--${flagOf(name)}`;
}

/** The command's settings, a line each. */
export function usage(command: string, options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const { help, default: value, env, form } = option;
    const shown = value === undefined || form === "flag" ? "" : `default ${value}`;
    const notes = [shown, env ? `or ${env}` : ""].filter(Boolean).join(", ");
    return `  ${calledBy(name, option).padEnd(16)} ${help}${notes ? ` (${notes})` : ""}`;
  });
  return [`${command}`, ...rows].join("\n");
}
