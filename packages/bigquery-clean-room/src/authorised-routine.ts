import type { Client } from "./bigquery.ts";
import { pause } from "./run-admin.ts";

/** A routine, as a dataset's access list names it. */
export interface RoutineReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly routineId: string;
}

/** A dataset, by the ids of its project and the dataset. */
export interface DatasetReference {
  readonly project: string;
  readonly dataset: string;
}

/** An entry of an access list: a grant, an authorised view, or an authorised routine. */
type Entry = Readonly<Record<string, unknown>> & { readonly routine?: RoutineReference };

const TRIES = 10;

/** Whether a dataset authorises a routine. A missing dataset authorises nothing. */
export async function isAuthorised(
  bigquery: Client,
  dataset: DatasetReference,
  routine: RoutineReference,
): Promise<boolean> {
  const { access } = (await read(bigquery, dataset)) ?? { access: [] };
  return access.some((entry) => isFor(entry, routine));
}

/**
 * Authorises a routine to read a dataset. It removes an existing entry first: BigQuery keeps the entry of a routine that was
 * replaced, but ignores it.
 * @param pauseMs how long to wait after too many changes: BigQuery takes five in ten seconds for each dataset
 */
export async function authorise(
  bigquery: Client,
  dataset: DatasetReference,
  routine: RoutineReference,
  pauseMs = 10_000,
): Promise<void> {
  await withdraw(bigquery, dataset, routine, pauseMs);
  // The entry is there if a change took effect and was answered with an error.
  await change(bigquery, dataset, pauseMs, (access) =>
    access.some((entry) => isFor(entry, routine)) ? undefined : [...access, { routine }],
  );
}

/**
 * Removes a routine's authorisation. It is no error if the authorisation or the dataset does not exist.
 * @param pauseMs how long to wait after too many changes: BigQuery takes five in ten seconds for each dataset
 */
export async function withdraw(
  bigquery: Client,
  dataset: DatasetReference,
  routine: RoutineReference,
  pauseMs = 10_000,
): Promise<void> {
  await change(bigquery, dataset, pauseMs, (access) => {
    const others = access.filter((entry) => !isFor(entry, routine));
    return others.length === access.length ? undefined : others;
  });
}

/** Changes a dataset's access list, and starts again if somebody else changed it meanwhile, or if there were too many changes. */
async function change(
  bigquery: Client,
  { project, dataset }: DatasetReference,
  pauseMs: number,
  changed: (access: readonly Entry[]) => readonly Entry[] | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await read(bigquery, { project, dataset });
    const access = changed(found?.access ?? []);
    if (access === undefined) return;
    try {
      // The client sends the etag as a condition.
      await bigquery.dataset(dataset, { projectId: project }).setMetadata({ access, etag: found?.etag });
      return;
    } catch (error) {
      const { code, message } = error as { code?: number; message: string };
      const isTooFast = /exceeded rate limits/i.test(message);
      if ((code !== 412 && !isTooFast) || attempt === TRIES)
        throw new Error(`the access list of ${project}.${dataset}: BigQuery: ${message}`);
      // Others wait, too: let them not all come back at once.
      await pause(isTooFast ? pauseMs * (1 + Math.random()) : Math.random() * 200 * attempt);
    }
  }
}

async function read(
  bigquery: Client,
  { project, dataset }: DatasetReference,
): Promise<{ readonly access: readonly Entry[]; readonly etag: string } | undefined> {
  const [metadata] = await bigquery
    .dataset(dataset, { projectId: project })
    .getMetadata()
    .catch((error) => {
      if (error.code === 404) return [undefined];
      throw new Error(`the access list of ${project}.${dataset}: BigQuery: ${error.message}`);
    });
  return metadata && { access: metadata.access ?? [], etag: metadata.etag };
}

function isFor({ routine: found }: Entry, routine: RoutineReference): boolean {
  return (
    found?.projectId === routine.projectId &&
    found.datasetId === routine.datasetId &&
    found.routineId === routine.routineId
  );
}
