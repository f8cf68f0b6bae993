import { expect } from "chai";
import { buildBundle } from "../../components/bundle.ts";
import { fingerprintPrograms, type Inputs, withoutDescriptions } from "../../components/programs.ts";
import { merchant } from "../../generator/tables/index.ts";

/** The files in which the commands begin, and one that two of them share. */
const inputs: Inputs = Object.fromEntries(
  Object.entries({
    "generator/commands.ts": ["generator/fill.ts", "generator/coffee/generate.ts", "generator/load.ts"],
    "generator/command-settings.ts": ["generator/wallet/wallet.ts"],
    "generator/fill.ts": ["generator/wallet/wallet.ts", "generator/tables/merchant.ts"],
    "generator/coffee/generate.ts": ["generator/coffee/orders.ts", "generator/commands.ts"],
    "generator/coffee/last-day.ts": ["generator/command-settings.ts"],
    "generator/load.ts": ["generator/coffee/checks.ts", "node_modules/a-package/index.js"],
    "report/publish.ts": ["report/sales/read.ts"],
    "generator/lake/open-lake.ts": ["generator/lake/gcs.ts"],
    "generator/warehouse/open-warehouse.ts": ["generator/warehouse/left-out.ts"],
    "generator/wallet/wallet.ts": [],
    "generator/tables/merchant.ts": [],
    "generator/coffee/orders.ts": [],
    "generator/coffee/checks.ts": [],
    "generator/lake/gcs.ts": [],
    "report/sales/read.ts": [],
    "node_modules/a-package/index.js": [],
  }).map(([file, imports]) => [file, { imports: imports.map((path) => ({ path })) }]),
);

/** The commands whose fingerprints change with a file. */
function changedBy(file: string): string[] {
  const before = fingerprintPrograms(inputs, (path) => path);
  const after = fingerprintPrograms(inputs, (path) => (path === file ? "changed" : path));
  return Object.keys(before).filter((name) => before[name as "fill"] !== after[name as "fill"]);
}

describe("The fingerprint of a command", () => {
  for (const [file, commands] of [
    ["generator/wallet/wallet.ts", ["fill"]],
    ["generator/coffee/orders.ts", ["generate"]],
    ["node_modules/a-package/index.js", ["load"]],
    ["report/sales/read.ts", ["report"]],
    ["generator/lake/gcs.ts", ["fill", "generate", "load", "report"]],
    ["generator/commands.ts", ["fill", "generate", "load", "report"]],
    ["generator/tables/merchant.ts", []],
    ["elsewhere.ts", []],
  ] as const)
    it(`changes with ${file} for ${commands.join(", ") || "no command"}`, () =>
      expect(changedBy(file)).to.deep.equal(commands));

  it("does not change with a column's description, and does with its type", () => {
    const users = merchant.users;
    const described = { ...users, columns: { ...users.columns, id: { ...users.columns.id, description: "x" } } };
    const retyped = { ...users, columns: { ...users.columns, id: { ...users.columns.id, type: "STRING" } } };
    expect(withoutDescriptions(described)).to.equal(withoutDescriptions(users));
    expect(withoutDescriptions(retyped)).not.to.equal(withoutDescriptions(users));
  });

  it("is made of files that are in the bundle", () => {
    const { programs } = buildBundle();
    expect(new Set(Object.values(programs)).size).to.equal(4);
  });
});
