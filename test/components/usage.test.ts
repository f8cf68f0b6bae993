import { expect } from "chai";
import { loadAnalyser } from "googlesql-duckdb/tree";
import { ownersViews } from "../../components/cleanroom/usage.ts";

const projects = { merchant: "the-merchant", wallet: "the-wallet" };

describe("An owner's view of the queries", () => {
  it("is a query that Google's analyser accepts, on the usage in the owner's project and location", async () => {
    const owners = ownersViews(projects, "US", {});
    const strings = [
      "project_id",
      "dataset_id",
      "table_id",
      "data_exchange_id",
      "listing_id",
      "job_id",
      "linked_dataset_id",
      "job_principal_subject",
      "shared_resource_id",
      "shared_resource_type",
    ];
    const numbers = [
      "job_project_number",
      "linked_project_number",
      "subscriber_org_number",
      "num_rows_processed",
      "total_bytes_processed",
    ];
    const columns = [
      ...strings.map((name) => ({ name, kind: "STRING" as const })),
      ...numbers.map((name) => ({ name, kind: "INT64" as const })),
      ...["job_start_time", "job_end_time"].map((name) => ({ name, kind: "TIMESTAMP" as const })),
    ];
    const path = ["the-merchant", "region-us", "INFORMATION_SCHEMA", "SHARED_DATASET_USAGE"];
    const analyser = await loadAnalyser([{ id: "usage", paths: [path], columns }]);
    const { outputs } = analyser.analyse(owners.merchant.whoAsked);
    expect(outputs.map(({ name }) => name)).to.include.members(["job_principal_subject", "queries", "last_query"]);
    expect(owners.merchant.whoAsked).to.include("WHERE dataset_id = 'merchant_shared'");
    expect(owners.wallet.whoAsked)
      .to.include("FROM `the-wallet`.`region-us`.")
      .and.include("'ewallet_provider_shared'");
    expect(ownersViews(projects, "europe-west1", {}).wallet.whoAsked).to.include("`region-europe-west1`");
  });

  it("has a command for the budget of each view that has one", () => {
    const { merchant, wallet } = ownersViews(projects, "US", {});
    expect(merchant.budgetsLeft).to.deep.equal({});
    expect(Object.keys(wallet.budgetsLeft)).to.deep.equal(["transactions_private"]);
    expect(wallet.budgetsLeft.transactions_private).to.match(
      /^bq show --format=prettyjson the-wallet:ewallet_provider_shared\.transactions_private # epsilonBudgetRemaining/,
    );
    const noisy = ownersViews(projects, "US", {
      users_shared: { rule: "differential_privacy", privacyUnitColumn: "hashed_email" },
    });
    expect(Object.keys(noisy.merchant.budgetsLeft)).to.deep.equal(["users_shared_differential_privacy"]);
  });
});
