import { type Fault, find, types } from "./draft.ts";

/** Faults of the shared views. */
export const viewFaults: readonly Fault[] = [
  {
    what: "a view of a table that is not declared",
    change: (draft) => {
      const view = find(draft, types.view, { view: "transactions_shared" });
      view.inputs.query = String(view.inputs.query).replace("transactions`", "payments`");
    },
    said: ["transactions_shared", "payments, but no party has such a table"],
  },
  {
    what: "a view of a table that may be created later",
    change: (draft) => {
      const table = find(draft, "gcp:bigquery/table:Table", { tableId: "transactions" });
      for (const each of draft.resources) each.dependencies = each.dependencies.filter((other) => other !== table.urn);
    },
    said: [types.view, "may be created before"],
  },
  {
    what: "a view whose query is wrong",
    change: (draft) => {
      const view = find(draft, types.view, { view: "transactions_shared" });
      view.inputs.query = String(view.inputs.query).replace("SELECT", "SELECT TYPO(");
    },
    said: ["transactions_shared", "Syntax error"],
  },
  {
    what: "a view that names its query's columns in another order",
    change: (draft) => {
      const { inputs } = find(draft, types.view, { view: "transactions_shared" });
      inputs.columns = [...(inputs.columns as object[])].reverse();
    },
    said: ["transactions_shared", "declares the columns ", "but its query has "],
  },
  {
    what: "a view whose rule BigQuery refuses",
    change: (draft) => {
      find(draft, types.view, { view: "transactions_shared" }).inputs.rule = {
        joinRestriction: { condition: "JOIN_ANY", columns: ["nothing"] },
      };
    },
    said: ["transactions_shared", "nothing"],
  },
];
