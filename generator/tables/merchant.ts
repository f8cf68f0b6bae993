import {
  type Columns,
  float,
  integer,
  nullable,
  pii,
  references,
  string,
  type Table,
  table,
  timestamp,
} from "./table.ts";

const dataset = "merchant";

/** Customers of the merchant: one row per person, identified by the e-mail address. */
export const users = table(
  {
    dataset,
    table: "users",
    description: "Customers of the merchant, one row per e-mail address: a snapshot of thelook_ecommerce.users",
    primaryKey: ["id"],
    clustering: ["hashed_email"],
    file: "users",
  },
  {
    id: integer("Customer, unique within the snapshot"),
    first_name: pii(nullable(string("First name"))),
    last_name: pii(nullable(string("Last name"))),
    email: pii(string("E-mail address, lower case")),
    age: nullable(integer("Age in years")),
    gender: nullable(string("F or M")),
    state: nullable(string("State or province")),
    street_address: pii(nullable(string("Street and number"))),
    postal_code: pii(nullable(string("Postal code"))),
    city: nullable(string("City")),
    country: nullable(string("Country, as the shop spells it")),
    latitude: pii(nullable(float("Latitude of the address, degrees"))),
    longitude: pii(nullable(float("Longitude of the address, degrees"))),
    traffic_source: nullable(string("Where the customer came from: Search, Organic, Facebook, Email or Display")),
    created_at: nullable(timestamp("When the account was opened")),
    hashed_email: string("SHA-256 of the lower-cased, trimmed e-mail address, in hexadecimal"),
  },
);

/** Orders of those customers. */
export const orders = table(
  {
    dataset,
    table: "orders",
    description: "Orders of the merchant: a snapshot of thelook_ecommerce.orders",
    primaryKey: ["order_id"],
    foreignKeys: [references("user_id", users)],
    clustering: ["user_id"],
    file: "orders",
  },
  {
    order_id: integer("Order, unique within the snapshot"),
    user_id: integer("Customer who ordered"),
    status: nullable(string("Processing, Shipped, Complete, Cancelled or Returned")),
    gender: nullable(string("Gender of the customer, F or M")),
    created_at: nullable(
      timestamp(
        "When the order was placed; the last month has twice the orders of the month before, because of how thelook draws days",
      ),
    ),
    returned_at: nullable(timestamp("When the order came back")),
    shipped_at: nullable(timestamp("When the order left the warehouse")),
    delivered_at: nullable(timestamp("When the order reached the customer")),
    num_of_item: nullable(integer("Number of items, as the order says")),
  },
);

/** The warehouses from which the merchant ships. */
export const distributionCenters = table(
  {
    dataset,
    table: "distribution_centers",
    description: "Warehouses of the merchant: a snapshot of thelook_ecommerce.distribution_centers",
    primaryKey: ["id"],
    file: "distribution_centers",
  },
  {
    id: integer("Distribution center, unique within the snapshot"),
    name: nullable(string("City and state")),
    latitude: nullable(float("Latitude, degrees")),
    longitude: nullable(float("Longitude, degrees")),
  },
);

/** Products of the merchant. */
export const products = table(
  {
    dataset,
    table: "products",
    description: "Products of the merchant: a snapshot of thelook_ecommerce.products",
    primaryKey: ["id"],
    foreignKeys: [references("distribution_center_id", distributionCenters)],
    clustering: ["category"],
    file: "products",
  },
  {
    id: integer("Product, unique within the snapshot"),
    cost: nullable(float("What the merchant pays for it, USD")),
    category: nullable(string("Category, such as Jeans or Outerwear & Coats")),
    name: nullable(string("Name, as the shop shows it")),
    brand: nullable(string("Brand")),
    retail_price: nullable(float("Price in the shop, USD")),
    department: nullable(string("Men or Women")),
    sku: nullable(string("Stock keeping unit, 32 hexadecimal digits")),
    distribution_center_id: nullable(integer("Distribution center that stores it")),
  },
);

/** Items of those orders. */
export const orderItems = table(
  {
    dataset,
    table: "order_items",
    description: "Items of the merchant's orders: a snapshot of thelook_ecommerce.order_items",
    primaryKey: ["id"],
    foreignKeys: [references("order_id", orders), references("user_id", users), references("product_id", products)],
    clustering: ["order_id"],
    file: "order_items",
  },
  {
    id: integer("Item, unique within the snapshot"),
    order_id: integer("Order the item belongs to"),
    user_id: integer("Customer who ordered"),
    product_id: nullable(integer("Product; empty if the source does not describe it")),
    inventory_item_id: nullable(integer("Piece in stock that was sold")),
    status: nullable(string("Status of the item's order")),
    created_at: nullable(timestamp("When the item was put into the order")),
    shipped_at: nullable(timestamp("When the item left the warehouse")),
    delivered_at: nullable(timestamp("When the item reached the customer")),
    returned_at: nullable(timestamp("When the item came back")),
    sale_price: float("Price paid, USD"),
  },
);

/** How those orders were paid. */
export const orderPayments = table(
  {
    dataset,
    table: "order_payments",
    description: "How each order with items was paid, as the merchant's checkout recorded it; not in thelook_ecommerce",
    primaryKey: ["order_id"],
    foreignKeys: [references("order_id", orders)],
    clustering: ["order_id"],
  },
  {
    order_id: integer("Order"),
    payment_method: string("E-wallet, Card, Bank transfer or Cash on delivery"),
  },
);

/** The public dataset thelook_ecommerce, which is in location US only. */
export const PUBLIC_THELOOK = "bigquery://bigquery-public-data/thelook_ecommerce";

/** The tables of thelook_ecommerce, from which the merchant's are made. */
export const thelook = {
  distributionCenters: sourceOf(distributionCenters, []),
  products: sourceOf(products, []),
  users: sourceOf(users, ["hashed_email"]),
  orders: sourceOf(orders, []),
  orderItems: sourceOf(orderItems, []),
} as const;

/**
 * A table as thelook_ecommerce has it: the merchant's columns except those that the snapshot adds. All may be empty, because the
 * snapshot's rules decide which rows to keep, and not the load.
 */
function sourceOf<C extends Columns, Added extends keyof C & string>({ primaryKey, ...of }: Table<C>, added: Added[]) {
  const kept = Object.entries(of.columns).filter(([name]) => !added.includes(name as Added));
  const columns = Object.fromEntries(kept.map(([name, column]) => [name, nullable(column)]));
  const { dataset, table, description, file } = of;
  return { dataset, table, description, primaryKey, ...(file && { file }), columns } as Table<Omit<C, Added>>;
}
