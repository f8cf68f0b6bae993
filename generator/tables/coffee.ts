import {
  boolean,
  date,
  float,
  integer,
  nullable,
  numeric,
  pii,
  references,
  string,
  table,
  timestamp,
  within,
} from "./table.ts";

const dataset = "coffee_shop";

export const stores = table(
  {
    dataset,
    table: "stores",
    description: "Coffee shops of the chain, all in Kyiv",
    primaryKey: ["store_id"],
    file: "Stores",
  },
  {
    store_id: integer("Store, 1 to n in the order of opening"),
    store_name: string("Name on the sign"),
    district: string("District of Kyiv"),
    city: string("City"),
    address: string("Street and number"),
    latitude: within(-90, 90, float("Latitude, degrees")),
    longitude: within(-180, 180, float("Longitude, degrees")),
    opened_on: date("First day of trade"),
    format: string("flagship, neighbourhood or kiosk"),
    seating_capacity: within(0, undefined, integer("Seats, 0 for a kiosk")),
    opens_at_hour: within(0, 23, integer("First hour of trade, 0 to 23, Kyiv time")),
    closes_at_hour: within(1, 24, integer("Hour the doors close, 1 to 24, Kyiv time")),
  },
);

export const products = table(
  {
    dataset,
    table: "products",
    description: "What the chain sells, at today's price",
    primaryKey: ["product_id"],
    file: "Products",
  },
  {
    product_id: integer("Product"),
    sku: string("Stock keeping unit"),
    product_name: string("Name on the menu"),
    product_category: string("Beverage, Pastry or Savory"),
    product_subcategory: string("Finer group, such as Coffee or Croissant"),
    price: within(0, undefined, numeric("List price today, UAH")),
    unit_cost: within(0, undefined, numeric("Cost of one, UAH")),
    is_seasonal: boolean("Whether demand follows the season"),
    is_vegan: boolean("Whether it is vegan as served by default"),
    calories: within(0, undefined, integer("Energy, kcal")),
    launched_on: date("First day on the menu"),
  },
);

export const customers = table(
  {
    dataset,
    table: "customers",
    description: "Registered customers; as in real life, the table does not say who left",
    primaryKey: ["customer_id"],
    foreignKeys: [references("home_store_id", stores)],
    clustering: ["customer_id"],
    file: "Customers",
  },
  {
    customer_id: integer("Customer, rising with the registration date"),
    registration_date: date("Day of registration; nobody orders before it"),
    level_of_discount: string("Loyalty discount today: 3%, 5%, 7%, 10% or 15%"),
    loyalty_tier: string("Name of today's loyalty level: Bean, Bronze, Silver, Gold or Platinum"),
    acquisition_channel: string("How the customer came: walk-in, app, friend or promotion"),
    home_store_id: integer("Store in the customer's profile, which nearly everybody visits most"),
    birth_year: pii(within(1900, 2100, integer("Year of birth"))),
    marketing_opt_in: boolean("Whether the customer agreed to be written to"),
  },
);

export const orders = table(
  {
    dataset,
    table: "orders",
    description: "Orders, one row per receipt",
    primaryKey: ["order_id"],
    foreignKeys: [references("customer_id", customers), references("store_id", stores)],
    // By month, because a load rewrites every partition, and BigQuery allows one job at most 4,000 of them.
    partitioning: { type: "MONTH", field: "order_date" },
    clustering: ["store_id", "customer_id"],
    file: "Orders",
  },
  {
    order_id: integer("Order: day, store and number within both, as YYYYMMDD SS NNNNN"),
    ordered_at: timestamp("When it was ordered, UTC"),
    order_date: date("Day of the order, Kyiv time"),
    order_hour: within(0, 23, integer("Hour of the order, 0 to 23, Kyiv time")),
    order_type: string("In-store or Takeaway; always Takeaway from a store without seats"),
    channel: string("counter or app; only registered customers order in the app"),
    payment_method: string("card, cash or e-wallet; never cash in the app"),
    customer_id: nullable(integer("Registered customer; empty for anonymous orders")),
    store_id: integer("Store"),
    status: string("completed or refunded"),
    promo_code: nullable(string("Promotion that set the discount; empty when loyalty or nothing did")),
    sub_total: within(0, undefined, numeric("Sum of the lines before discount, UAH")),
    discount_applied: boolean("Whether a discount was given"),
    discount_rate: within(0, 1, numeric("Discount as a fraction, 0 to 0.5")),
    discount_amount: within(0, undefined, numeric("Discount, UAH: discount_rate of sub_total, in whole hryvnias")),
    total_amount: within(0, undefined, numeric("What was paid, UAH: sub_total less discount_amount")),
  },
);

