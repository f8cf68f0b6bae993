import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Adapter,
  byItsProvider,
  checkOrder,
  type Declaration,
  evaluate,
  googleAdapters,
  type Rehearsal,
  type RehearseOptions,
  rehearse,
} from "../src/index.ts";

export const RUN = "pulumi-nodejs:dynamic/shop:Run";

/** Adapters for everything that `programs/shop.ts` declares. Its jobs import `pulumi-rehearsal/touched`, which is not in their bundle. */
export const adapters: readonly Adapter[] = [
  ...googleAdapters,
  {
    types: {
      [RUN]: byItsProvider({
        after(rehearsal, run, { execution }) {
          const report = rehearsal.executions.get(String(execution))?.report;
          if (report !== undefined) checkOrder(rehearsal, run, report);
        },
      }),
    },
    packages: { "pulumi-rehearsal/touched": import.meta.url },
  },
];

let shop: Promise<Declaration> | undefined;

/** Evaluates `programs/shop.ts`, once. */
export function declareShop(): Promise<Declaration> {
  shop ??= evaluate(() => import("./programs/shop.ts"), {
    project: "demo-project",
    program: "shop",
    config: {},
    adapters,
  });
  return shop;
}

/** Rehearses a declaration in a temporary folder, and calls `look` before the folder is removed. */
export async function rehearsed(
  declaration: Declaration,
  options: Partial<RehearseOptions> = {},
  look: (rehearsal: Rehearsal) => Promise<void> = async () => {},
): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "rehearsal of it "));
  try {
    await look(await rehearse(declaration, { out, adapters, ...options }));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
