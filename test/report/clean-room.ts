import type { CleanRoomData } from "../../report/clean-room/shape.ts";

/**
 * Answers of a clean room in every shape: figures by one category, by two, a single row, no row, a refusal, two categories that cross each
 * other, suppressed figures, and more figures than a narrow screen has room for, some of them about very few people.
 */
export const cleanRoom: CleanRoomData = {
  until: "2025-12-31",
  parties: [
    {
      name: "merchant",
      tables: ["users", "orders"],
      linked: "linked_ewallet_provider",
      shares: [
        {
          view: "users_shared",
          columns: ["hashed_email", "age_band"],
          rule: { name: "List overlap", shows: "rows that match on hashed_email" },
        },
      ],
    },
    {
      name: "wallet",
      tables: ["provider_users"],
      templates: [
        {
          name: "overlap_by_segment",
          question: "How many customers have a wallet, by segments that the merchant chooses?",
          guards: "A segment appears if at least 50 of its people have a wallet and at least 50 have none.",
        },
        {
          name: "spend_by_tier",
          question: "How much does a customer of each tier spend?",
          guards: "A tier appears if at least 100 of the listed people are in it.",
        },
      ],
      linked: "linked_merchant",
      shares: [
        {
          view: "provider_users_shared",
          columns: ["hashed_email", "account_tier"],
          rule: { name: "Aggregation threshold", shows: "groups of at least 50 people" },
        },
      ],
    },
  ],
  usage: [
    {
      owner: "merchant",
      views: [{ view: "users_shared", asked: 0, answered: 0, refused: 0, failed: 0, suppressed: 0 }],
      refusedBy: [],
    },
    {
      owner: "wallet",
      views: [
        { view: "provider_users_shared", asked: 1204, answered: 1200, refused: 3, failed: 1, suppressed: 17 },
        {
          view: "transactions_private",
          asked: 2,
          answered: 1,
          refused: 1,
          failed: 0,
          suppressed: 0,
          epsilon: { left: 2, of: 3 },
          delta: { left: 0.000019, of: 0.00002 },
        },
        { view: "overlap_by_segment", asked: 2, answered: 2, refused: 0, failed: 0 },
      ],
      refusedBy: [
        { rule: "aggregation threshold", queries: 3 },
        { rule: "privacy budget", queries: 1 },
      ],
    },
  ],
  useCases: [
    {
      name: "01-tiers",
      title: "Segmentation by account tier",
      question: "What do customers of each tier buy?",
      party: "merchant",
      sql: "SELECT WITH AGGREGATION_THRESHOLD account_tier FROM provider_users_shared -- <b>&amp;</b></script>",
      columns: [
        { name: "account_tier", type: "STRING" },
        { name: "customers", type: "INT64" },
        { name: "usd_per_customer", type: "NUMERIC" },
      ],
      rows: [
        ["Free", 15810, 44.36],
        ["Premium", 10119, 138.25],
        ["Business", 8134, 360.94],
      ],
      rules: ["provider_users_shared: at least 50 customers in a group.", "2 groups were suppressed."],
    },
    {
      name: "02-trust",
      title: "Trust by verification",
      question: "Do verified customers return less?",
      party: "merchant",
      sql: "SELECT 1",
      columns: [
        { name: "country", type: "STRING" },
        { name: "is_verified_user", type: "BOOL" },
        { name: "customers", type: "INT64" },
        { name: "returned", type: "FLOAT64" },
      ],
      rows: [
        ["China", false, 4000, 0.148],
        ["China", true, 7000, 0.074],
        // More apart, but not in one country.
        ["Japan", false, 4000, 0.03],
        ["Japan", true, 7000, 0.03],
      ],
      rules: [],
    },
    {
      name: "03-overlap",
      title: "Overlap",
      question: "How many customers do both have?",
      party: "wallet",
      sql: "SELECT 1",
      columns: [{ name: "customers", type: "INT64" }],
      rows: [[34063]],
      rules: [],
    },
    {
      name: "04-small",
      title: "Small groups",
      question: "Who lives where?",
      party: "wallet",
      sql: "SELECT 1",
      columns: [
        { name: "city", type: "STRING" },
        { name: "customers", type: "INT64" },
      ],
      rows: [],
      rules: ["All groups were suppressed: none has 50 customers."],
    },
    {
      name: "08-cities",
      title: "Customers by city",
      question: "Where do they live?",
      party: "wallet",
      sql: "SELECT 1",
      columns: [
        { name: "city", type: "STRING" },
        { name: "customers", type: "INT64" },
      ],
      rows: [
        ["Kyiv", 500],
        ["Lviv", 100],
        ["Odesa", null],
      ],
      rules: [],
    },
    {
      name: "05-raw",
      title: "Raw rows",
      question: "The merchant asks: who are they?",
      party: "merchant",
      sql: "-- Raw rows\n-- The merchant asks: who are they?\nSELECT * FROM provider_users_shared\n",
      columns: [],
      rows: [],
      rules: ["provider_users_shared: at least 50 customers in a group."],
      refused: {
        rule: "aggregation threshold",
        message: "You must use SELECT WITH AGGREGATION_THRESHOLD for this query.",
        advice: "Write SELECT WITH AGGREGATION_THRESHOLD … GROUP BY ….",
      },
    },
    {
      name: "06-decades",
      title: "Spend by decade and tier",
      question: "The merchant asks: who spends most?",
      party: "merchant",
      sql: "SELECT 1",
      columns: [
        { name: "birth_decade", type: "INT64" },
        { name: "account_tier", type: "STRING" },
        { name: "customers", type: "INT64" },
        { name: "spend_per_customer", type: "NUMERIC" },
      ],
      rows: [
        [1980, "Free", 300, 44.5],
        [1980, "Business", 200, 361.5],
        [1990, "Free", 400, 43.5],
        [1990, "Business", 100, 362.5],
      ],
      rules: [],
    },
    {
      name: "07-countries",
      title: "Payments by country",
      question: "Do the payments agree?",
      party: "merchant",
      sql: "SELECT 1",
      columns: [
        { name: "country", type: "STRING" },
        ...["customers", "orders", "payments"].map((name) => ({ name, type: "INT64" })),
        ...["share_of_orders", "status_agrees", "amount_agrees", "time_agrees"].map((name) => ({
          name,
          type: "FLOAT64",
        })),
      ],
      rows: [
        ["China", 12000, 31218, 15120, 0.484, 0.998, 0.998, 0.998],
        ["Poland", 92, 214, 98, 0.458, 0.998, 0.998, 0.998],
        ["España", 2, 2, 2, 0.999, 0.998, 0.998, 0.998],
      ],
      rules: [],
    },
  ],
};
