import { type TableFunction, templateText } from "bigquery-clean-room";
import { type Draft, type Fault, find, forget, types } from "./draft.ts";

/** The query template that these faults concern. */
export const TEMPLATE = "overlap_by_segment";

const approval = (draft: Draft) => find(draft, types.approval, { routine: TEMPLATE });
const template = (draft: Draft) => find(draft, types.template, { displayName: TEMPLATE });

/** Gives the template another query. */
function rewrite(draft: Draft, change: (query: string) => string): void {
  const { inputs } = approval(draft);
  inputs.query = change(String(inputs.query));
  const definitionBody = templateText(inputs as unknown as TableFunction);
  template(draft).inputs.routine = { routineType: "TABLE_VALUED_FUNCTION", definitionBody };
}

/** Faults of query templates and their approvals. */
export const templateFaults: readonly Fault[] = [
  {
    what: "a query template that is not submitted",
    change: (draft) => {
      delete template(draft).inputs.submit;
    },
    said: [types.approval, "which is a draft: set its `submit`"],
  },
  {
    what: "a query template that is not approved",
    change: (draft) => forget(draft, approval(draft)),
    said: [types.template, "is never approved, so nobody can call it"],
  },
  {
    what: "an approval of another text",
    change: (draft) => {
      approval(draft).inputs.query = "SELECT 1 AS one";
    },
    said: [types.approval, "has another text than"],
  },
  {
    what: "an approval of a template that is not declared",
    change: (draft) => {
      approval(draft).inputs.template = "projects/p/locations/us/dataExchanges/e/queryTemplates/t";
    },
    said: [types.approval, "approves projects/p/locations/us/dataExchanges/e/queryTemplates/t, which is not declared"],
  },
  {
    what: "a template whose function is not authorised on what it reads",
    change: (draft) => {
      const { inputs } = approval(draft);
      inputs.reads = (inputs.reads as { dataset: string }[]).filter(({ dataset }) => dataset !== "ewallet_provider");
    },
    said: [types.approval, "its function is not authorised on ewallet_provider: add that dataset to `reads`"],
  },
  {
    what: "a template that reads the tables of two owners",
    change: (draft) =>
      rewrite(draft, (query) =>
        query
          .replace(/`([\w-]+)\.ewallet_provider\.provider_users`/, "`$1.merchant.users`")
          .replaceAll("payment_volume", "age")
          .replaceAll("provider_user_id", "id"),
      ),
    said: [types.approval, "of the merchant: a template reads one owner's data"],
  },
  {
    what: "a template that is wrong",
    change: (draft) => rewrite(draft, (query) => query.replace("COUNTIF(", "COUNTIF(no_such AND ")),
    said: [types.approval, 'its query fails: Unrecognized name: no_such, in the line "COUNTIF(no_such AND '],
  },
  {
    what: "a template that breaks its owner's own rule",
    change: (draft) => rewrite(draft, (query) => query.replace("SELECT WITH AGGREGATION_THRESHOLD", "SELECT")),
    said: [types.approval, "its query fails: You must use SELECT WITH AGGREGATION_THRESHOLD"],
  },
  {
    what: "a template that is listed after the subscription",
    change: (draft) => {
      const { urn } = approval(draft);
      for (const each of draft.resources) each.dependencies = each.dependencies.filter((other) => other !== urn);
    },
    said: [types.subscription, "shows only what is listed before it"],
  },
];
