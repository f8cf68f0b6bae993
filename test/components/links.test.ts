import { readdirSync } from "node:fs";
import { expect } from "chai";
import { templates } from "../../cleanroom/templates.ts";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { consoleLinks, lookerStudioLinks, nextStepsFor, pasteable, templateCalls } from "../../components/links.ts";
import { marts } from "../../components/names.ts";

const at = {
  project: "my-project",
  location: "US",
  region: "us-central1",
  merchantProject: "the-merchant",
  walletProject: "the-wallet",
  bucket: "my-bucket",
};

describe("links", () => {
  it("to the console are complete addresses, each in the project of its resource", () => {
    const links = consoleLinks(at, ["clean-room", "coffee"]);
    for (const link of Object.values(links).flatMap((each) => Object.values(each)))
      expect(URL.canParse(link)).to.equal(true);
    expect(links.datasets?.merchant).to.include("project=the-merchant");
    expect(links.datasets?.ewallet_provider).to.include("project=the-wallet");
    expect(links.datasets?.linked_merchant).to.include("project=the-wallet");
    expect(links.exchanges?.merchant_clean_room).to.equal(
      "https://console.cloud.google.com/bigquery/analytics-hub/exchanges/projects/the-merchant/locations/us/dataExchanges/merchant_clean_room?project=the-merchant",
    );
    expect(links.jobs?.["coffee-data-job"]).to.include("us-central1/coffee-data-job");
    expect(Object.keys(links.functions ?? {})).to.deep.equal(["load-bq-from-csv", "trigger-job"]);
    expect(Object.keys(links.buckets ?? {})).to.deep.equal(
      ["", "-code", "-dbt", "-reports"].map((part) => `my-bucket${part}`),
    );
  });

  it("open a report on every mart that dbt makes", () => {
    const models = readdirSync(new URL("../../transform/models/marts/", import.meta.url)).filter((file) =>
      file.endsWith(".sql"),
    );
    expect(Object.keys(marts).sort()).to.deep.equal(models.map((file) => file.replace(".sql", "")).sort());
    const links = lookerStudioLinks(at);
    expect(Object.keys(links).sort()).to.deep.equal(Object.keys(marts).sort());
  });

  it("name the data source without an alias, since no template declares one", () => {
    const { origin, pathname, searchParams } = new URL(lookerStudioLinks(at).flat_order_details ?? "");
    expect(origin + pathname).to.equal("https://lookerstudio.google.com/reporting/create");
    expect([...searchParams.keys()].filter((name) => /^ds\.ds/.test(name))).to.deep.equal([]);
    expect(searchParams.get("ds.tableId")).to.equal("flat_order_details");
    expect(searchParams.get("r.reportName")).to.equal("Coffee shop: sales");
  });
});

describe("queries to paste", () => {
  const queries = pasteable(readUseCases(), at);

  it("are the use cases with full table names, in the project of the party that asks", () => {
    expect(Object.keys(queries)).to.deep.equal(readUseCases().map(({ name }) => name));
    const named = Object.values(queries).flatMap((sql) => sql.match(/`[^`]+`/g) ?? []);
    const projects = new Set(named.map((name) => name.split(".").slice(0, 2).join(".").slice(1)));
    expect([...projects].sort()).to.deep.equal([
      "the-merchant.linked_ewallet_provider",
      "the-merchant.merchant",
      "the-wallet.ewallet_provider",
      "the-wallet.linked_merchant",
    ]);
    for (const [name, sql] of Object.entries(queries))
      expect(sql, name).not.to.match(/(FROM|JOIN)\s+(merchant|ewallet_provider|linked_\w+)\./);
  });

  it("name the project to paste them in, and differ from the files only in table names", () => {
    const files = Object.fromEntries(readUseCases().map((each) => [each.name, each]));
    for (const [name, sql] of Object.entries(queries)) {
      const [first, ...rest] = sql.split("\n");
      expect(first).to.equal(`-- In project the-${files[name]?.party}`);
      expect(rest.join("\n").replace(/`the-(?:merchant|wallet)\.([\w.]+)`/g, "$1")).to.equal(files[name]?.sql);
    }
  });

  it("name no table of the other party except the views that it shares", () => {
    for (const { name, party } of readUseCases())
      expect(queries[name]).not.to.include(party === "merchant" ? "the-wallet." : "the-merchant.");
  });

  it("call every query template as the other party, by its full name in the linked dataset", () => {
    const calls = pasteable(templateCalls(templates), at);
    expect(Object.keys(calls)).to.deep.equal(templates.map(({ name }) => name));
    for (const { name, owner, question } of templates) {
      const [project, linked] =
        owner === "wallet" ? ["the-merchant", "linked_ewallet_provider"] : ["the-wallet", "linked_merchant"];
      const [first, second] = calls[name]?.split("\n") ?? [];
      expect([first, second]).to.deep.equal([`-- In project ${project}`, `-- ${question}`]);
      expect(calls[name]).to.include(`FROM \`${project}.${linked}.${name}\`(`);
      expect(calls[name]).not.to.match(/(FROM|JOIN)\s+(merchant|ewallet_provider|linked_\w+)\./);
    }
  });

  it("have full table names in comma joins and after line breaks too", () => {
    const sql =
      "SELECT 1 FROM\n  merchant.users AS u, merchant_shared.users_shared AS s JOIN linked_ewallet_provider.x AS x ON TRUE";
    const useCase = { name: "n", title: "t", question: "q", party: "merchant", sql } as const;
    expect(pasteable([useCase], at).n?.match(/`[^`]+`/g)).to.deep.equal([
      "`the-merchant.merchant.users`",
      "`the-merchant.merchant_shared.users_shared`",
      "`the-merchant.linked_ewallet_provider.x`",
    ]);
  });
});

describe("next steps", () => {
  it("are commands that run as they are, and end with how to take everything down", () => {
    const steps = nextStepsFor(at, ["clean-room", "coffee"]);
    expect(steps.join("\n")).not.to.include("undefined");
    expect(
      steps.filter((step) => step.includes("gcloud")).every((step) => /my-project|my-bucket|the-merchant/.test(step)),
    ).to.equal(true);
    expect(steps.at(-1)).to.include("pulumi destroy");
  });
});
