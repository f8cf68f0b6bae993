import {
  type Adapter,
  type Container,
  checkGranted,
  type Declared,
  grant,
  type Lock,
  need,
  type Rehearsal,
  type Touch,
  wrong,
} from "pulumi-rehearsal";
import { createDeclaredTables, databaseFor, datasets, realiseDataset, realiseTable } from "./declared-tables.ts";
import { cleanRoomResources } from "./exchanges.ts";

/** DuckDB files stand in for BigQuery: each dataset is a schema, each table is a table. */
export const bigQuery: Adapter = {
  types: {
    "gcp:bigquery/dataset:Dataset": realiseDataset,
    "gcp:bigquery/table:Table": realiseTable,
    "gcp:bigquery/datasetAccess:DatasetAccess": realiseDatasetAccess,
  },
  outputs: {
    "gcp:bigquery/dataset:Dataset": ({ datasetId }, { project }) => ({
      id: `projects/${project}/datasets/${datasetId}`,
    }),
    "gcp:bigquery/table:Table": ({ datasetId, tableId }, { project }) => ({
      id: `projects/${project}/datasets/${datasetId}/tables/${tableId}`,
    }),
  },
  kinds: {
    dataset: { roles: { read: ["READER", "WRITER", "OWNER"], write: ["WRITER", "OWNER"] } },
    project: {
      roles: { write: ["roles/bigquery.jobUser", "roles/bigquery.user"] },
      verbs: { write: "runs queries in" },
    },
  },
  ready: createDeclaredTables,
  lock: databaseLock,
  variables: (rehearsal, account) => ({ REHEARSAL_DATABASE: databaseFor(rehearsal, account) }),
  checkEnvironment,
  checkTouched: checkMayQuery,
  // The bundle does not include DuckDB, because nothing in the cloud needs it.
  packages: { "@duckdb/node-api": import.meta.url },
};

/** A container that has a warehouse's URL opens a DuckDB file. Several may read it at the same time, which DuckDB allows too. */
function databaseLock(rehearsal: Rehearsal, { account, env }: Container): Lock | undefined {
  if (!Object.values(env).some((value) => value.startsWith("bigquery://"))) return undefined;
  const mayWrite = (id: string) => rehearsal.grants.missing(account, `dataset/${id}`, "write") === undefined;
  return { name: databaseFor(rehearsal, account), shared: ![...datasets(rehearsal).keys()].some(mayWrite) };
}

function realiseDatasetAccess(rehearsal: Rehearsal, access: Declared): void {
  const { view, authorizedDataset, groupByEmail } = access.inputs;
  if (view !== undefined || authorizedDataset !== undefined) cleanRoomResources(rehearsal).authorisations.push(access);
  // Ignore groups: no service account of a rehearsal is in a group.
  else if (groupByEmail === undefined)
    grant(rehearsal, access, `dataset/${need(access, "datasetId")}`, `serviceAccount:${need(access, "userByEmail")}`);
}

/**
 * Throws UserError if a variable of a job or function names a project or a location that has no declared dataset. The rehearsal
 * would find the data anyway, because its files know no projects; the cloud would not.
 */
function checkEnvironment(rehearsal: Rehearsal, by: Declared, env: Readonly<Record<string, string>>): void {
  const declared = [...datasets(rehearsal).values()].map(({ dataset }) => dataset.inputs);
  for (const [name, value] of Object.entries(env)) {
    const [, inUrl, at] =
      /^bigquery:\/\/([^/?]+)(?:\?location=([\w-]+))?/.exec(value.includes("://") ? value : "") ?? [];
    // A URL with a dataset in its path names data outside the stack, such as the public thelook.
    const own = inUrl !== undefined && !/^bigquery:\/\/[^/?]+\/\w/.test(value);
    const project = own ? inUrl : /^(DBT_BIGQUERY_PROJECT|PROJECT_ID)$/.test(name) ? value : undefined;
    const location = own ? at : /^(DBT_BIGQUERY_)?LOCATION$/.test(name) ? value : undefined;
    const misses = (key: string, wanted: string | undefined) =>
      wanted !== undefined && declared.length > 0 && !declared.some((inputs) => inputs[key] === wanted);
    if (misses("project", project))
      throw wrong(by, `${name} is "${value}", and no dataset is declared in project ${project}`);
    if (misses("location", location))
      throw wrong(by, `${name} is "${value}", and no dataset is declared in ${location}`);
  }
}

/** An account that uses a dataset runs queries, so it needs a role in a project that allows queries. */
function checkMayQuery(rehearsal: Rehearsal, by: Declared, account: string, touched: readonly Touch[]): void {
  if (!touched.some(({ resource }) => resource.startsWith("dataset/"))) return;
  const projects = [...datasets(rehearsal).values()].map(({ dataset }) => `project/${dataset.outputs.project}`);
  if (projects.some((project) => rehearsal.grants.missing(account, project, "write") === undefined)) return;
  checkGranted(rehearsal, by, account, `project/${rehearsal.declaration.project}`, "write");
}
