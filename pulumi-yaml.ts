import { readFileSync } from "node:fs";
import { load } from "js-yaml";

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

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
