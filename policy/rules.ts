/**
 * The rules, apart from the pack that serves them: importing this file starts nothing, so that tests call each rule directly.
 *
 * Every rule is mandatory. A preview does not know some values yet, the address of a new service account for one: rules pass over
 * those, and see them in the `up`. Types are named by their token, to spare a preview from loading the whole provider.
 */
import {
  type Policies,
  type ReportViolation,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
  UnknownValueError,
} from "@pulumi/policy";

const bucketType = "gcp:storage/bucket:Bucket";
const datasetType = "gcp:bigquery/dataset:Dataset";

const listingType = "gcp:bigqueryanalyticshub/listing:Listing";
const privacyViewType = "pulumi-nodejs:dynamic/demo:PrivacyView";

/** Types that take labels, in the order of the Google Cloud console. */
const labelledTypes = new Set([
  datasetType,
  "gcp:bigquery/table:Table",
  bucketType,
  "gcp:cloudrunv2/job:Job",
  "gcp:cloudrunv2/service:Service",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:artifactregistry/repository:Repository",
  "gcp:secretmanager/secret:Secret",
  privacyViewType,
]);

/** Settings that decide whether `pulumi destroy` can remove a resource: where the provider's default is the wrong one. */
const neededToDestroy: Record<string, Record<string, boolean>> = {
  "gcp:bigquery/table:Table": { deletionProtection: false },
  "gcp:cloudrunv2/job:Job": { deletionProtection: false },
  "gcp:cloudrunv2/service:Service": { deletionProtection: false },
  [datasetType]: { deleteContentsOnDestroy: true },
  [bucketType]: { forceDestroy: true },
};

/** Roles for which Google has no grant below the project, with what they allow. */
const projectRoles = new Set([
  "roles/analyticshub.subscriptionOwner", // keep the subscriptions of the project; what may be subscribed to is the exchange's to say
  "roles/bigquery.jobUser", // run queries and loads, billed to the project; what they may read is the datasets' to say
  "roles/bigquery.user", // the same, and make datasets, as subscribing does
  "roles/logging.logWriter", // write log lines, which a build as a service account of its own must
]);

/** Google's basic roles, the old names and the ones that follow them. */
const primitiveRoles = new Set(
  ["owner", "editor", "viewer", "admin", "writer", "reader"].map((role) => `roles/${role}`),
);

/** Reads a property; `instead` when only the `up` will know it. */
function known<T>(read: () => T, instead: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValueError) return instead;
    throw error;
  }
}

/** Every known string below `value` with its path; an IAM policy written as JSON is looked into. */
function* strings(value: unknown, path = ""): Generator<[path: string, text: string]> {
  if (typeof value === "string") {
    if (path.endsWith("policyData")) yield* strings(JSON.parse(value), path);
    else yield [path, value];
  } else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      const below = known(() => (value as Record<string, unknown>)[key], undefined);
      yield* strings(below, path === "" ? key : `${path}.${key}`);
    }
  }
}

/** A mandatory rule over the inputs of one resource; `check` yields what is wrong, each with what to do about it. */
function rule(
  name: string,
  description: string,
  check: (args: ResourceValidationArgs) => Iterable<string>,
): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource(args: ResourceValidationArgs, report: ReportViolation) {
      for (const violation of check(args)) report(`${args.name}: ${violation}`);
    },
  };
}

const nothingPublic = rule(
  "nothing-public",
  "No resource is open to everybody, or to everybody with a Google account.",
  function* ({ type, props }) {
    for (const [path, text] of strings(props)) {
      if (/^(allUsers|allAuthenticatedUsers)$/.test(text))
        yield `${path} is ${text}, which is everybody. Name the service account or group that needs it.`;
      if (path === "predefinedAcl" && /^(public|authenticatedRead)/.test(text))
        yield `predefinedAcl ${text} opens the object to everybody. Leave it out.`;
    }
    if (type === bucketType && known(() => props.publicAccessPrevention, "enforced") !== "enforced")
      yield `publicAccessPrevention must be "enforced": inherited, it depends on the organisation.`;
    if (type === "gcp:cloudrunv2/service:Service" && known(() => props.invokerIamDisabled, false) === true)
      yield "invokerIamDisabled lets everybody call the service. Leave it out.";
  },
);

const noPrimitiveRoles = rule(
  "no-primitive-roles",
  "No owner, editor or viewer: they span every service of the project.",
  function* ({ props }) {
    for (const [path, text] of strings(props)) {
      if (primitiveRoles.has(text))
        yield `${path} is ${text}, which spans every service. Grant the one predefined role that is needed.`;
    }
  },
);

