import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RoomTable } from "analysis-rules";
import { openLedger } from "analysis-rules";
import { expect } from "chai";
import { BUDGET_FILE, ROOM_FILE } from "../../local/rehearsed-room.ts";
import { usageOf } from "../../local/usage.ts";

describe("The usage of a party's shared views", () => {
  const folder = mkdtempSync(join(tmpdir(), "usage-"));
  after(() => rmSync(folder, { recursive: true }));

  it("shows a spent budget as 0, however its parts add up", async () => {
    const budget = { maxEpsilonPerQuery: 0.1, epsilonBudget: 1, deltaPerQuery: 1e-6, deltaBudget: 2e-5 };
    const view: RoomTable = {
      ...{ id: "p.shared.v", project: "p", dataset: "shared", table: "v", owner: "wallet", relation: "shared.v" },
      columns: [{ name: "id", kind: "STRING" }],
      rule: { differentialPrivacy: { privacyUnitColumn: "id", ...budget } },
    };
    const parties = {
      merchant: { title: "the merchant", project: "p", tables: [] },
      wallet: { title: "the e-wallet", project: "p", tables: [view] },
    };
    writeFileSync(join(folder, ROOM_FILE), JSON.stringify({ parties, templates: {} }));
    const ledger = openLedger(join(folder, BUDGET_FILE));
    const charge = { view: view.id, name: "shared.v", epsilon: 0.1, delta: 1e-6, epsilonBudget: 1, deltaBudget: 2e-5 };
    for (let query = 0; query < 10; query++) await ledger.spend([charge]);
    const { views } = await usageOf("wallet", folder);
    expect(views[0]).to.deep.include({ epsilon: { left: 0, of: 1 }, delta: { left: 1e-5, of: 2e-5 } });
    // Nobody counts the groups that this rule leaves out.
    expect(views[0]).not.to.have.property("suppressed");
  });
});
