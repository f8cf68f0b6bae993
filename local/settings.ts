import { readFileSync } from "node:fs";
import { load } from "js-yaml";

/** How `Pulumi.yaml` declares a setting. */
interface Setting {
  readonly default?: unknown;
  readonly value?: unknown;
}

/** The name and the settings of the program. */
export interface ProgramSettings {
  readonly program: string;
  /** Every setting that has a value without a stack's file, by full name, as Pulumi hands it to the program. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** Reads `Pulumi.yaml`: under mocks, Pulumi does not. */
export function readPulumiYaml(file: URL): ProgramSettings {
  const { name, config = {} } = load(readFileSync(file, "utf8")) as { name: string; config?: Record<string, unknown> };
  const values = Object.entries(config).flatMap(([key, declared]) => {
    const setting = declared as Setting | null;
    const value = typeof setting === "object" ? (setting?.value ?? setting?.default) : setting;
    return value === undefined || value === null ? [] : [[key.includes(":") ? key : `${name}:${key}`, textOf(value)]];
  });
  return { program: name, defaults: Object.fromEntries(values) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