export const orderDetails = table(
  {
    dataset,
    table: "order_details",
    description: "Lines of the orders",
    primaryKey: ["order_detail_id"],
    foreignKeys: [references("order_id", orders), references("product_id", products)],
    clustering: ["order_id"],
    file: "OrderDetails",
  },
  {
    order_detail_id: integer("Line: the order's number followed by the line's"),
    order_id: integer("Order the line belongs to"),
    line_number: within(1, undefined, integer("Place in the order, from 1")),
    product_id: integer("Product"),
    quantity: within(1, undefined, integer("How many")),
    unit_price: within(0, undefined, numeric("List price on the day, UAH")),
  },
);

export const events = table(
  {
    dataset,
    table: "events",
    description: "Events that the sales charts mark: invasion, curfews, outages, holidays, openings, promotions",
    primaryKey: ["event_id"],
    foreignKeys: [references("store_id", stores)],
    file: "Events",
  },
  {
    event_id: integer("Event, rising with its first day"),
    event_name: string("Short name, as a chart prints it; the code of a promotion"),
    kind: string("invasion, curfew, closing, attack, outage, holiday, opening or promotion"),
    starts_on: date("First day"),
    ends_on: date("Last day; may be in the future"),
    store_id: nullable(integer("The only store that it reaches; empty if it reaches all")),
    opens_at_hour: nullable(
      within(0, 24, integer("Hour before which no store opens on these days, Kyiv time; empty for the usual hours")),
    ),
    closes_at_hour: nullable(
      within(
        0,
        24,
        integer("Hour at which every store has closed on these days, Kyiv time; empty for the usual hours"),
      ),
    ),
    demand_factor: nullable(
      within(
        0,
        10,
        numeric("Demand relative to an ordinary day, in a promotion's hours if it has any; empty if it changes none"),
      ),
    ),
    is_closed: boolean("Whether the stores that it reaches are closed all day"),
    source: string("The web page that reports it, or: the chain"),
  },
);

/** Written by the load in the transaction that replaces the rows, so that a reader knows which run's rows the tables hold. */
export const loads = table(
  {
    dataset,
    table: "loads",
    description: "Loads of the coffee shop's files; the tables hold the rows of the newest",
    primaryKey: ["load_id"],
  },
  {
    load_id: integer("Load, 1 for the first"),
    run: string("Run of the generator, as in its manifest"),
    data_from: date("First day of the data"),
    data_until: date("Last day of the data"),
    loaded_at: timestamp("When it was loaded, UTC"),
  },
);

/** Written with `loads`. It tells a load which months have changed, and dbt which ones to build again. */
export const loadedFiles = table(
  {
    dataset,
    table: "loaded_files",
    description: "The files whose rows the tables hold now",
    primaryKey: ["table_name", "part"],
  },
  {
    table_name: string("Table that holds the file's rows"),
    part: string("Month of the rows, YYYY-MM; all if the file has the whole table"),
    md5: string("Checksum of the file"),
    row_count: within(0, undefined, integer("Rows of the file")),
    run: string("Run whose manifest named the file last"),
  },
);

/**
 * The truth about customers, for scoring segments and churn models. The generator knows it, and the shop does not. It is a file
 * and is never loaded.
 */
export const customerTruth = table(
  {
    dataset: "ground_truth",
    table: "customers",
    description: "How each registered customer really behaves",
    primaryKey: ["customer_id"],
    foreignKeys: [references("customer_id", customers)],
    file: "Customers",
  },
  {
    customer_id: integer("Customer"),
    persona: string("Kind of customer: Daily commuter, Remote worker, Student, Weekend bruncher or Occasional"),
    life: string(
      "regular, passing (comes once or twice), pausing (stays away for months and returns) or fading (comes less and less often)",
    ),
    orders_per_week: nullable(
      numeric("Mean orders a week while a customer, in ordinary times; empty for passing ones"),
    ),
    fading_from: nullable(
      date("First day on which the customer came less often than usual; empty if that did not happen"),
    ),
    paused_from: nullable(date("First day of the pause; empty if there was none")),
    paused_until: nullable(date("Day on which the pause ended; empty if there was none, and while it lasts")),
    churned_on: nullable(date("First day on which the customer comes no more; empty for those who still come")),
  },
);
