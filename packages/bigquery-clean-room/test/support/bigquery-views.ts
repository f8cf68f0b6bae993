import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openQueryTemplates, type QueryTemplates } from "./query-templates.ts";

/** A call that arrived, with its `path` below `/bigquery/v2/` or, for Analytics Hub, below `/v1/`. */
export interface ViewsRequest {
  readonly method: string;
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of several kinds
  readonly body: any;
  readonly authorization: string | undefined;
}

/** A view as `tables.get` returns it. */
export interface StoredView {
  description?: string;
  labels?: Record<string, string>;
  schema: { fields: { name: string; type: string; description?: string }[] };
  view: { query: string; useLegacySql: boolean; privacyPolicy?: Record<string, unknown> };
}

/**
 * A stand-in for BigQuery's views on the loopback, for the real client: jobs.insert and jobs.getQueryResults for CREATE OR REPLACE VIEW and
 * ALTER VIEW, tables.get and tables.delete. It returns policies in the form of the REST resource, with join columns in another order. Like
 * BigQuery, it refuses to change the kind of a rule, and to ALTER a rule with a join restriction.
 */
export interface ViewsServer {
  readonly requests: ViewsRequest[];
  /** All statements that ran. */
  readonly statements: string[];
  /** By `project.dataset.view`. */
  readonly views: Map<string, StoredView>;
  /** Table functions, access lists, query templates and listings. */
  readonly room: QueryTemplates;
  /**
   * How the next statement or call fails: at its start, at the end of its job, or, for a call on a table, at once. A pattern stands for the
   * next call whose method and path it matches, such as `/^POST .+:approve$/`.
   */
  readonly failures: {
    readonly at: "insert" | "end" | "table" | RegExp;
    readonly status: number;
    readonly message: string;
  }[];
  /** Changes the policies that statements set before they are stored. @default stores them unchanged */
  policy: (policy: Record<string, unknown>) => Record<string, unknown> | undefined;
  reset(): void;
  stop(): Promise<void>;
}

