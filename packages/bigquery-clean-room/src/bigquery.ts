import { type Connection, signIn } from "./connection.ts";
import { importPackage } from "./packages.ts";

/** Google's client of BigQuery. */
export type Client = import("@google-cloud/bigquery").BigQuery;

/** Opens BigQuery in a project. Statements run in the location. */
export async function openBigQuery(
  connection: Connection,
  { project, location }: { readonly project: string; readonly location: string },
): Promise<Client> {
  const { BigQuery } = await importPackage("@google-cloud/bigquery");
  const authClient = await signIn(connection, () => importPackage("google-auth-library")).catch((error: Error) => {
    throw new Error(`cannot sign in to Google Cloud: ${error.message}`);
  });
  const { bigQuery: endpoint } = connection.endpoints;
  return new BigQuery({
    projectId: project,
    location,
    authClient,
    // The provider's endpoint ends with a path that the client adds itself.
    ...(endpoint && { apiEndpoint: endpoint.replace(/\/bigquery\/v2\/?$/, "") }),
  });
}

/** Runs a statement and waits for its end. Throws BigQuery's message, after the name of the view or function that the statement is about. */
export async function execute(bigquery: Client, about: string, query: string): Promise<void> {
  let job: import("@google-cloud/bigquery").Job | undefined;
  try {
    [job] = await bigquery.createQueryJob({ query, useLegacySql: false });
    await job.getQueryResults();
  } catch (error) {
    const id = job?.id === undefined ? "" : ` (job ${job.id} in ${bigquery.location})`;
    throw new Error(`${about}: BigQuery: ${(error as Error).message}${id}`);
  }
}
