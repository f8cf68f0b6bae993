import { parseArgs } from "node:util";
import { UserError } from "./errors.ts";
import { wrapTo } from "./wrap.ts";

/** One setting of a command, from `--name value`, else from the environment variable, else the default. */
export interface Option<Value> {
  readonly env?: string;
  readonly help: string;
  readonly default: Value;
  /** The default to show in the help, if not the option but the command decides it. */
  readonly otherwise?: unknown;
  /** Turns text into the value, or throws a string that says what is allowed. */
  readonly parse: (text: string) => Value;
  /** A `flag` takes no value; the `argument` is the one text without a `--name`; a `list` may be given several times. */
  readonly form?: "flag" | "argument" | "list";
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer Value> ? Value : never };

/** A setting that takes any text but an empty one: an empty path would mean the current folder. */
export function text<const D extends string | undefined>(
  help: string,
  fallback: D,
  env?: string,
): Option<D extends string ? string : string | undefined> {
  type Value = D extends string ? string : string | undefined;
  const parse = (given: string): Value => {
    if (given.trim() === "") throw "a value that is not empty";
    if (given.includes("\0")) throw "a value without NUL bytes";
    return given as Value;
  };
  return { help, default: fallback as unknown as Value, parse, ...(env && { env }) };
}

/** A setting without a value: true if it is given. */
export function flag(help: string): Option<boolean> {
  return { help, default: false, parse: () => true, form: "flag" };
}

/** A setting that may be given several times: a list of texts, empty if it is not given. */
export function list(help: string): Option<readonly string[]> {
  return { help, default: [], parse: (given) => [given], form: "list" };
}

/**
 * The one text without a `--name`, such as a query. Text that starts with an SQL comment (`-- …`) is not mistaken for a setting.
 */
export function argument(help: string): Option<string | undefined> {
  return { ...text(help, undefined), form: "argument" };
}

/** The number that a decimal text stands for, and NaN for other texts: `Number` alone reads "" as 0 and "0x10" as 16. */
function readDecimal(given: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given.trim()) ? Number(given) : Number.NaN;
}

/** A setting that takes a number from `min` (or above `above`) to `max`, and no fraction if it is `whole`. */
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
    const value = readDecimal(given);
    const right = value >= min && value > above && value <= max && (!whole || Number.isSafeInteger(value));
    if (!right) throw `a ${whole ? "whole " : ""}number ${range}`;
    return value as Value;
  };
  return { help, default: fallback as unknown as Value, parse, ...(env && { env }) };
}

/**
 * Reads a command's settings: arguments override the environment, and the environment overrides the defaults. With `--help`, prints
 * the settings and exits.
 * @param command how to call the command, and what it does: "npm run report -- [settings]: makes the reports again"
 * Throws one UserError that lists every wrong setting, its value and what is allowed, and one if npm swallowed settings.
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
      if (option.form === "list") return [name, fromArgs ?? []];
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

/** npm has settings with these names, too, so their variables do not mean that somebody typed ours. */
const NPMS_OWN = ["prefix", "json"];

/**
 * Throws UserError if npm swallowed settings: without `--` in front, npm keeps them, and the command sees `npm_config_…` variables
 * only.
 */
function refuseSwallowed(options: Options, env: NodeJS.ProcessEnv): void {
  const swallowed = Object.entries(options).flatMap(([name, { form }]) => {
    const flag = flagOf(name);
    const value = env[`npm_config_${flag.replaceAll("-", "_")}`];
    if (value === undefined || form === "argument" || NPMS_OWN.includes(flag)) return [];
    if (form === "flag") return [`--${flag}`];
    // npm keeps only `--scale` of `--scale 0.05`: the value is unknown.
    return [`--${flag} ${value === "true" ? "…" : value}`];
  });
  if (swallowed.length === 0) return;
  const script = env.npm_lifecycle_event ?? "start";
  const command = script === "start" ? "npm start" : `npm run ${script}`;
  throw new UserError(`put -- before the settings: ${command} -- ${swallowed.join(" ")}`);
}

/** The settings given as arguments, by name, and a message for each wrong argument. */
function readArguments(options: Options, args: string[]) {
  const known: Record<string, { type: "string" | "boolean"; multiple?: boolean }> = {};
  let alone: string | undefined;
  for (const [name, { form }] of Object.entries(options))
    if (form === "argument") alone = name;
    else known[flagOf(name)] = { type: form === "flag" ? "boolean" : "string", multiple: form === "list" };
  const wrong: string[] = [];
  // parseArgs would take the next setting for a missing value, and write to a folder called --verbose.
  const lacksValue = (arg: string, next = "") =>
    arg.startsWith("--") && known[arg.slice(2)]?.type === "string" && /^--\w/.test(next);
  // npm drops the first --, and pnpm passes it on.
  const typed = (args[0] === "--" ? args.slice(1) : args).filter((arg, index, all) => {
    const lacks = lacksValue(arg, all[index + 1]);
    if (lacks) wrong.push(`${arg} needs a value`);
    return !lacks;
  });
  const isText = (arg: string) => alone !== undefined && /^--\s/.test(arg);
  const texts = typed.filter(isText);
  const { values: given, tokens } = parseArgs({
    args: typed.filter((arg) => !isText(arg)),
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    // The text after a misspelt setting is that setting's value.
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

/** Suggests the known name that differs from a misspelt one by one letter, or else by two; an empty string if there is none. */
function suggested(name: string, known: readonly string[]): string {
  const near = (edits: number) => known.find((each) => each.length > 2 * edits && isWithin(edits, name, each));
  const meant = near(1) ?? near(2);
  return meant === undefined ? "" : `: did you mean --${meant}?`;
}

/** Whether at most `edits` letters added, dropped or replaced turn one text into the other. */
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

/** How a person writes a setting: `--wallet-share`, or "SQL" for the text without a name. */
function calledBy(name: string, { form }: Option<unknown>): string {
  return form === "argument" ? `"${name.toUpperCase()}"` : `--${flagOf(name)}`;
}

/** The help text: what the command does, then each setting, in lines of at most 80 columns. */
export function usage(command: string, options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const { help, env, form } = option;
    const value = option.default ?? option.otherwise;
    const shown = value === undefined || form === "flag" || form === "list" ? "" : `default ${value}`;
    const notes = [shown, env ? `or ${env}` : ""].filter(Boolean).join(", ");
    const about = wrapTo(80, `${help}${notes ? ` (${notes})` : ""}`, " ".repeat(19));
    return `  ${calledBy(name, option).padEnd(16)} ${about.trimStart()}`;
  });
  return [wrapTo(80, command), ...rows].join("\n");
}
