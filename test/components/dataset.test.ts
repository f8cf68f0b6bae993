import { expect } from "chai";
import { Dataset, foreignKeysWithin } from "../../components/google/dataset.ts";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import { allTables, coffee, ewallet } from "../../generator/tables/index.ts";
import { allBefore, declare, named, ofType } from "./stack.ts";
import { place } from "./support.ts";

const shop = { place, dataset: "coffee_shop", description: "The shop" };

describe("Dataset", () => {
  it("declares each table as its definition says", async () => {
    const tables = allTables.filter(({ dataset }) => dataset === "coffee_shop");
    const { resources } = await declare(() => {
      new Dataset("shop", { ...shop, tables });
    });
    expect(ofType(resources, "table:Table")).to.have.length(tables.length);
    const { inputs } = named(resources, "shop-orders");
    expect(JSON.parse(inputs.schema)).to.deep.equal(bigquerySchema(coffee.orders));
    expect(inputs.timePartitioning).to.deep.equal(coffee.orders.partitioning);
    expect(inputs.clusterings).to.deep.equal(coffee.orders.clustering);
    expect(inputs.tableConstraints.primaryKey.columns).to.deep.equal(["order_id"]);
    expect(inputs.labels).to.deep.equal(place.labels);
    expect(named(resources, "shop-products").inputs).not.to.have.any.keys("timePartitioning", "clusterings");
  });

  it("creates a table after the tables that its foreign keys reference", async () => {
    const tables = allTables.filter(({ dataset }) => dataset === "coffee_shop");
    const { resources } = await declare(() => {
      new Dataset("shop", { ...shop, tables });
    });
    const before = [...allBefore(resources, named(resources, "shop-order_details"))].map(({ name }) => name);
    const parents = ["shop-orders", "shop-products", "shop-customers", "shop-stores"];
    expect(before).to.include.members([...parents, "shop-dataset"]);
  });

  it("is made anew if the dataset or any of its tables is", async () => {
    const tables = [coffee.stores, coffee.customers];
    const { outputs } = await declare(() => new Dataset("shop", { ...shop, tables }).made);
    expect(outputs.split(",")).to.have.length(1 + tables.length);
  });

  it("names each foreign key, as the provider's own tests do", async () => {
    const { resources } = await declare(() => {
      for (const dataset of new Set(allTables.map((table) => table.dataset)))
        new Dataset(dataset, { ...shop, dataset, tables: allTables.filter((table) => table.dataset === dataset) });
    });
    const keys = ofType(resources, "table:Table").map(({ inputs }) => inputs.tableConstraints.foreignKeys ?? []);
    expect(keys.flat()).to.have.length.above(5);
    for (const own of keys) {
      const names = own.map(({ name }: { name?: string }) => name);
      expect(names).to.deep.equal([...new Set(names)]);
      expect(names).not.to.include(undefined);
    }
  });

  it("declares only foreign keys within the dataset, since BigQuery accepts no others", () => {
    const columns = foreignKeysWithin(ewallet.transactions).map(({ column }) => column);
    expect(columns).to.deep.equal(["provider_user_id"]);
  });

  it("refuses a table that is listed before its parent", () => {
    const tables = [coffee.customers, coffee.stores];
    return declare(() => new Dataset("shop", { ...shop, tables })).then(
      () => expect.fail("it was accepted"),
      (error: Error) => expect(error.message).to.include("stores is referenced before it is declared"),
    );
  });

  it("ignores changes of labels and description: an update would remove its grants", async () => {
    const { resources } = await declare(() => {
      new Dataset("marts", shop);
    });
    expect(named(resources, "marts-dataset").ignored).to.deep.equal(["labels", "description"]);
  });

  it("declares no table if something else creates them", async () => {
    const { resources } = await declare(() => {
      new Dataset("marts", shop);
    });
    expect(resources.filter(({ custom }) => custom)).to.have.length(1);
  });
});
