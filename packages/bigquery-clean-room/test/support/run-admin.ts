import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Execution, Task } from "../../src/run-admin.ts";

/** A wrong answer: a status with Google's error body, text instead of JSON, or a late answer. */
export type Answer = { status: number; message: string } | { text: string } | { afterMs: number };

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
}

/** The Cloud Run Admin API on the loopback: jobs.run, executions.get, executions.list and tasks.list, of any job. */
export interface RunAdminServer {
  readonly requests: ApiRequest[];
  /** Answers for the next calls of any kind, in place of the right ones. */
  readonly answers: Answer[];
  /** The executions that a list of any job's shows, newest first, in addition to those started here. */
  readonly earlier: Execution[];
  /** The courses of the next executions. Later ones succeed at once. */
  readonly courses: Course[];
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
  const executions = new Map<string, { looks: Partial<Execution>[]; tasks: readonly Task[] }>();
  const logUri = (name: string) => `https://console.cloud.google.com/logs?execution=${name.split("/").at(-1)}`;

  const start = (job: string) => {
    const name = `${job}/executions/run-${executions.size + 1}`;
    const { looks, tasks = [] } = courses.shift() ?? { looks: [succeeded] };
    executions.set(name, { looks: [...looks], tasks });
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
    const other = answers.shift();
    if (other && "status" in other)
      return send(other.status, { error: { code: other.status, message: other.message } });
    if (other && "text" in other) return send(200, other.text);
    if (other) await new Promise((done) => setTimeout(done, other.afterMs));
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

  const { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: endpoint, GOOGLE_OAUTH_ACCESS_TOKEN: token } = process.env;
  process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`;
  process.env.GOOGLE_OAUTH_ACCESS_TOKEN = "a-token";
  return {
    requests,
    answers,
    courses,
    earlier,
    finish() {
      for (const execution of executions.values()) execution.looks = [succeeded];
    },
    reset() {
      for (const list of [requests, answers, courses, earlier]) list.length = 0;
      executions.clear();
    },
    async stop() {
      delete process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT;
      delete process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
      if (endpoint !== undefined) process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT = endpoint;
      if (token !== undefined) process.env.GOOGLE_OAUTH_ACCESS_TOKEN = token;
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
