/**
 * The rules of the policy pack. index.ts serves them; importing this file starts nothing, so tests can call each rule directly.
 *
 * Every rule is mandatory. During a preview some values are unknown, such as the address of a new service account: rules skip those
 * and check them during the `up`. Types are named by token, so that a preview need not load the whole provider.
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
const tableType = "gcp:bigquery/table:Table";

const listingType = "gcp:bigqueryanalyticshub/listing:Listing";
const privacyViewType = "pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView";
const approvalType = "pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval";

/** Types that take labels. */
const labelledTypes = new Set([
  datasetType,
  tableType,
  bucketType,
  "gcp:cloudrunv2/job:Job",
  "gcp:cloudrunv2/service:Service",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:artifactregistry/repository:Repository",
  "gcp:secretmanager/secret:Secret",
  privacyViewType,
]);

/** Settings that `pulumi destroy` needs to remove a resource, because the provider's default prevents it. */
const neededToDestroy: Record<string, Record<string, boolean>> = {
  [tableType]: { deletionProtection: false },
  "gcp:cloudrunv2/job:Job": { deletionProtection: false },
  "gcp:cloudrunv2/service:Service": { deletionProtection: false },
  [datasetType]: { deleteContentsOnDestroy: true },
  [bucketType]: { forceDestroy: true },
};

/** Roles that Google grants only on a project, and what they allow. */
const projectRoles = new Set([
  "roles/analyticshub.subscriptionOwner", // manage the project's subscriptions; the exchange decides who may subscribe to it
  "roles/bigquery.jobUser", // run queries and loads, billed to the project; the datasets decide who may read them
  "roles/bigquery.user", // the same, and create datasets, which a subscription needs
  "roles/logging.logWriter", // write log lines, which a build with its own service account must do
]);

type Props = ResourceValidationArgs["props"];

/** The accounts that each kind of resource runs or is built as. Without one, Google takes an account that may edit the whole project. */
const accountsOf: Record<string, Record<string, (props: Props) => unknown>> = {
  "gcp:cloudrunv2/job:Job": { "template.template.serviceAccount": (props) => props.template?.template?.serviceAccount },
  "gcp:cloudrunv2/service:Service": { "template.serviceAccount": (props) => props.template?.serviceAccount },
  "gcp:cloudfunctionsv2/function:Function": {
    "serviceConfig.serviceAccountEmail": (props) => props.serviceConfig?.serviceAccountEmail,
    "buildConfig.serviceAccount": (props) => props.buildConfig?.serviceAccount,
  },
};

/** Google's basic roles, by their old names and their new ones. */
const primitiveRoles = new Set(
  ["owner", "editor", "viewer", "admin", "writer", "reader"].map((role) => `roles/${role}`),
);

/** Reads a property. Returns `instead` if it stays unknown until the `up`. */
function known<T>(read: () => T, instead: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnknownValueError) return instead;
    throw error;
  }
}

/** Finds every known string in `value`, with its path. Also looks into an IAM policy written as JSON. */
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

/** Makes a mandatory rule for the inputs of one resource. `check` yields a message for each violation: what is wrong, and what to do. */
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
        yield `${path} is ${text}, which means everybody. Name the service account or group that needs access.`;
      if (path === "predefinedAcl" && /^(public|authenticatedRead)/.test(text))
        yield `predefinedAcl ${text} opens the object to everybody. Remove it.`;
    }
    if (type === bucketType && known(() => props.publicAccessPrevention, "enforced") !== "enforced")
      yield `publicAccessPrevention must be "enforced". If inherited, it depends on the organisation.`;
    if (type === "gcp:cloudrunv2/service:Service" && known(() => props.invokerIamDisabled, false) === true)
      yield "invokerIamDisabled lets everybody call the service. Remove it.";
    if (type === "gcp:bigquery/datasetAccess:DatasetAccess")
      for (const crowd of ["domain", "specialGroup"])
        if (!/^(|all\w*Users)$/.test(known(() => String(props[crowd] ?? ""), "")))
          yield `${crowd} opens the dataset to everybody in it. Name the account or group that needs access.`;
  },
);

const noPrimitiveRoles = rule(
  "no-primitive-roles",
  "No resource grants owner, editor or viewer, which cover every service of the project, nor an administrator's or owner's role.",
  function* ({ props }) {
    for (const [path, text] of strings(props)) {
      if (primitiveRoles.has(text))
        yield `${path} is ${text}, which covers every service. Grant the one predefined role that is needed.`;
      else if (/^roles\/[\w.]*(admin|\.legacy\w+Owner)$/i.test(text))
        yield `${path} is ${text}, which may give rights to others. Grant the one role that is needed.`;
    }
  },
);

