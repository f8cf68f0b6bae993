/** What the provider is given and answers, as plain data. */
type Fields = Record<string, unknown>;

interface Answer {
  readonly id: string;
  readonly outputs: Fields;
}

/** What an answer may depend on, beside the resource's own inputs. */
interface Place {
  readonly project: string;
  /** The region, location or zone that the resource names. */
  readonly location: string;
}

/**
 * The outputs that other resources are made of, and that Google computes at creation: Pulumi's mocks know none of them. Listed by
 * type; a type that is not here has its inputs as outputs.
 */
const computed: Record<string, (inputs: Fields, place: Place) => Answer> = {
  "gcp:projects/service:Service": ({ service }, { project }) => answer(`${project}/${service}`),
  "gcp:bigquery/dataset:Dataset": ({ datasetId }, { project }) => answer(`projects/${project}/datasets/${datasetId}`),
  "gcp:bigquery/table:Table": ({ datasetId, tableId }, { project }) =>
    answer(`projects/${project}/datasets/${datasetId}/tables/${tableId}`),
  "gcp:storage/bucket:Bucket": ({ name }) => answer(`${name}`, { url: `gs://${name}` }),
  "gcp:storage/bucketObject:BucketObject": ({ bucket, name }) =>
    answer(`${bucket}-${name}`, { outputName: name, generation: 1 }),
  "gcp:serviceaccount/account:Account": ({ accountId }, { project }) => {
    const email = `${accountId}@${project}.iam.gserviceaccount.com`;
    const id = `projects/${project}/serviceAccounts/${email}`;
    return answer(id, { name: id, email, member: `serviceAccount:${email}`, uniqueId: `${accountId}` });
  },
  "gcp:cloudrunv2/job:Job": ({ name }, { project, location }) =>
    answer(`projects/${project}/locations/${location}/jobs/${name}`),
  "gcp:cloudfunctionsv2/function:Function": ({ name, serviceConfig }, { project, location }) => {
    const uri = `https://${name}-rehearsed-uc.a.run.app`;
    const service = `projects/${project}/locations/${location}/services/${name}`;
    return answer(`projects/${project}/locations/${location}/functions/${name}`, {
      url: `https://${location}-${project}.cloudfunctions.net/${name}`,
      serviceConfig: { ...(serviceConfig as Fields), uri, gcfUri: uri, service },
    });
  },
  "gcp:cloudscheduler/job:Job": ({ name }, { project, location }) =>
    answer(`projects/${project}/locations/${location}/jobs/${name}`),
  "gcp:bigqueryanalyticshub/dataExchange:DataExchange": ({ dataExchangeId }, { project, location }) => {
    const name = `projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}`;
    return answer(name, { name });
  },
  "gcp:bigqueryanalyticshub/listing:Listing": ({ dataExchangeId, listingId }, { project, location }) => {
    const name = `projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}/listings/${listingId}`;
    return answer(name, { name });
  },
  "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription": (
    { subscriptionId },
    { project, location },
  ) => {
    const name = `projects/${project}/locations/${location}/subscriptions/${subscriptionId}`;
    return answer(name, { name });
  },
  "gcp:artifactregistry/repository:Repository": ({ repositoryId }, { project, location }) =>
    answer(`projects/${project}/locations/${location}/repositories/${repositoryId}`, {
      name: repositoryId,
      registryUri: `${location}-docker.pkg.dev/${project}/${repositoryId}`,
    }),
};

/** The id and outputs of a declared resource as Google would give them. */
export function answerOf(type: string, name: string, inputs: Fields, defaults: Place): Answer {
  const project = String(inputs.project || defaults.project);
  const location = String(inputs.location ?? inputs.region ?? defaults.location);
  const given = computed[type]?.(inputs, { project, location }) ?? answer(`${name}-id`);
  return { id: given.id, outputs: { ...inputs, ...(computed[type] && { project }), ...given.outputs } };
}

function answer(id: string, outputs: Fields = {}): Answer {
  return { id, outputs };
}
