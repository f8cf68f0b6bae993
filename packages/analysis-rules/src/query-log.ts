import { randomUUID } from "node:crypto";
import { BudgetExceeded } from "./differential/index.ts";
import { isRefused, problemOf } from "./problem.ts";
import type { QueryPlan } from "./query-plan.ts";
import { addRecord, linesIn } from "./record-file.ts";
import type { RoomTable } from "./room.ts";
import type { TemplateCall } from "./templates.ts";

/*
 * The owner's record of who asked what of its shared views. BigQuery keeps it in INFORMATION_SCHEMA.SHARED_DATASET_USAGE; the names of the
 * fields are that view's, as far as a file of DuckDB has them. BigQuery does not record the outcome, the rule and the budget. Neither
 * has the text of a query.
 */

/** The tables and query templates that appear in the text of a query. They are known even if the query is refused and has no plan. */
export interface Named {
  readonly tables: readonly RoomTable[];
  readonly templates: readonly Pick<TemplateCall, "called" | "template">[];
}

/** One query that named a view of another party, or called its template. */
export interface LoggedQuery {
  readonly job_id: string;
  /** ISO 8601, in UTC. */
  readonly job_start_time: string;
  readonly job_end_time: string;
  /** The party that asked. On BigQuery it is an address, and empty unless the exchange logs addresses. */
  readonly job_principal_subject: string;
  readonly outcome: "answered" | "refused" | "failed";
  /** Why there was no answer: the name of a rule, as `Problem` has it, or "privacy budget". */
  readonly rule?: string;
  /** Rows of the answer. */
  readonly rows?: number;
  /** Groups that thresholds suppressed; missing if that cannot be counted. */
  readonly groups_suppressed?: number;
  /** The views of other parties that the query named, and the query templates that it called. */
  readonly resources: readonly SharedResource[];
}

/** A shared view that a query named, or a query template that it called. */
export interface SharedResource {
  /** The party that shares it. */
  readonly owner: string;
  /** The source view, or the template's function. */
  readonly project_id: string;
  readonly dataset_id: string;
  readonly table_id: string;
  readonly shared_resource_type: "VIEW" | "TABLE_VALUED_FUNCTION";
  /** The name under which the asking party found it. BigQuery has the project's number. */
  readonly linked_project_id: string;
  readonly linked_dataset_id: string;
  /** How often the query calls the template. A view counts once, however often the query names it. */
  readonly calls?: number;
  /** Taken from privacy budgets: the view's, or those of the views that the template reads. */
  readonly epsilon: number;
  readonly delta: number;
}

/** A query while it runs. Both methods write one line, or none if the query named no view of another party. */
export interface OpenEntry {
  answered(plan: QueryPlan, rows: number, suppressed: number | undefined): Promise<void>;
  /**
   * @param plan undefined if the query was refused before it was planned
   */
  unanswered(error: unknown, named: Named, plan: QueryPlan | undefined): Promise<void>;
}

const WHAT = "queries on shared views";

/** Starts the entry of a query that a party asks now. Several processes may write to one file. */
export function openEntry(file: string, party: string): OpenEntry {
  const job_start_time = new Date().toISOString();
  const write = async (
    resources: SharedResource[],
    result: Pick<LoggedQuery, "outcome" | "rule" | "rows" | "groups_suppressed">,
  ) => {
    if (resources.length === 0) return;
    const entry: LoggedQuery = {
      job_id: randomUUID(),
      job_start_time,
      job_end_time: new Date().toISOString(),
      job_principal_subject: party,
      ...result,
      resources,
    };
    await addRecord(file, WHAT, entry);
  };
  return {
    answered: (plan, rows, suppressed) =>
      write(resourcesOf(party, { tables: [], templates: [] }, plan), {
        outcome: "answered",
        rows,
        ...(suppressed !== undefined && { groups_suppressed: suppressed }),
      }),
    unanswered(error, named, plan) {
      const rule = error instanceof BudgetExceeded ? "privacy budget" : problemOf(error)?.rule;
      const refused = isRefused(error);
      // A query that fails after it was planned has already spent its budget.
      const resources = resourcesOf(party, named, plan, !refused);
      return write(resources, { outcome: refused ? "refused" : "failed", ...(rule !== undefined && { rule }) });
    },
  };
}

/** @param named tables and templates besides those of the plan @param paid whether the plan's charges were spent */
function resourcesOf(party: string, named: Named, plan: QueryPlan | undefined, paid = true): SharedResource[] {
  const { views = [], templates = [] } = plan?.guarded ?? {};
  const charges = (paid && plan?.privatePlan.parts.flatMap(({ select: { charge } }) => charge ?? [])) || [];
  const cost = (isOf: (view: string) => boolean) => {
    const own = charges.filter(({ view }) => isOf(view));
    const sum = (name: "epsilon" | "delta") => own.reduce((total, charge) => total + charge[name], 0);
    return { epsilon: sum("epsilon"), delta: sum("delta") };
  };
  const seen = [...views.flatMap(({ table, hidden }) => (hidden ? [] : [table])), ...named.tables];
  const shared = seen.filter(({ owner, rule }) => rule !== undefined && owner !== party);
  const hidden = new Set(views.flatMap(({ table, hidden: isHidden }) => (isHidden ? [table.id] : [])));
  const resource = (
    id: string,
    owner: string,
    at: { readonly project: string; readonly dataset: string },
    shared_resource_type: SharedResource["shared_resource_type"],
    isOf: (view: string) => boolean,
  ): SharedResource => {
    const [project_id = "", dataset_id = "", table_id = ""] = id.split(".");
    const linked = { linked_project_id: at.project, linked_dataset_id: at.dataset };
    return { owner, project_id, dataset_id, table_id, shared_resource_type, ...linked, ...cost(isOf) };
  };
  // The text of a refused query tells that it calls a template, and its plan how often.
  const called = (templates.length > 0 ? templates : named.templates).filter(
    ({ template }) => template.owner !== party,
  );
  const all = [
    ...shared.map((table) => resource(table.id, table.owner, table, "VIEW", (view) => view === table.id)),
    ...called.map(({ called: at, template }) => ({
      ...resource(at.id, template.owner, at, "TABLE_VALUED_FUNCTION", (view) => hidden.has(view)),
      calls: called.filter((one) => one.called.id === at.id).length,
    })),
  ];
  return all.filter(
    ({ dataset_id, table_id }, index) =>
      all.findIndex((other) => other.dataset_id === dataset_id && other.table_id === table_id) === index,
  );
}

/**
 * Reads a log, the oldest query first; empty if there is no file yet. A line that was cut off is left out.
 * Throws RoomError if the file cannot be read.
 * @example
 * const asked = await readQueryLog("usage.jsonl");
 * const refused = asked.filter(({ outcome }) => outcome === "refused").length;
 */
export async function readQueryLog(file: string): Promise<LoggedQuery[]> {
  return (await linesIn(file, WHAT)).flatMap((line) => {
    try {
      return [JSON.parse(line) as LoggedQuery];
    } catch {
      return [];
    }
  });
}