const noBorrowedAccounts = rule(
  "no-borrowed-accounts",
  "Everything that runs has an account of its own; no account has a key, or may be used by others.",
  function* ({ type, props }) {
    for (const [path, account] of Object.entries(accountsOf[type] ?? {}))
      if (!known(() => account(props), "later"))
        yield `${path} is empty, so it would run as an account that may edit the project. Set it.`;
    if (/^gcp:serviceaccount\/(key|iAM\w+):/.test(type))
      yield `${type} lets somebody else act as the account. Give that person or account roles of its own.`;
  },
);

const noPlainSecrets = rule(
  "no-plain-secrets",
  "No environment variable contains a secret: Google shows them to everybody who may see the job or function.",
  function* ({ props }) {
    const texts = [...strings(props)];
    for (const [path, text] of texts) {
      const [, list = ""] = /^(.*\benvs\.\d+\.)name$/.exec(path) ?? [];
      const name = list === "" ? (/\benvironmentVariables\.(\w+)$/.exec(path)?.[1] ?? "") : text;
      const isElsewhere = list !== "" && texts.some(([other]) => other.startsWith(`${list}valueSource`));
      if (/(KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|PEPPER)S?$/i.test(name) && !isElsewhere)
        yield `the environment variable ${name} has its value in plain text. Read it from Secret Manager.`;
    }
  },
);

/** Whether the condition of a grant limits it to one resource, or to those with one prefix. Allows a condition that is still unknown. */
function isNarrow(expression: unknown): boolean {
  if (expression === "") return true;
  const text = String(expression);
  return (
    !text.includes("||") &&
    /^resource\.name( == |\.startsWith\()["']projects\/[^/"']+\/\w+\/[^"']+["']\)?( && |$)/.test(text)
  );
}

const noProjectWideRole = rule(
  "no-project-wide-role",
  "Roles are granted on a resource. Only roles that Google grants nowhere else are granted on a project.",
  function* ({ type, props }) {
    if (/Iam(Policy|Binding):/i.test(type)) {
      yield `${type} replaces grants that others made. Use a Member resource, on the bucket, dataset, job or service if possible.`;
      return;
    }
    const above = /^gcp:(projects|folder|organizations)\/iam(\w*):/i.exec(type);
    if (!above) return;
    const role = known(() => props.role, undefined);
    const condition = known(() => props.condition?.expression, "");
    if (/member$/i.test(above[2] ?? "") && typeof role === "string" && !projectRoles.has(role) && !isNarrow(condition))
      yield `${role} is granted on the whole project, folder or organisation. Grant it on the bucket, dataset, job or service that needs it.`;
  },
);

const uniformBucketAccess = rule(
  "uniform-bucket-access",
  "Only IAM controls access to buckets, without access lists on objects.",
  function* ({ type, props }) {
    if (type === bucketType && known(() => props.uniformBucketLevelAccess, true) !== true)
      yield "uniformBucketLevelAccess must be true.";
  },
);

const labelled = rule(
  "labelled",
  "Every resource that takes labels has at least one, so that costs and owners can be told apart.",
  function* ({ type, props }) {
    if (!labelledTypes.has(type)) return;
    // The provider adds its own goog-… labels, which say nothing about the owner.
    const labels = known(() => Object.keys(props.labels ?? {}), ["not known yet"]);
    if (labels.every((label) => label.startsWith("goog-"))) yield "labels is empty. Pass the stack's labels to it.";
  },
);

const destroyable = rule(
  "destroyable",
  'pulumi destroy can remove every resource, except in production stacks ("prod…").',
  function* ({ type, props, opts, urn }) {
    const stack = urn.split(":")[2] ?? "";
    if (stack.startsWith("prod")) return;
    for (const [setting, wanted] of Object.entries(neededToDestroy[type] ?? {})) {
      if (known(() => props[setting], wanted) !== wanted) yield `${setting} must be ${wanted} in stack ${stack}.`;
    }
    const deletionPolicy = known(() => props.deletionPolicy, undefined);
    if (deletionPolicy === "PREVENT" || deletionPolicy === "ABANDON")
      yield `deletionPolicy ${deletionPolicy} leaves the resource behind in stack ${stack}. Remove it.`;
    if (known(() => props.retentionPolicy?.isLocked, false) === true)
      yield `retentionPolicy is locked, so not even its owner can delete the bucket in stack ${stack}. Remove it.`;
    if (opts.protect) yield `protect stops pulumi destroy in stack ${stack}. Remove it.`;
  },
);

/** Settings by which BigQuery deletes data after a time. */
const expiries: Record<string, Record<string, (props: Props) => unknown>> = {
  [datasetType]: {
    defaultTableExpirationMs: (props) => props.defaultTableExpirationMs,
    defaultPartitionExpirationMs: (props) => props.defaultPartitionExpirationMs,
  },
  [tableType]: {
    expirationTime: (props) => props.expirationTime,
    "timePartitioning.expirationMs": (props) => props.timePartitioning?.expirationMs,
  },
};

const dataStays = rule(
  "data-stays",
  "No dataset or table deletes its data after a time, and no bucket all of its objects.",
  function* ({ type, props }) {
    for (const [setting, time] of Object.entries(expiries[type] ?? {}))
      if (known(() => time(props), undefined)) yield `${setting} deletes data after a time. Remove it.`;
    if (type !== bucketType) return;
    for (const { action, condition } of known(() => [...(props.lifecycleRules ?? [])], []))
      if (action?.type === "Delete" && !condition?.matchesPrefixes?.length && !condition?.numNewerVersions)
        yield "lifecycleRules deletes every object after a time. Limit it to prefixes in matchesPrefixes.";
  },
);

const cleanRoom = rule(
  "clean-room",
  "Every shared view has an analysis rule, every query template hides small groups, and no listing allows exports.",
  function* ({ type, props }) {
    if (type === listingType) {
      const { enabled, restrictQueryResult } = known(() => ({ ...props.restrictedExportConfig }), {
        enabled: true,
        restrictQueryResult: true,
      });
      if (enabled !== true || restrictQueryResult !== true)
        yield "restrictedExportConfig must set enabled and restrictQueryResult to true. Otherwise subscribers can copy the data and the results.";
    }
    if (type === privacyViewType && known(() => Object.keys(props.rule ?? {}), ["not known yet"]).length === 0)
      yield "rule is empty, so the shared view shows every row. Give it an analysis rule.";
    const query = type === approvalType ? known(() => props.query as string, undefined) : undefined;
    if (query !== undefined && !/\bSELECT\s+WITH\s+(AGGREGATION_THRESHOLD|DIFFERENTIAL_PRIVACY)\b/i.test(query))
      yield "query has neither SELECT WITH AGGREGATION_THRESHOLD nor SELECT WITH DIFFERENTIAL_PRIVACY, so it may show single people. Add one of them.";
    const owners =
      type === approvalType ? known(() => props.reads.map(({ project }: { project: string }) => project), []) : [];
    if (new Set(owners).size > 1)
      yield `reads datasets of ${[...new Set(owners)].join(" and ")}. A query template may read the data of one owner only.`;
  },
);

const alertsTell = rule(
  "alerts-tell-somebody",
  "Every alert policy notifies a channel, and every e-mail channel has an address.",
  function* ({ type, props }) {
    if (type === "gcp:monitoring/alertPolicy:AlertPolicy") {
      const channels = known(() => [...(props.notificationChannels ?? [])], ["not known yet"]);
      if (channels.length === 0) yield "notificationChannels is empty, so nobody hears of it. Give it a channel.";
      if (known(() => props.enabled, true) === false) yield "enabled is false, so nobody hears of it. Remove it.";
    }
    if (type !== "gcp:monitoring/notificationChannel:NotificationChannel") return;
    if (known(() => props.enabled, true) === false) yield "enabled is false, so nobody hears of it. Remove it.";
    if (known(() => props.type, "") === "email")
      if (!/^[^@\s]+@[^@\s]+$/.test(known(() => String(props.labels?.email_address), "a@b")))
        yield "labels.email_address is not an address. Set it.";
  },
);

/** A rule over the whole stack, since a single resource does not know where the others are. */
const oneLocation: StackValidationPolicy = {
  name: "one-location",
  description: "All datasets and buckets are in one location: BigQuery cannot join or load across locations.",
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
          `${name} is in ${location}, ${first?.name} in ${first?.location}. Use the location setting for both.`,
          urn,
        );
    }
  },
};

