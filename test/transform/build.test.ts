import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { UserError } from "../../generator/errors.ts";
import { openFolder } from "../../generator/lake/folder.ts";
import { load } from "../../generator/load.ts";
import { openDuckDb } from "../../generator/warehouse/duckdb.ts";
import { DbtServer } from "../../local/dbt-server.ts";
import { readDefinitions } from "../../report/build.ts";
import { customersMarts } from "../../report/customers/read.ts";
import { salesMarts } from "../../report/sales/read.ts";
import { type DbtOptions, dbtBuild } from "./dbt-build.ts";
import { keys, timeless } from "./models.ts";
import {
  type BuiltShop,
  buildShop,
  expectSameRows,
  LAST_DAY,
  makeShop,
  queryDuckDb,
  readModels,
  runModels,
  shopSettings,
} from "./shop.ts";

const itInCI = process.env.CI ? it : it.skip;

const marksAsOf = ["flat_anonymous_metrics", "flat_customer_metrics", "flat_customer_months", "flat_visit_gaps"];

interface Manifest {
  nodes: Record<string, ManifestNode>;
  unit_tests: Record<string, unknown>;
  docs: Record<string, { block_contents: string }>;
  exposures: Record<string, { name: string; description: string; depends_on: { nodes: string[] } }>;
}
interface ManifestNode {
  resource_type: string;
  name: string;
  description: string;
  columns: Record<string, { description: string }>;
  depends_on: { nodes: string[] };
  config: { contract?: { enforced: boolean } };
}

