import { expect } from "chai";
import fc from "fast-check";
import type { ResultRow } from "../../../generator/warehouse/warehouse.ts";
import { fuzz } from "../../../packages/analysis-rules/test/fuzz.ts";
import { type Export, emptyWarehouse, fillFrom, item, order, product, temporaryFolder, user } from "./merchant.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("The merchant's snapshot", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  // One warehouse for all tests: a fill must not depend on the rows that it finds.
  const snapshot = (data: Export) => fillFrom(warehouse(), folder, data);
  /** A user with an order and its item; each test adds the rows that it needs. */
  const sound = (): Export => ({ users: [user(1)], orders: [order(1, 1)], items: [item(1, 1, 1)] });
  const withMore = (more: Partial<Export>): Export => {
    const { users, orders, items } = sound();
    return {
      users: [...users, ...(more.users ?? [])],
      orders: [...orders, ...(more.orders ?? [])],
      items: [...items, ...(more.items ?? [])],
    };
  };

  it("copies rows as they are", async () => {
    const { users, orders, items, products, centers } = await snapshot({
      users: [user(7, { first_name: "Ann", gender: "F", latitude: 50.45 })],
      orders: [order(3, 7, { shipped_at: "2025-06-02 01:00:00.000000 UTC", num_of_item: 1 })],
      items: [item(9, 3, 7, { product_id: 5, sale_price: 12.34 })],
      products: [product(5, { name: "Slim Jean", distribution_center_id: 2 })],
      centers: [{ id: 2, name: "Kyiv", latitude: 50.45 }],
    });
    expect(users).to.have.length(1);
    expect(users[0]).to.include({ id: 7, first_name: "Ann", gender: "F", latitude: 50.45, age: 40, last_name: null });
    expect(orders[0]).to.include({ order_id: 3, user_id: 7, status: "Complete", num_of_item: 1, returned_at: null });
    expect(orders[0]?.created_at).to.match(/^2025-06-01.12:30:00/);
    expect(items[0]).to.include({ id: 9, order_id: 3, user_id: 7, product_id: 5, sale_price: 12.34 });
    expect(products[0]).to.include({
      id: 5,
      name: "Slim Jean",
      category: "Jeans",
      distribution_center_id: 2,
      cost: null,
    });
    expect(centers).to.deep.equal([{ id: 2, name: "Kyiv", latitude: 50.45, longitude: null }]);
  });

  it("gives statuses of thelook their usual spelling, and leaves others alone", async () => {
    const spelled = [" cancelled", "canceled", "RETURNED\u00a0", "On hold"];
    const { orders, items } = await snapshot({
      users: [user(1)],
      orders: spelled.map((status, index) => order(index + 1, 1, { status })),
      items: spelled.map((status, index) => item(index + 1, index + 1, 1, { status })),
    });
    const usual = ["Cancelled", "Cancelled", "Returned", "On hold"];
    expect(orders.map(({ status }) => status)).to.deep.equal(usual);
    expect(items.map(({ status }) => status)).to.deep.equal(usual);
  });

  it("knows a person by the address, whatever nobody sees around it", async () => {
    const around = ["ann@example.com", " ann@example.com\t", "\u00a0Ann@example.com", "\u200bann@example.com"];
    const { users } = await snapshot({
      users: around.map((email, index) => user(index + 1, { email })),
      orders: [order(1, 4)],
      items: [item(1, 1, 4)],
    });
    expect(users.map(({ id, email }) => [id, email])).to.deep.equal([[1, "ann@example.com"]]);
  });

  it("counts rows that are equal in every column once", async () => {
    const { users, orders, items } = sound();
    const filled = await snapshot({
      users: [...users, ...users, ...users],
      orders: [...orders, ...orders],
      items: [...items, ...items],
    });
    expect([filled.users, filled.orders, filled.items].map((rows) => rows.length)).to.deep.equal([1, 1, 1]);
    expect(filled.count("users", "left out: repeats of a row")).to.equal(2);
    expect(filled.count("orders", "left out: repeats of a row")).to.equal(1);
    expect(filled.count("order_items", "left out: repeats of a row")).to.equal(1);
  });

  it("keeps the version of an order that is furthest along", async () => {
    const shipped = { status: "Shipped", shipped_at: "2025-06-02 08:00:00.000000 UTC" };
    const complete = { ...shipped, status: "Complete", delivered_at: "2025-06-04 08:00:00.000000 UTC" };
    const versions = [order(5, 1, { status: "Processing" }), order(5, 1, complete), order(5, 1, shipped)];
    const filled = await snapshot(withMore({ orders: versions }));
    expect(filled.orders.map(({ order_id, status }) => [order_id, status])).to.deep.equal([
      [1, "Complete"],
      [5, "Complete"],
    ]);
    expect(filled.count("orders", "left out: older versions of an id")).to.equal(2);
  });

  it("keeps the latest created version of a user, and the returned version of an item", async () => {
    const filled = await snapshot(
      withMore({
        users: [user(1, { email: "later@example.com", created_at: "2024-05-01 00:00:00.000000 UTC" })],
        items: [item(1, 1, 1, { returned_at: "2025-06-09 00:00:00.000000 UTC", sale_price: 11 })],
      }),
    );
    expect(filled.users.map(({ email }) => email)).to.deep.equal(["later@example.com"]);
    expect(filled.items.map(({ sale_price }) => sale_price)).to.deep.equal([11]);
  });

  it("keeps the user created first for an e-mail address, however it is written, and moves the orders to them", async () => {
    const filled = await snapshot(
      withMore({
        users: [
          user(2, { email: " Ann@Example.com ", created_at: "2023-03-01 00:00:00.000000 UTC" }),
          user(3, { email: "ann@example.com", created_at: "2023-02-01 00:00:00.000000 UTC" }),
        ],
        orders: [order(2, 2), order(3, 3)],
        items: [item(2, 2, 2), item(3, 3, 3)],
      }),
    );
    expect(filled.users.map(({ id, email }) => [id, email])).to.deep.equal([
      [1, "user1@example.com"],
      [3, "ann@example.com"],
    ]);
    expect(filled.orders.map(({ order_id, user_id }) => [order_id, user_id])).to.deep.equal([
      [1, 1],
      [2, 3],
      [3, 3],
    ]);
    expect(filled.items.map(({ id, user_id }) => [id, user_id])).to.deep.equal([
      [1, 1],
      [2, 3],
      [3, 3],
    ]);
    expect(filled.count("users", "left out: repeated e-mail addresses")).to.equal(1);
    expect(filled.count("orders", "of these: moved to the one user of their e-mail address")).to.equal(1);
  });

  it("keeps the lowest id of users created at the same time, and prefers a user with a date", async () => {
    const filled = await snapshot({
      ...sound(),
      users: [
        user(1),
        ...[6, 4, 5].map((id) => user(id, { email: "same@example.com" })),
        user(7, { email: "dated@example.com", created_at: null }),
        user(8, { email: "dated@example.com" }),
      ],
    });
    expect(filled.users.map(({ id }) => id)).to.deep.equal([1, 4, 8]);
  });

  it("stores the SHA-256 of the lower-cased, trimmed address", async () => {
    const { users, wallets } = await snapshot({ ...sound(), users: [user(1, { email: " A@Example.Com" })] });
    const known = "08168cd80dfd534ab0f10af10f1303fe00af2d43ab5c1432360d137f8197e17a";
    expect(users[0]?.hashed_email).to.equal(known);
    expect(wallets[0]?.hashed_email).to.equal(known);
  });

  it("leaves out users without an address, with their orders and items", async () => {
    const filled = await snapshot(
      withMore({
        users: [user(2, { email: "" }), user(3, { email: "  " })],
        orders: [order(2, 2), order(3, 3)],
        items: [item(2, 2, 2), item(3, 3, 3)],
      }),
    );
    expect(filled.users).to.have.length(1);
    expect(filled.count("users", "left out: without an e-mail address")).to.equal(2);
    expect(filled.count("orders", "left out: of users without an e-mail address")).to.equal(2);
    expect(filled.count("order_items", "left out: of orders that were left out")).to.equal(2);
  });

  it("leaves out orders of users who are not in the source, with their items", async () => {
    const filled = await snapshot(withMore({ orders: [order(2, 99)], items: [item(2, 2, 99)] }));
    expect(filled.orders.map(({ order_id }) => order_id)).to.deep.equal([1]);
    expect(filled.count("orders", "left out: of users who are not in the source")).to.equal(1);
    expect(filled.count("order_items", "left out: of orders that were left out")).to.equal(1);
  });

  it("leaves out rows without an id, and items without an order or a price", async () => {
    const filled = await snapshot(
      withMore({
        users: [
          user(2, { id: null as never, email: "user1@example.com", created_at: "2020-01-01 00:00:00.000000 UTC" }),
        ],
        orders: [order(null as never, 1)],
        items: [item(null as never, 1, 1), item(2, 77, 1), item(3, 1, 1, { sale_price: null as never })],
      }),
    );
    expect([filled.users, filled.orders, filled.items].map((rows) => rows.length)).to.deep.equal([1, 1, 1]);
    for (const table of ["users", "orders", "order_items"])
      expect(filled.count(table, "left out: without an id")).to.equal(1);
    expect(filled.count("order_items", "left out: of orders that are not in the source")).to.equal(1);
    expect(filled.count("order_items", "left out: without a price")).to.equal(1);
  });

  it("gives an item to the user of its order", async () => {
    const filled = await snapshot(withMore({ users: [user(2)], items: [item(2, 1, 2)] }));
    expect(filled.items.map(({ user_id }) => user_id)).to.deep.equal([1, 1]);
    expect(filled.count("order_items", "of these: moved to the user of their order")).to.equal(1);
  });

  it("keeps orders without items, which have no transaction", async () => {
    const filled = await snapshot(withMore({ orders: [order(2, 1)] }));
    expect(filled.orders).to.have.length(2);
    expect(filled.transactions.map(({ order_id }) => order_id)).to.deep.equal([1]);
    expect(filled.count("orders", "of these: without items, so without a transaction")).to.equal(1);
  });

  it('turns the city "null" into NULL', async () => {
    const filled = await snapshot({ ...sound(), users: [user(1, { city: "null" }), user(2, { city: "Nullarbor" })] });
    expect(filled.users.map(({ city }) => city)).to.deep.equal([null, "Nullarbor"]);
    expect(filled.wallets.map(({ city }) => city)).to.have.members([null, "Nullarbor"]);
    expect(filled.count("users", 'of these: city "null", now none')).to.equal(1);
  });

  it("keeps one row of each product and center, and counts the others", async () => {
    const filled = await snapshot({
      ...sound(),
      products: [
        product(1),
        product(1),
        product(2, { brand: "A" }),
        product(2, { brand: "B" }),
        product(null as never),
      ],
      centers: [{ id: 1, name: "Kyiv" }, { id: 1, name: "Lviv" }, { name: "Nowhere" }],
    });
    expect(filled.products.map(({ id, brand }) => [id, brand])).to.deep.equal([
      [1, null],
      [2, "A"],
    ]);
    expect(filled.centers.map(({ id, name }) => [id, name])).to.deep.equal([[1, "Kyiv"]]);
    expect(filled.count("products", "left out: repeats of a row")).to.equal(1);
    for (const table of ["products", "distribution_centers"]) {
      expect(filled.count(table, "left out: older versions of an id"), table).to.equal(1);
      expect(filled.count(table, "left out: without an id"), table).to.equal(1);
    }
  });

  it("keeps items whose product is not in the source, and products whose center is not, without them", async () => {
    const filled = await snapshot({
      ...withMore({ items: [item(2, 1, 1, { product_id: 7 }), item(3, 1, 1, { product_id: 8 })] }),
      products: [product(7, { distribution_center_id: 4 })],
      centers: [{ id: 5, name: "Kyiv" }],
    });
    expect(filled.items.map(({ id, product_id }) => [id, product_id])).to.deep.equal([
      [1, null],
      [2, 7],
      [3, null],
    ]);
    expect(filled.products.map(({ distribution_center_id }) => distribution_center_id)).to.deep.equal([null]);
    expect(filled.count("order_items", "of these: product not in the source, now none")).to.equal(1);
    expect(filled.count("products", "of these: distribution center not in the source, now none")).to.equal(1);
  });

  describe("of any dirty rows", () => {
    const small = fc.integer({ min: 1, max: 5 });
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 6 });
    const dates = fc.constantFrom("2024-01-01 00:00:00.000000 UTC", "2024-02-01 00:00:00.000000 UTC");
    const emails = fc.constantFrom("a@example.com", "A@example.com", "b@example.com", "");
    const dirty = fc.record({
      users: fc.array(fc.record({ id: maybe(small), email: emails, created_at: maybe(dates) }), { maxLength: 8 }),
      orders: fc.array(fc.record({ order_id: maybe(small), user_id: maybe(small), created_at: maybe(dates) }), {
        maxLength: 8,
      }),
      items: fc.array(
        fc.record({
          id: maybe(small),
          order_id: maybe(small),
          user_id: maybe(small),
          product_id: maybe(small),
          sale_price: maybe(small),
        }),
        { maxLength: 8 },
      ),
      products: fc.array(fc.record({ id: maybe(small), brand: emails, distribution_center_id: maybe(small) }), {
        minLength: 1,
        maxLength: 8,
      }),
      centers: fc.array(fc.record({ id: maybe(small), name: emails }), { minLength: 1, maxLength: 8 }),
    });
    const withSound = ({ users, orders, items, ...others }: Export): Export => ({
      ...others,
      users: [user(100), ...users],
      orders: [order(100, 100), ...orders],
      items: [item(100, 100, 100), ...items],
    });

    itInCI("accounts for every row, and keeps keys unique and references whole", async () => {
      await fc.assert(
        fc.asyncProperty(dirty, async (rows) => {
          const data = withSound(rows as Export);
          const filled = await snapshot(data);
          const tables = {
            users: [data.users, filled.users],
            orders: [data.orders, filled.orders],
            order_items: [data.items, filled.items],
            products: [data.products ?? [], filled.products],
            distribution_centers: [data.centers ?? [], filled.centers],
          } as const;
          for (const [name, [read, kept]] of Object.entries(tables)) {
            const lines = filled.summary.counts.filter(({ of }) => of === name);
            const leftOut = lines.filter(({ what }) => what.startsWith("left out"));
            expect(filled.count(name, "read")).to.equal(read.length);
            expect(filled.count(name, "kept")).to.equal(kept.length);
            expect(leftOut.reduce((sum, { rows }) => sum + rows, kept.length)).to.equal(read.length);
          }
          const ids = new Set(filled.users.map(({ id }) => id));
          const owners = new Map(filled.orders.map(({ order_id, user_id }) => [order_id, user_id]));
          expect(ids.size).to.equal(filled.users.length);
          expect(new Set(filled.users.map(({ hashed_email }) => hashed_email)).size).to.equal(filled.users.length);
          expect(owners.size).to.equal(filled.orders.length);
          for (const owner of owners.values()) expect(ids).to.include(owner);
          for (const { order_id, user_id } of filled.items) expect(owners.get(order_id ?? null)).to.equal(user_id);
          const known = (rows: ResultRow[]) => [null, ...rows.map(({ id }) => id)];
          expect(new Set(filled.products.map(({ id }) => id)).size).to.equal(filled.products.length);
          for (const { product_id } of filled.items) expect(known(filled.products)).to.include(product_id);
          for (const of of filled.products) expect(known(filled.centers)).to.include(of.distribution_center_id);
        }),
        fuzz(5),
      );
    });

    itInCI("does not depend on the order of the rows", async () => {
      await fc.assert(
        fc.asyncProperty(dirty, async (rows) => {
          const data = withSound(rows as Export);
          const { summary, count, ...kept } = await snapshot(data);
          const turned = await snapshot({
            products: data.products?.toReversed() ?? [],
            centers: data.centers?.toReversed() ?? [],
            users: data.users.toReversed(),
            orders: data.orders.toReversed(),
            items: data.items.toReversed(),
          });
          expect(turned).to.deep.include(kept);
        }),
        fuzz(3),
      );
    });
  });
});