/** Another rule over the whole stack: a listing names its view, and the rule is on the view. */
const listedViews: StackValidationPolicy = {
  name: "listed-views",
  description: "Listings share views with analysis rules only, and name each.",
  enforcementLevel: "mandatory",
  validateStack({ resources }, report) {
    const views = resources
      .filter(({ type }) => type === privacyViewType)
      .map(({ props }) => known(() => `projects/${props.project}/datasets/${props.dataset}/tables/${props.view}`, ""));
    // While a view's address is unknown, any listing may be of that view.
    if (views.includes("")) return;
    for (const { name, type, urn, props } of resources) {
      if (type !== listingType) continue;
      const tables = known(
        () => [...(props.bigqueryDataset?.selectedResources ?? [])].map((each) => known(() => each.table, undefined)),
        [undefined],
      );
      if (tables.length === 0) report(`${name}: shares a whole dataset. List the views in selectedResources.`, urn);
      for (const table of tables)
        if (table !== undefined && !views.includes(table))
          report(`${name}: ${table} is not a PrivacyView, so it has no analysis rule. List a PrivacyView.`, urn);
    }
  },
};

/** The rules of the pack. */
export const policies: Policies = [
  nothingPublic,
  noPrimitiveRoles,
  noBorrowedAccounts,
  noPlainSecrets,
  noProjectWideRole,
  uniformBucketAccess,
  labelled,
  destroyable,
  dataStays,
  cleanRoom,
  alertsTell,
  oneLocation,
  listedViews,
];
