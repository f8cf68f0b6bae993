import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Execution, Task } from "../../src/run-admin.ts";

/**
 * A wrong answer: a status with Google's error body, to calls of one method only or after the call took effect; text instead of JSON; or a
 * late answer.
 */
export type Answer =
  | { status: number; message: string; method?: "POST"; hasEffect?: true }
  | { text: string }
  | { afterMs: number };

export interface ApiRequest {
  readonly method: string;
  /** The path below the API's version: `projects/…`. */
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** The course of an execution: its state at each look, the last of which stays, and its tasks. */
export interface Course {
  readonly looks: readonly Partial<Execution>[];
  readonly tasks?: readonly Task[];
  /** The lines that its first task prints. Cloud Logging has them from the second look on. @default none */
  readonly log?: readonly string[];
}

/** The Cloud Run Admin API on the loopback: jobs.run, executions.get, executions.list and tasks.list, of any job; and the logs of their tasks. */
export interface RunAdminServer {
  readonly requests: ApiRequest[];
  /** Answers for the next calls of any kind, in place of the right ones. */
  readonly answers: Answer[];
  /** The executions that a list of any job's shows, newest first, in addition to those started here. */
  readonly earlier: Execution[];
  /** The courses of the next executions. Later ones succeed at once. */
  readonly courses: Course[];
  /** Whether the caller may read logs. @default "readable" */
  logs: "readable" | "refused";
  /** Lets every execution succeed. */
  finish(): void;
  /** Forgets requests, answers, courses and executions. */
  reset(): void;
  stop(): Promise<void>;
}

export const succeeded: Partial<Execution> = {
  succeededCount: 1,
  completionTime: "2026-11-22T03:00:00Z",
  conditions: [{ type: "Completed", state: "CONDITION_SUCCEEDED" }],
};

export function failed(message: string): Partial<Execution> {
  return {
    completionTime: "2026-11-22T03:00:00Z",
    conditions: [{ type: "Completed", state: "CONDITION_FAILED", message }],
  };
}

/** Starts the server, and sets its endpoint and a token in the environment of this process and its children. `stop` undoes that. */
export async function startRunAdmin(): Promise<RunAdminServer> {
  const requests: ApiRequest[] = [];
  const answers: Answer[] = [];
  const courses: Course[] = [];
  const earlier: Execution[] = [];
  const executions = new Map<string, { looks: Partial<Execution>[]; tasks: readonly Task[]; log: readonly string[] }>();
  const looksAtLog = new Map<string, number>();
  const logUri = (name: string) => `https://console.cloud.google.com/logs?execution=${name.split("/").at(-1)}`;

  const start = (job: string) => {
    const name = `${job}/executions/run-${executions.size + 1}`;
    const { looks, tasks = [], log = [] } = courses.shift() ?? { looks: [succeeded] };
    executions.set(name, { looks: [...looks], tasks, log });
    const metadata = { "@type": "type.googleapis.com/google.cloud.run.v2.Execution", name, logUri: logUri(name) };
    return { name: `${job.split("/jobs/")[0]}/operations/1`, metadata, done: false };
  };
  const look = (name: string) => {
    const looks = executions.get(name)?.looks;
    if (looks === undefined) return undefined;
    return { name, logUri: logUri(name), taskCount: 1, ...(looks.length > 1 ? looks.shift() : looks[0]) };
  };

  /** The state of an execution as a list shows it, without moving its course on. */
  const now = (name: string): Execution[] => {
    const [state] = executions.get(name)?.looks ?? [];
    return state === undefined ? [] : [{ name, logUri: logUri(name), createTime: new Date().toISOString(), ...state }];
  };

  /** The newest entries of a log that a filter names, newest first. */
  const entries = ({ filter, pageSize, orderBy }: { filter: string; pageSize: number; orderBy: string }) => {
    const label = (key: string) => new RegExp(`${key}"?="([^"]+)"`).exec(filter)?.[1];
    const name = [...executions.keys()].find((each) =>
      each.endsWith(`/jobs/${label("job_name")}/executions/${label("execution_name")}`),
    );
    const look = (looksAtLog.get(name ?? "") ?? 0) + 1;
    looksAtLog.set(name ?? "", look);
    if (name === undefined || look === 1 || label("task_index") !== "0" || orderBy !== "timestamp desc") return {};
    const lines = executions.get(name)?.log ?? [];
    return {
      entries: lines
        .slice(-pageSize)
        .reverse()
        .map((textPayload) => ({ textPayload })),
    };
  };

  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url ?? "", "http://localhost");
    const path = decodeURIComponent(url.pathname.replace("/v2/", ""));
    const body = text === "" ? undefined : JSON.parse(text);
    requests.push({ method: request.method ?? "", path, body, authorization: request.headers.authorization });
    const send = (status: number, content: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(typeof content === "string" ? content : JSON.stringify(content));
    };
    const at = answers.findIndex((each) => !("method" in each) || each.method === request.method);
    const [other] = at < 0 ? [] : answers.splice(at, 1);
    if (other && "status" in other) {
      if (other.hasEffect) start(path.slice(0, -":run".length));
      return send(other.status, { error: { code: other.status, message: other.message } });
    }
    if (other && "text" in other) return send(200, other.text);
    if (other) await new Promise((done) => setTimeout(done, other.afterMs));
    if (path === "entries:list")
      return running.logs === "refused"
        ? send(403, { error: { code: 403, message: "Permission 'logging.logEntries.list' denied" } })
        : send(200, entries(body));
    const execution = path.replace(/\/tasks$/, "");
    if (request.method === "POST" && path.endsWith(":run")) send(200, start(path.slice(0, -":run".length)));
    else if (path.endsWith("/executions"))
      send(200, {
        executions: [...[...executions.keys()].filter((name) => name.startsWith(path)).flatMap(now), ...earlier],
      });
    else if (execution !== path) send(200, { tasks: executions.get(execution)?.tasks });
    else {
      const found = look(path);
      send(found ? 200 : 404, found ?? { error: { code: 404, message: `${path} was not found` } });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`;
  const wanted = {
    GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: endpoint,
    GOOGLE_LOGGING_CUSTOM_ENDPOINT: endpoint,
    GOOGLE_OAUTH_ACCESS_TOKEN: "a-token",
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  const running: RunAdminServer = {
    requests,
    answers,
    courses,
    earlier,
    logs: "readable",
    finish() {
      for (const execution of executions.values()) execution.looks = [succeeded];
    },
    reset() {
      for (const list of [requests, answers, courses, earlier]) list.length = 0;
      executions.clear();
      looksAtLog.clear();
      running.logs = "readable";
    },
    async stop() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return running;
}