/** Starts the server, and sets its endpoint and a token in the environment of this process and its children. `stop` undoes that. */
export async function startViews(): Promise<ViewsServer> {
  const jobs = new Map<string, { looks: number; error?: { status: number; message: string } }>();
  const room = openQueryTemplates();
  const keep = (policy: Record<string, unknown>) => policy;

  const insert = (project: string, body: { configuration: { query: { query: string } }; jobReference: object }) => {
    const { jobId } = body.jobReference as { jobId: string };
    const { query } = body.configuration.query;
    server.statements.push(query);
    const planned = server.failures[0]?.at === "end" ? server.failures.shift() : undefined;
    const done = planned ?? room.execute(query) ?? execute(server, query);
    const error = done === "done" ? undefined : done;
    jobs.set(`${project}/${jobId}`, { looks: 0, ...(error && { error }) });
    return { jobReference: { projectId: project, jobId, location: "US" }, status: { state: "RUNNING" } };
  };
  const results = (project: string, jobId: string) => {
    const job = jobs.get(`${project}/${jobId}`);
    if (job === undefined) return fault(404, `Not found: Job ${project}:${jobId}`);
    const jobReference = { projectId: project, jobId, location: "US" };
    // The job is still running at the first look.
    if (job.looks++ === 0) return { status: 200, content: { jobReference, jobComplete: false } };
    if (job.error !== undefined) return fault(job.error.status, job.error.message);
    return { status: 200, content: { jobReference, jobComplete: true, schema: { fields: [] }, totalRows: "0" } };
  };

  const http = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url ?? "", "http://localhost");
    const id = url.searchParams.get("listingId");
    const path = `${url.pathname.replace(/^\/(bigquery\/v2|v1)\//, "")}${id === null ? "" : `/${id}`}`;
    const body = text === "" ? undefined : JSON.parse(text);
    const method = request.method ?? "";
    server.requests.push({ method, path, body, authorization: request.headers.authorization });
    const answer = (): { status: number; content: unknown } => {
      const [, project = "", job] = /^projects\/([^/]+)\/(?:jobs|queries\/([^/]+))$/.exec(path) ?? [];
      const [, owner, dataset, table] = /^projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/.exec(path) ?? [];
      const [failure] = server.failures;
      if (failure?.at instanceof RegExp && failure.at.test(`${method} ${path}`)) {
        server.failures.shift();
        return fault(failure.status, failure.message);
      }
      if (failure?.at === (table === undefined ? "insert" : "table") && (table !== undefined || method === "POST")) {
        server.failures.shift();
        return fault(failure.status, failure.message);
      }
      if (method === "POST" && project) return { status: 200, content: insert(project, body) };
      if (method === "GET" && job) return results(project, job);
      const other = room.answer(method, path, body, request.headers["if-match"]);
      if (other !== undefined) return other;
      const id = `${owner}.${dataset}.${table}`;
      const found = server.views.get(id);
      if (table === undefined) return fault(404, `no such call: ${method} ${path}`);
      if (found === undefined) return fault(404, `Not found: Table ${owner}:${dataset}.${table}`);
      if (method === "DELETE") server.views.delete(id);
      return method === "DELETE" ? { status: 204, content: "" } : { status: 200, content: { kind: "table", ...found } };
    };
    const { status, content } = answer();
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(content === "" ? undefined : JSON.stringify(content));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");

  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const variables: Record<string, string> = {
    GOOGLE_BIGQUERY_CUSTOM_ENDPOINT: `${address}/bigquery/v2/`,
    GOOGLE_BIGQUERY_ANALYTICS_HUB_CUSTOM_ENDPOINT: `${address}/v1/`,
    GOOGLE_OAUTH_ACCESS_TOKEN: "a-token",
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  const server: ViewsServer = {
    requests: [],
    statements: [],
    views: new Map(),
    room,
    failures: [],
    policy: keep,
    reset() {
      for (const list of [server.requests, server.statements, server.failures]) list.length = 0;
      server.views.clear();
      room.reset();
      server.policy = keep;
    },
    async stop() {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

function fault(status: number, message: string) {
  const reason = status === 404 ? "notFound" : "invalidQuery";
  return { status, content: { error: { code: status, message, errors: [{ reason, message }] } } };
}

/** Executes a statement, or returns what is wrong with it. */
function execute(server: ViewsServer, statement: string): { status: number; message: string } | undefined {
  const [, create, path = "", rest = ""] = /^(CREATE OR REPLACE|ALTER) VIEW `([^`]+)` ([\s\S]*)$/.exec(statement) ?? [];
  if (!create) return { status: 400, message: `Syntax error: Unexpected "${statement.slice(0, 20)}"` };
  const before = server.views.get(path);
  if (create === "ALTER" && before === undefined) return { status: 404, message: `Not found: Table ${path}` };
  const [, columns = "", options = "", query = ""] =
    /^(?:\(\n([\s\S]*?)\n\)\n|SET )OPTIONS \(\n([\s\S]*?)\n\)(?:\nAS\n([\s\S]*))?$/.exec(rest) ?? [];
  const set: Partial<Record<string, string>> = Object.fromEntries(
    [...options.matchAll(/^ {2}(\w+) = (.*?),?$/gm)].map(([, name, value]) => [name, value]),
  );
  const after: StoredView = structuredClone(
    create === "ALTER" && before ? before : { schema: { fields: [] }, view: { query, useLegacySql: false } },
  );
  if (columns !== "")
    after.schema.fields = [...columns.matchAll(/^ {2}(\w+) OPTIONS \(description = ("(?:[^"\\]|\\.)*")\),?$/gm)].map(
      ([, name = "", description = ""]) => ({ name, type: "STRING", description: JSON.parse(description) }),
    );
  if (set.description) after.description = JSON.parse(set.description);
  if (set.labels) after.labels = Object.fromEntries(JSON.parse(set.labels.replaceAll("(", "[").replaceAll(")", "]")));
  if (set.privacy_policy) {
    if (create === "ALTER" && before?.view.privacyPolicy?.joinRestrictionPolicy)
      return { status: 400, message: `Privacy policy of ${path} has a join restriction and cannot be changed` };
    const policy = server.policy(restPolicy(JSON.parse(JSON.parse(set.privacy_policy))));
    if (policy === undefined) delete after.view.privacyPolicy;
    else after.view.privacyPolicy = policy;
  }
  const [was, is] = [before, after].map((view) => view && kindOf(view.view.privacyPolicy));
  if (was && was !== is)
    return { status: 400, message: `Privacy policy of ${path} cannot be changed from ${was} to ${is}` };
  server.views.set(path, after);
  return undefined;
}

function kindOf(policy: Record<string, unknown> = {}): string | undefined {
  return Object.keys(policy).find((name) => name !== "joinRestrictionPolicy") ?? Object.keys(policy)[0];
}

/** Turns a statement's policy into the form of the REST resource: int64 as text, unit columns in a list, and the remaining budgets. */
function restPolicy(policy: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const { aggregation_threshold_policy: threshold, differential_privacy_policy: privacy } = policy;
  const join = policy.join_restriction_policy;
  return {
    ...(threshold && {
      aggregationThresholdPolicy: {
        threshold: String(threshold.threshold),
        privacyUnitColumns: [threshold.privacy_unit_column],
      },
    }),
    ...(privacy && {
      differentialPrivacyPolicy: {
        privacyUnitColumn: privacy.privacy_unit_column,
        maxEpsilonPerQuery: privacy.max_epsilon_per_query,
        epsilonBudget: privacy.epsilon_budget,
        deltaPerQuery: privacy.delta_per_query,
        deltaBudget: privacy.delta_budget,
        maxGroupsContributed: String(privacy.max_groups_contributed ?? 0),
        epsilonBudgetRemaining: privacy.epsilon_budget,
        deltaBudgetRemaining: privacy.delta_budget,
      },
    }),
    ...(join && {
      joinRestrictionPolicy: {
        joinCondition: join.join_condition,
        ...(Array.isArray(join.join_allowed_columns) && { joinAllowedColumns: join.join_allowed_columns.toReversed() }),
      },
    }),
  };
}
