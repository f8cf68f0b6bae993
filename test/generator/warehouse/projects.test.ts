import { expect } from "chai";
import { ewallet, merchant } from "../../../generator/tables/index.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import { replaceRows } from "../../../generator/warehouse/warehouse.ts";
import { userError } from "../../support/user-error.ts";

describe("BigQuery with datasets in several projects", () => {
  it("names the tables in such datasets with their project, and others without", async () => {
    const { nameOf } = await openWarehouse(
      "bigquery://merchant-project?location=US&datasets=ewallet_provider:wallet-1",
    );
    expect(nameOf(ewallet.transactions)).to.equal("`wallet-1.ewallet_provider.transactions`");
    expect(nameOf(merchant.users)).to.equal("merchant.users");
    const script = replaceRows([{ table: ewallet.transactions, from: "staged" }], nameOf);
    expect(script).to.contain("DELETE FROM `wallet-1.ewallet_provider.transactions` WHERE TRUE");
    expect(script).to.contain("INSERT INTO `wallet-1.ewallet_provider.transactions` (transaction_id, ");
  });

  it("accepts several, with or without a location", async () => {
    const { nameOf } = await openWarehouse("bigquery://jobs-project?datasets=merchant:one-p,ewallet_provider:two-p");
    expect(nameOf(merchant.users)).to.equal("`one-p.merchant.users`");
    expect(nameOf(ewallet.providerUsers)).to.equal("`two-p.ewallet_provider.provider_users`");
  });

  it("refuses a dataset without a valid project", async () => {
    for (const datasets of [
      "ewallet_provider",
      ":project",
      "ewallet_provider:",
      "a.b:project",
      "a:My_Project",
      "a:p1,",
    ])
      expect(await userError(() => openWarehouse(`bigquery://project?datasets=${datasets}`)), datasets).to.contain(
        "&datasets=DATASET:PROJECT",
      );
  });
});
