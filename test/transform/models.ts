/** Each model with the columns that identify a row. */
export const keys: Record<string, string> = {
  built_from: "run",
  built_months: "month",
  dim_customer: "customer_key",
  dim_date: "date_key",
  dim_event: "event_id",
  dim_order: "order_key",
  dim_product: "product_key",
  dim_rfm_segment: "r_score, f_score",
  dim_store: "store_key",
  dim_visit_gap: "gap_rank",
  fact_order_details: "order_detail_key",
  flat_anonymous_metrics: "store_id, order_type",
  flat_customer_metrics: "customer_key",
  flat_customer_months: "customer_key, order_month",
  flat_order_details: "order_detail_id",
  flat_orders: "order_id",
  flat_visit_gaps: "customer_key, gap_rank",
  loaded_months: "month",
};

/** The models whose rows depend on their sources alone, and not on the builds before or the time. */
export const timeless = Object.keys(keys).filter((model) => !["built_from", "loaded_months"].includes(model));

/** The query for all rows of a model, in the order of its key. */
export const rowsOf = (model: string) => `select * from coffee_marts.${model} order by ${keys[model]}`;
