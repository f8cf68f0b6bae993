import { existsSync, readFileSync } from "node:fs";
import { CORE_SCHEMA, load } from "js-yaml";
import { messageOf, UserError } from "./generator/errors.ts";

/** A setting as `Pulumi.yaml` declares it. */
export interface DeclaredSetting {
  /** Pulumi's type: string, integer or object. */
  readonly type: string;
  /** The setting's purpose. */
  readonly help: string;
  /** The default as text, which is how Pulumi passes every setting to the program; undefined if it has none. */
  readonly default: string | undefined;
}

/** The parts of a `Pulumi.yaml` that a program needs. */
export interface PulumiYaml {
  /** The program's name, which is the namespace of its settings. */
  readonly program: string;
  /** The program's own settings, by name. */
  readonly settings: Readonly<Record<string, DeclaredSetting>>;
  /** The values that apply if a stack sets none, by the setting's full name, such as `gcp-data-demos:seed`. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** Reads a `Pulumi.yaml`. Pulumi's engine passes the defaults in it to the program, but Pulumi's mocks do not. */
export function readPulumiYaml(file = new URL("Pulumi.yaml", import.meta.url)): PulumiYaml {
  type Entry = { type?: string; description?: string; default?: unknown; value?: unknown };
  const { name: program, config = {} } = load(readFileSync(file, "utf8")) as {
    name: string;
    config?: Record<string, unknown>;
  };
  const entries = Object.entries(config).map(([key, declared]) => {
    const entry: Entry = typeof declared === "object" && declared !== null ? declared : { value: declared };
    const [space, name = space] = key.includes(":") ? key.split(":") : [program, key];
    return { space, name, entry, value: textOf(entry.value ?? entry.default) };
  });
  const own = entries.filter(({ space }) => space === program);
  return {
    program,
    settings: Object.fromEntries(
      own.map(({ name, entry: { type = "string", description = "" }, value }) => [
        name,
        { type, help: description, default: value },
      ]),
    ),
    defaults: Object.fromEntries(
      entries.flatMap(({ space, name, value }) => (value === undefined ? [] : [[`${space}:${name}`, value]])),
    ),
  };
}

/**
 * Reads the settings of a stack, `Pulumi.NAME.yaml`, by their full names.
 * @throws UserError if there is no such file, it is not one of Pulumi's, or a setting in it is encrypted
 */
export function readStackSettings(stack: string, folder = new URL(".", import.meta.url)): Record<string, string> {
  const file = new URL(`Pulumi.${stack}.yaml`, folder);
  if (!/^[\w.-]+$/.test(stack) || !existsSync(file))
    throw new UserError(
      `there is no Pulumi.${stack}.yaml: create it with npx pulumi stack init ${stack} and npx pulumi config set NAME VALUE`,
    );
  const config = readConfig(file, `Pulumi.${stack}.yaml`);
  const entries = Object.entries(config).map(([name, value]) => {
    if (!name.includes(":"))
      throw new UserError(`Pulumi.${stack}.yaml sets ${name}: write ${readPulumiYaml().program}:${name}`);
    if (isEncrypted(value))
      throw new UserError(`Pulumi.${stack}.yaml has ${name} encrypted, which only Pulumi can read: use --set for it`);
    return [name, textOf(value) ?? ""];
  });
  return Object.fromEntries(entries);
}

/** Whether a value, or a part of it, is encrypted: Pulumi writes an object with the one field `secure`. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "secure" in value || Object.values(value).some(isEncrypted);
}

function readConfig(file: URL, name: string): Record<string, unknown> {
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  try {
    // In Pulumi a day is a text, and in YAML's larger schema an instant.
    const stack = load(readFileSync(file, "utf8"), { schema: CORE_SCHEMA }) ?? {};
    const config = (stack as { config?: unknown }).config ?? {};
    if (isObject(stack) && isObject(config)) return JSON.parse(JSON.stringify(config));
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    throw new UserError(`${name} cannot be read (${reason}): correct it, or set the value with npx pulumi config set`);
  }
  throw new UserError(`${name} has no settings by name: correct it, or set the values with npx pulumi config set`);
}

/**
 * Reads settings given as `name=value`. It leaves wrong names to the program, which names them together with wrong values.
 * @returns the values by the settings' full names
 * @throws UserError that names every text without a name and a value
 */
export function readSetTexts(texts: readonly string[], { program }: PulumiYaml): Record<string, string> {
  const wrong = texts.filter((text) => !/^[^=]+=/.test(text));
  if (wrong.length > 0) throw new UserError(wrong.map((text) => `--set "${text}" is not name=value`).join("\n       "));
  const entries = texts.map((text) => {
    const [name = ""] = text.split("=", 1);
    return [name.startsWith(`${program}:`) ? name : `${program}:${name}`, text.slice(name.length + 1)];
  });
  return Object.fromEntries(entries);
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