describe("the dbt project", function () {
  this.timeout(600_000);
  let shop: BuiltShop;
  let folder: string;
  /** All rows of the shop's marts. */
  let published: Awaited<ReturnType<typeof readModels>>;
  const publishedOf = (models: readonly string[]) =>
    Object.fromEntries(models.map((model) => [model, published[model] ?? []]));

  const dbt = new DbtServer();
  const optionsOf = (warehouse: string, name: string): DbtOptions => ({
    dbt,
    target: "duckdb",
    env: { DBT_DUCKDB_PATH: warehouse },
    folder: join(folder, name),
  });
  const buildOn = (warehouse: string, name: string) => dbtBuild(optionsOf(warehouse, name));

  /** A file to build in. All have one name: dbt reads the project again, for five seconds, for a database of another name. */
  const warehouseOf = (name: string) => join(folder, name, "warehouse.duckdb");
  async function copyOf(warehouse: string, name: string): Promise<string> {
    await mkdir(join(folder, name));
    await copyFile(warehouse, warehouseOf(name));
    return warehouseOf(name);
  }

  before(async () => {
    const built = await buildShop(dbt);
    folder = await mkdtemp(join(tmpdir(), "dbt-"));
    // A process that has a DuckDB file open keeps others out.
    shop = { ...built, warehouse: await copyOf(built.warehouse, "built") };
    published = await readModels(shop.warehouse, Object.keys(keys));
  });

  after(() => {
    dbt.stop();
    return rm(folder, { recursive: true, force: true });
  });

  it("builds every model and passes every test", () => {
    expect(shop.report.models).to.equal(Object.keys(keys).length);
    expect(shop.report.tests).to.be.greaterThan(50);
  });

  itInCI("runs dbt's unit tests, which the jobs leave out", async () => {
    const { unit_tests } = await manifest(shop);
    const { results } = JSON.parse(await readFile(join(shop.dbt, "target", "run_results.json"), "utf8"));
    const ran = (results as { unique_id: string; status: string }[]).filter(({ unique_id }) => unique_id in unit_tests);
    expect(ran.map(({ status }) => status)).to.deep.equal(Object.keys(unit_tests).map(() => "pass"));
    expect(ran).not.to.have.length(0);
  });

  it("reports progress up to the last step", () => {
    const [done, total] = shop.steps.at(-1) ?? [0, 0];
    expect(done).to.equal(total).and.to.be.greaterThan(60);
  });

  it("documents every model and every column", async () => {
    const { nodes } = await manifest(shop);
    for (const model of Object.keys(keys)) {
      const node = nodes[`model.coffee_shop.${model}`];
      const [row = {}] = published[model] ?? [];
      expect(node?.description, model).to.not.equal("");
      expect(Object.keys(node?.columns ?? {}), model).to.have.members(Object.keys(row));
      for (const [name, { description }] of Object.entries(node?.columns ?? {}))
        expect(description, `${model}.${name}`).to.not.equal("");
    }
  });

  it("opens its documentation with a guide to its own tables, and links only those that exist", async () => {
    const { nodes, docs } = await manifest(shop);
    const linked = [
      ...(docs["doc.coffee_shop.__overview__"]?.block_contents ?? "").matchAll(/\(#!\/model\/([\w.]+)\)/g),
    ];
    const marts = Object.keys(keys).filter((model) => model.startsWith("flat_"));
    expect(linked.map(([, node]) => node)).to.include.members(marts.map((model) => `model.coffee_shop.${model}`));
    for (const [, node = ""] of linked) expect(nodes).to.have.property(node);
  });

  it("tests every model, and enforces a contract on the marts that reports read", async () => {
    const { nodes } = await manifest(shop);
    const tests = Object.values(nodes).filter((node) => node.resource_type === "test");
    for (const model of Object.keys(keys)) {
      const ofModel = tests.filter((test) => test.depends_on.nodes.includes(`model.coffee_shop.${model}`));
      expect(ofModel.length, model).to.be.greaterThan(1);
    }
    const contracted = Object.values(nodes).filter((node) => node.config.contract?.enforced);
    expect(contracted.map(({ name }) => name)).to.have.members([
      "built_from",
      "flat_customer_metrics",
      "flat_customer_months",
      "flat_order_details",
      "flat_orders",
      "flat_visit_gaps",
    ]);
  });

  it("declares the two reports with every model that they read", async () => {
    const { exposures } = await manifest(shop);
    const read = Object.values(exposures).map(({ name, depends_on }) => [
      name,
      depends_on.nodes.map((node) => node.replace("model.coffee_shop.", "")).sort(),
    ]);
    expect(Object.fromEntries(read)).to.deep.equal({
      sales_report: [...salesMarts].sort(),
      customer_report: [...new Set(Object.values(customersMarts).flat())].sort(),
    });
  });

  it("gives the pages the same definitions as its descriptions", async () => {
    const definitions = readDefinitions();
    const { nodes, exposures } = await manifest(shop);
    const words = (text: string | undefined) => text?.replace(/\s+/g, " ").trim();
    const { columns, description } = nodes["model.coffee_shop.flat_customer_metrics"] as ManifestNode;
    expect(definitions.ltv).to.match(/^Revenue .+UAH\.$/);
    expect(words(columns.ltv?.description)).to.equal(definitions.ltv);
    expect(words(columns.churned_after_days?.description)).to.include(definitions.churn);
    expect(words(description)).to.include(definitions.rfm);
    expect(words(exposures["exposure.coffee_shop.customer_report"]?.description)).to.include(
      definitions.customer_filters,
    );
    for (const [name, text] of Object.entries(definitions)) expect(text, name).to.match(/^[A-Z].+\.$/);
  });

  it("finds customers of many segments, and anonymous orders in every store", async () => {
    const segments = await queryDuckDb(
      shop.warehouse,
      "select distinct segment from coffee_marts.flat_customer_metrics",
    );
    expect(segments.length).to.be.greaterThan(5);
    const stores = await queryDuckDb(
      shop.warehouse,
      "select distinct store_id from coffee_marts.flat_anonymous_metrics",
    );
    const all = await queryDuckDb(shop.warehouse, "select store_id from coffee_marts.dim_store");
    expect(stores.length).to.equal(all.length);
  });

  describe("on the night after", () => {
    let nightly: string;
    let failure: unknown;
    let kept: typeof published;
    let last: unknown[];
    let months: unknown;
    let raised: Record<string, unknown>[];
    before(async function () {
      if (!process.env.CI) this.skip();
      nightly = await copyOf(shop.warehouse, "nightly");
      // The window moves on by two days: February loses its first day, March stays as it is, and April begins.
      const lake = openFolder(pathToFileURL(join(folder, "bucket")).href);
      await generateCoffee(lake, { ...shopSettings, until: "2024-04-02", days: 61 });
      const levels = "level_of_discount, loyalty_tier";
      await queryDuckDb(
        nightly,
        `create table coffee_shop.levels as select customer_id, ${levels} from coffee_shop.customers`,
      );
      const database = await openDuckDb(pathToFileURL(nightly).href.replace("file:", "duckdb:"));
      await load(database, lake).finally(() => database.close());
      raised = await queryDuckDb(
        nightly,
        `select count(*) as n from (select customer_id, ${levels} from coffee_shop.customers except from coffee_shop.levels)
         where customer_id in (select customer_id from coffee_shop.levels)`,
      );
      // April raises customers' loyalty levels, which builds the months since their registration again. See a test of its own below.
      await queryDuckDb(
        nightly,
        `update coffee_shop.customers as now set level_of_discount = before.level_of_discount, loyalty_tier = before.loyalty_tier
         from coffee_shop.levels as before where before.customer_id = now.customer_id`,
      );

      // First with a line and a customer that dbt's tests refuse, then without.
      const line = "order_detail_id = (select max(order_detail_id) from coffee_shop.order_details)";
      const customer = `customer_id = (select min(customer_id) from coffee_shop.orders where order_date < date '${LAST_DAY}')`;
      await queryDuckDb(
        nightly,
        `create table coffee_shop.before_change as from coffee_shop.customers where ${customer};
         update coffee_shop.order_details set quantity = quantity + 1 where ${line};
         update coffee_shop.customers set registration_date = date '${LAST_DAY}' where ${customer}`,
      );
      failure = await buildOn(nightly, "dbt-broken").catch((error: unknown) => error);
      kept = await readModels(nightly, Object.keys(keys));
      last = await queryDuckDb(nightly, "select status, reason from coffee_marts.last_build");
      await queryDuckDb(
        nightly,
        `update coffee_shop.order_details set quantity = quantity - 1 where ${line};
         update coffee_shop.customers set registration_date = (select registration_date from coffee_shop.before_change) where ${customer}`,
      );
      await buildOn(nightly, "dbt-nightly");
      months = await queryDuckDb(nightly, "select month, is_changed from coffee_marts.loaded_months order by month");
    });

    it("begins with customers whose loyalty level rises on the first of the month", () => {
      expect(raised[0]?.n).to.be.above(0);
    });

    it("fails on a changed line and on an order before registration, and names the tests and the log", () => {
      expect(failure).to.be.instanceOf(UserError);
      const { message } = failure as UserError;
      expect(message).to.include("test lines_add_up_to_their_order: Got 1 result");
      expect(message).to.include("test no_order_before_registration: Got");
      expect(message).to.include(join(folder, "dbt-broken", "dbt.log"));
    });

    it("leaves all published marts as they were if a test fails, and records why", () => {
      expectSameRows(kept, published);
      expect(last).to.have.length(1);
      expect(last[0]).to.include({ status: "failed" });
      expect(last[0]).to.have.property("reason").that.includes("test lines_add_up_to_their_order: Got 1 result");
    });

    it("starts from the published marts again after a failed build, and builds only the months that changed", async () => {
      expect(months).to.deep.equal([
        { month: "2024-02-01", is_changed: true },
        { month: "2024-03-01", is_changed: false },
        { month: "2024-04-01", is_changed: true },
      ]);
      expect(await queryDuckDb(nightly, "select status from coffee_marts.last_build")).to.deep.equal([
        { status: "published" },
      ]);
    });

    it("has the rows of a full build", async () => {
      const whole = await copyOf(nightly, "whole");
      await runModels({ ...optionsOf(whole, "dbt-whole"), fullRefresh: true });
      expect(await queryDuckDb(whole, "select count(*) as n from coffee_marts.loaded_months where is_changed"))
        .to.deep //
        .equal([{ n: 3 }]);
      expectSameRows(await readModels(nightly, timeless), await readModels(whole, timeless));
    });

    it("builds the months since the registration of a customer whose profile changed", async () => {
      await queryDuckDb(
        nightly,
        `update coffee_shop.customers set loyalty_tier = case when loyalty_tier = 'Gold' then 'Silver' else 'Gold' end
         where customer_id = (select min(customer_id) from coffee_shop.orders inner join coffee_shop.customers using (customer_id)
           where registration_date between date '2024-03-01' and date '2024-03-31' and order_date < date '2024-04-01')`,
      );
      await runModels(optionsOf(nightly, "dbt-profile"));
      const stale = `select count(*) as n from coffee_marts.flat_orders as orders
        inner join coffee_shop.customers as customers on orders.customer_id = customers.customer_id
        where orders.loyalty_tier <> customers.loyalty_tier`;
      expect(await queryDuckDb(nightly, stale)).to.deep.equal([{ n: 0 }]);
      expect(await queryDuckDb(nightly, "select month, is_changed from coffee_marts.loaded_months order by month"))
        .to //
        .deep.equal([
          { month: "2024-02-01", is_changed: false },
          { month: "2024-03-01", is_changed: true },
          { month: "2024-04-01", is_changed: true },
        ]);
    });
  });

  describe("built again", () => {
    const earlierDay = "2024-03-01";
    let refusal: unknown;
    let staleness: unknown;
    let beyond: unknown;
    const earlier = () => warehouseOf("earlier");

    before(async function () {
      if (!process.env.CI) this.skip();
      const { warehouse } = await makeShop();
      await copyOf(warehouse, "earlier");
      const refused = await copyOf(warehouse, "refused");
      const [stale, outOfBounds] = [await copyOf(shop.warehouse, "stale"), await copyOf(shop.warehouse, "bounds")];
      await queryDuckDb(
        outOfBounds,
        `update coffee_shop.stores set latitude = 950, store_name = '' where store_id = 1;
         update coffee_shop.customers set birth_year = 190 where customer_id = 1;
         update coffee_shop.order_details set quantity = 0 where order_detail_id in (select min(order_detail_id) from coffee_shop.order_details);
         update coffee_shop.orders set order_date = date '2999-01-01' where order_id = (select max(order_id) from coffee_shop.orders)`,
      );
      await queryDuckDb(stale, "update coffee_shop.loads set loaded_at = now() at time zone 'UTC' - interval 25 hour");
      const caught = (error: unknown) => error;
      [refusal, staleness, beyond] = await Promise.all([
        dbtBuild({ ...optionsOf(refused, "dbt-refused"), asOfDate: "yesterday" }).catch(caught),
        buildOn(stale, "dbt-stale").catch(caught),
        buildOn(outOfBounds, "dbt-bounds").catch(caught),
        runModels({ ...optionsOf(earlier(), "dbt-earlier"), asOfDate: earlierDay }),
      ]);
    });

    it("gives identical tables for the same input", async () => {
      const models = timeless.filter((each) => !marksAsOf.includes(each));
      expectSameRows(await readModels(earlier(), models), publishedOf(models));
    });

    it("looks back from the last day of orders by default, or from as_of_date if it is set", async () => {
      const metrics = `select max(as_of_date) as as_of, max(last_order_date) as last_order, sum(orders_all_time) as orders,
          min(days_since_last_order) as days from coffee_marts.flat_customer_metrics`;
      const [byDefault] = await queryDuckDb(shop.warehouse, metrics);
      expect(byDefault).to.include({ as_of: LAST_DAY, last_order: LAST_DAY, days: 0 });
      const [given] = await queryDuckDb(earlier(), metrics);
      expect(given).to.include({ as_of: earlierDay, last_order: earlierDay, days: 0 });
      expect(given?.orders).to.be.lessThan(byDefault?.orders as number);
    });

    it("refuses a load that is more than a day old in one sentence", () => {
      expect(staleness).to.be.instanceOf(UserError);
      expect((staleness as UserError).message).to.match(
        /^dbt did not start to build: The data is stale: the last load into coffee_shop was 25 hours ago, and at most 24 are allowed\. Load the new files first/,
      );
    });

    it("fails on rows out of bounds, table by table, before it builds from them", () => {
      const { message } = beyond as UserError;
      for (const table of ["stores", "customers", "order_details"])
        expect(message).to.include(`test ${table}_within_bounds: Got 1 result`);
      expect(message).to.include("test rows_within_the_run: Got 1 result");
      expect(message).not.to.include("orders_within_bounds");
    });

    it("refuses an as_of_date that is not a day", () => {
      expect(refusal).to.be.instanceOf(UserError);
      expect((refusal as UserError).message).to.include(
        "as_of_date is 'yesterday', which is not a day: give YYYY-MM-DD",
      );
    });
  });
});

async function manifest(shop: BuiltShop): Promise<Manifest> {
  return JSON.parse(await readFile(join(shop.dbt, "target", "manifest.json"), "utf8")) as Manifest;
}