/** Whether the condition of a grant confines it to one resource, or to those of one prefix; one that is not known yet may. */
function isNarrow(expression: unknown): boolean {
  if (expression === "") return true;
  const text = String(expression);
  return !text.includes("||") && /^resource\.name( == |\.startsWith\()["'][^"']+["']\)?( && |$)/.test(text);
}

const noProjectWideRole = rule(
  "no-project-wide-role",
  "Roles are granted on the resource; on the project only those that Google grants nowhere else.",
  function* ({ type, props }) {
    const above = /^gcp:(projects|folder|organizations)\/iam(\w*):/i.exec(type);
    if (!above) return;
    if (/^(Policy|Binding)$/i.test(above[2] ?? "")) {
      yield `${type} replaces the grants of others. Use a Member resource, on the resource itself where there is one.`;
      return;
    }
    const role = known(() => props.role, undefined);
    const condition = known(() => props.condition?.expression, "");
    if (/member$/i.test(above[2] ?? "") && typeof role === "string" && !projectRoles.has(role) && !isNarrow(condition))
      yield `${role} is granted on everything. Grant it on the bucket, dataset, job or service that needs it.`;
  },
);

const uniformBucketAccess = rule(
  "uniform-bucket-access",
  "Buckets are governed by IAM alone, without access lists on objects.",
  function* ({ type, props }) {
    if (type === bucketType && known(() => props.uniformBucketLevelAccess, true) !== true)
      yield "uniformBucketLevelAccess must be true.";
  },
);

const labelled = rule(
  "labelled",
  "Whatever takes labels has one at least, so that cost and ownership can be told apart.",
  function* ({ type, props }) {
    if (!labelledTypes.has(type)) return;
    // The provider adds goog-… labels of its own; they say nothing of whose the resource is.
    const labels = known(() => Object.keys(props.labels ?? {}), ["not known yet"]);
    if (labels.every((label) => label.startsWith("goog-"))) yield "labels is empty. Pass the stack's labels on.";
  },
);

const destroyable = rule(
  "destroyable",
  'In every stack but production ("prod…"), pulumi destroy can remove everything.',
  function* ({ type, props, opts, urn }) {
    const stack = urn.split(":")[2] ?? "";
    if (stack.startsWith("prod")) return;
    for (const [setting, wanted] of Object.entries(neededToDestroy[type] ?? {})) {
      if (known(() => props[setting], wanted) !== wanted) yield `${setting} must be ${wanted} in stack ${stack}.`;
    }
    const deletionPolicy = known(() => props.deletionPolicy, undefined);
    if (deletionPolicy === "PREVENT" || deletionPolicy === "ABANDON")
      yield `deletionPolicy ${deletionPolicy} leaves it behind in stack ${stack}. Leave it out.`;
    if (opts.protect) yield `protect stops pulumi destroy in stack ${stack}. Leave it out.`;
  },
);

const cleanRoom = rule(
  "clean-room",
  "Shared views have an analysis rule, and what is listed cannot be exported.",
  function* ({ type, props }) {
    if (type === listingType) {
      const { enabled, restrictQueryResult } = known(() => ({ ...props.restrictedExportConfig }), {
        enabled: true,
        restrictQueryResult: true,
      });
      if (enabled !== true || restrictQueryResult !== true)
        yield "restrictedExportConfig must have enabled and restrictQueryResult: without, subscribers copy what they see.";
    }
    if (type === privacyViewType && known(() => Object.keys(props.rule ?? {}), ["not known yet"]).length === 0)
      yield "rule is empty: a shared view without one shows every row.";
  },
);

/** A stack rule: one resource cannot tell where the others are. */
const oneLocation: StackValidationPolicy = {
  name: "one-location",
  description: "Datasets and buckets are in one location: BigQuery joins and loads nothing across locations.",
  enforcementLevel: "mandatory",
  validateStack({ resources }, report) {
    const stored = resources
      .filter(({ type }) => type === datasetType || type === bucketType)
      .map(({ name, urn, props }) => ({
        name,
        urn,
        location: known(() => props.location as string | undefined, undefined),
      }));
    const [first, ...rest] = stored.filter(({ location }) => location !== undefined);
    for (const { name, urn, location } of rest) {
      if (location?.toUpperCase() !== first?.location?.toUpperCase())
        report(
          `${name} is in ${location}, ${first?.name} in ${first?.location}. Use the setting location for both.`,
          urn,
        );
    }
  },
};

/** The rules of the pack. */
export const policies: Policies = [
  nothingPublic,
  noPrimitiveRoles,
  noProjectWideRole,
  uniformBucketAccess,
  labelled,
  destroyable,
  cleanRoom,
  oneLocation,
];
