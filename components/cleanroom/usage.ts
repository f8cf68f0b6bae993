import type { Overrides } from "../../cleanroom/overrides.ts";
import { PARTIES, type Party, parties } from "../../cleanroom/party.ts";
import { shareViews, viewId } from "../../cleanroom/views.ts";

/** The commands and queries with which a party watches its shared views. */
export interface OwnersView {
  /** A query for the BigQuery console: who asked what of the party's shared views in the last 30 days, and how much. */
  readonly whoAsked: string;
  /** For each of the party's views with differential privacy, a command that prints what is left of its budgets. */
  readonly budgetsLeft: Readonly<Record<string, string>>;
}

/**
 * The owner's side of the clean room, by party. The query needs roles/bigquery.dataOwner on the party's project; BigQuery keeps 180
 * days. Only the view's REST resource says what is left of a budget.
 * @param location the location of the data, such as "US"
 */
export function ownersViews(
  projects: Readonly<Record<Party, string>>,
  location: string,
  sharedViews: Overrides,
): Record<Party, OwnersView> {
  const { views } = shareViews(sharedViews);
  const viewOf = (party: Party): OwnersView => {
    const noisy = views.filter((view) => view.party === party && view.rule.differentialPrivacy);
    return {
      whoAsked: usageQuery(projects[party], location, parties[party].shared),
      budgetsLeft: Object.fromEntries(
        noisy.map((view) => [view.name, budgetCommand(viewId(view, projects).replace(".", ":"))]),
      ),
    };
  };
  return Object.fromEntries(PARTIES.map((party) => [party, viewOf(party)])) as Record<Party, OwnersView>;
}

function usageQuery(project: string, location: string, dataset: string): string {
  return `SELECT
  shared_resource_type, COALESCE(table_id, shared_resource_id) AS resource,
  linked_project_number, job_project_number, subscriber_org_number,
  job_principal_subject, -- empty unless the exchange logs addresses: see the setting logQueryAddresses
  COUNT(DISTINCT job_id) AS queries,
  SUM(num_rows_processed) AS rows_processed,
  SUM(total_bytes_processed) AS bytes_processed,
  MIN(job_start_time) AS first_query,
  MAX(job_start_time) AS last_query
FROM \`${project}\`.\`region-${location.toLowerCase()}\`.INFORMATION_SCHEMA.SHARED_DATASET_USAGE
WHERE dataset_id = '${dataset}' AND job_start_time >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 DAY)
GROUP BY shared_resource_type, resource, linked_project_number, job_project_number, subscriber_org_number, job_principal_subject
ORDER BY queries DESC`;
}

function budgetCommand(view: string): string {
  return `bq show --format=prettyjson ${view} # epsilonBudgetRemaining and deltaBudgetRemaining in view.privacyPolicy.differentialPrivacyPolicy`;
}
