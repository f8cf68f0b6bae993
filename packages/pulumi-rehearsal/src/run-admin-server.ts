import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import type { Execution, Rehearsal, Watch } from "./adapter.ts";
import { type Declared, wrong } from "./declaration.ts";
import { messageOf } from "./errors.ts";
import { executeJob, type Overrides } from "./jobs.ts";
import { logFile } from "./rehearsal.ts";

/** The access token of the person who runs Pulumi, and who may do everything. */
export const DEPLOYER = "deployer";

/** A server that answers as the Cloud Run Admin API. */
export interface RunAdminServer {
  /** Its address as Google's clients take it, `http://127.0.0.1:PORT/v2/`. */
  readonly url: string;
  close(): Promise<void>;
}

/** An answer with an HTTP status of 4xx. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** How many milliseconds a request for a running execution waits for its end. */
const PATIENCE = 15_000;

/**
 * Serves, on 127.0.0.1, the calls of the Cloud Run Admin API v2 that start a job, list its executions, and get an execution and its tasks. Executes the
 * declared jobs. The access token of a call is the caller's e-mail address. The caller needs a role on the job that lets it run the
 * job, and one that also allows overrides if it sends any.
 */
export async function serveRunAdmin(rehearsal: Rehearsal, watch: Watch): Promise<RunAdminServer> {
  const { executions } = rehearsal;

  const run = (jobName: string, caller: string, overrides: Overrides): object => {
    const job = rehearsal.jobs.get(jobName);
    if (job === undefined) throw new Refused(404, `${jobName} is not declared`);
    checkMayRun(rehearsal, job, caller, overrides);
    const short = `${job.inputs.name}-${randomBytes(3).toString("hex")}`;
    const name = `${jobName}/executions/${short}`;
    const listeners: ((line: string) => void)[] = [];
    const attempt = [...executions.values()].filter((each) => each.job === job).length + 1;
    const work = injected(rehearsal, job, attempt).then(() =>
      executeJob(rehearsal, job, short, overrides, (line) => {
        for (const hear of listeners) hear(line);
      }),
    );
    const execution: Execution = {
      name,
      job,
      createTime: new Date().toISOString(),
      over: work.then(
        (report) => {
          execution.report = report;
        },
        (error) => {
          execution.failed = error;
        },
      ),
    };
    executions.set(name, execution);
    watch(execution, (hear) => listeners.push(hear));
    return {
      name: `${jobName}/operations/${short}`,
      done: false,
      metadata: stateOf(rehearsal, execution),
    };
  };

  const answer = async (request: IncomingMessage): Promise<object> => {
    const caller = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (caller === undefined) throw new Refused(401, "no access token");
    const path = new URL(request.url ?? "/", "http://loopback").pathname.replace(/^\/v2\//, "");
    if (request.method === "POST" && path.endsWith(":run"))
      return run(path.slice(0, -":run".length), caller, overridesIn(await bodyOf(request)));
    if (request.method === "GET" && path.endsWith("/executions")) {
      const job = rehearsal.jobs.get(path.slice(0, -"/executions".length));
      if (job === undefined) throw new Refused(404, `${path} was not found`);
      checkMayWatch(rehearsal, job, caller);
      const own = [...executions.values()].filter((each) => each.job === job);
      return { executions: own.reverse().map((each) => stateOf(rehearsal, each)) };
    }
    const execution = executions.get(path.replace(/\/tasks$/, ""));
    if (execution !== undefined) checkMayWatch(rehearsal, execution.job, caller);
    if (request.method !== "GET" || execution === undefined) throw new Refused(404, `${path} was not found`);
    await Promise.race([execution.over, new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
    return path.endsWith("/tasks") ? { tasks: tasksOf(execution) } : stateOf(rehearsal, execution);
  };

  const server = createServer((request, response) => {
    answer(request).then(
      (body) => reply(response, 200, body),
      (error) => {
        const status = error instanceof Refused ? error.status : 500;
        reply(response, status, { error: { code: status, message: messageOf(error) } });
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function checkMayRun({ grants }: Rehearsal, job: Declared, caller: string, overrides: Overrides): void {
  if (caller === DEPLOYER) return;
  const on = `job/${job.inputs.name}`;
  const overrode = overrides.args !== undefined || overrides.env !== undefined;
  const missing = grants.missing(caller, on, overrode ? "override" : "write");
  if (missing !== undefined)
    throw new Refused(
      403,
      `${caller} may not run ${on}${overrode ? " with overrides" : ""}: declare ${missing.role} on it`,
    );
}

function checkMayWatch({ grants }: Rehearsal, job: Declared, caller: string): void {
  const on = `job/${job.inputs.name}`;
  const missing = caller === DEPLOYER ? undefined : grants.missing(caller, on, "read");
  if (missing !== undefined)
    throw new Refused(403, `${caller} may not read the executions of ${on}: declare ${missing.role} on it`);
}

/** Injects the fault for an execution, if there is one. Throws UserError that names the job. */
async function injected({ faults }: Rehearsal, job: Declared, attempt: number): Promise<void> {
  try {
    await faults.execution?.(String(job.inputs.name), attempt);
  } catch (error) {
    throw wrong(job, `failed: ${messageOf(error)}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function overridesIn(body: string): Overrides {
  interface Request {
    overrides?: { containerOverrides?: { args?: string[]; env?: { name: string; value: string }[] }[] };
  }
  let request: Request;
  try {
    request = body === "" ? {} : (JSON.parse(body) as Request);
  } catch {
    throw new Refused(400, "the body is not JSON");
  }
  const { args, env } = request.overrides?.containerOverrides?.[0] ?? {};
  return {
    ...(args && { args }),
    ...(env && { env: Object.fromEntries(env.map(({ name, value }) => [name, value])) }),
  };
}

function stateOf(rehearsal: Rehearsal, { name, job, createTime, report, failed }: Execution): object {
  const over = report !== undefined || failed !== undefined;
  const count = Number((job.inputs.template as { taskCount?: number }).taskCount ?? 1);
  const counts = { runningCount: over ? 0 : count, succeededCount: report ? count : 0, failedCount: failed ? 1 : 0 };
  const state = report ? "CONDITION_SUCCEEDED" : failed ? "CONDITION_FAILED" : "CONDITION_RECONCILING";
  return {
    "@type": "type.googleapis.com/google.cloud.run.v2.Execution",
    name,
    job: String(job.inputs.name),
    createTime,
    taskCount: count,
    ...counts,
    logUri: pathToFileURL(logFile(rehearsal, String(job.inputs.name))).href,
    ...(over && { completionTime: new Date().toISOString() }),
    conditions: [{ type: "Completed", state, ...(failed !== undefined && { message: messageOf(failed) }) }],
  };
}

function tasksOf({ name, failed }: Execution): object[] {
  if (failed === undefined) return [{ name: `${name}/tasks/0`, index: 0 }];
  return [
    {
      name: `${name}/tasks/0`,
      index: 0,
      lastAttemptResult: { status: { code: 13, message: messageOf(failed) }, exitCode: 1 },
    },
  ];
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
