import type { Declaration, Declared } from "pulumi-rehearsal";
import { templates } from "../../../cleanroom/templates.ts";
import { PRIVACY_VIEW } from "../../../local/privacy-views.ts";
import { APPROVAL, QUERY_TEMPLATE } from "../../../local/query-templates.ts";
import { type Draft, find, forget, partOf } from "../../../packages/pulumi-rehearsal/test/draft.ts";

export { type Draft, find, forget } from "../../../packages/pulumi-rehearsal/test/draft.ts";

/** The types of the clean room's resources. */
export const types = {
  view: PRIVACY_VIEW,
  access: "gcp:bigquery/datasetAccess:DatasetAccess",
  exchange: "gcp:bigqueryanalyticshub/dataExchange:DataExchange",
  role: "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember",
  listing: "gcp:bigqueryanalyticshub/listing:Listing",
  subscription: "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription",
  template: QUERY_TEMPLATE,
  approval: APPROVAL,
};

/** The exchange of the e-wallet. */
export const WALLETS = "ewallet_provider_clean_room";

/** Both clean rooms and their dependencies, with empty tables. @param kept the query templates to keep: to analyse all takes ten times as long */
export function rooms(declaration: Declaration, kept: readonly string[] = templates.map(({ name }) => name)): Draft {
  const all = declaration.resources.map(({ name }) => name).filter((name) => name.startsWith("clean-room-"));
  const draft = partOf(declaration, ...all);
  for (const each of [...draft.resources]) {
    const { routine, displayName } = each.inputs;
    const isOf = { [types.approval]: routine, [types.template]: displayName }[each.type];
    if (isOf !== undefined && !kept.includes(String(isOf))) forget(draft, each);
  }
  return draft;
}

export function listing(draft: Draft, view: string): Draft["resources"][number] {
  return find(draft, types.listing, { listingId: view });
}

/** The views that a listing shows. */
export function selected(each: Declared): { table: string }[] {
  return (each.inputs.bigqueryDataset as { selectedResources: { table: string }[] }).selectedResources;
}

/** A change of the declaration that the cloud would refuse, and words of the error: the resource and what is wrong with it. */
export interface Fault {
  readonly what: string;
  readonly change: (draft: Draft) => void;
  readonly said: readonly string[];
}
