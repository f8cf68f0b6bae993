import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BigQuery } from "@google-cloud/bigquery";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { isUserError } from "../../generator/errors.ts";
import { limitSilence } from "../../generator/google-silence.ts";
import { openGcs } from "../../generator/lake/gcs.ts";
import { load } from "../../generator/load.ts";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import { coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import { upload } from "../../generator/upload.ts";
import { openBigQuery } from "../../generator/warehouse/bigquery.ts";
import { type Google, startGoogle } from "../support/google.ts";
import { PYTHON } from "../support/servers.ts";
import type { Kind, Tried } from "./fault.ts";

/*
 * Google's own clients, against local stand-ins for Cloud Storage and BigQuery that answer badly: twice, after which the work must
 * succeed, and for ever, after which it must end in one message, with the last good data as it was.
 */

const SILENCE = 500;

/** The ways in which a service answers badly. */
const failures: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "429": (response) => answer(response, 429, "rateLimitExceeded"),
  "500": (response) => answer(response, 500, "backendError"),
  "503": (response) => answer(response, 503, "backendError"),
  "a page of HTML and 502": (response) =>
    response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>"),
  "a reset connection": (response) => response.destroy(),
  "a connection that breaks off within the answer": (response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 1000 });
    response.write("{", () => response.destroy());
  },
  "no answer": () => {},
};

function answer(response: ServerResponse, code: number, reason: string): void {
  const error = { code, message: "injected", errors: [{ reason, message: "injected" }] };
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify({ error }));
}

/** Lets the first requests that match fail. */
function spoil(
  google: Google,
  first: number,
  matches: (request: IncomingMessage) => boolean,
  fail: (response: ServerResponse) => void,
): void {
  let seen = 0;
  google.intercept = (request, response) => {
    if (!matches(request) || ++seen > first) return false;
    request.resume();
    fail(response);
    return true;
  };
}

const TIMES = { twice: 2, "for ever": Number.POSITIVE_INFINITY };

/** The time after which a piece of work counts as hanging. */
const HANGS_MS = 120_000;

/** Does the work under a failure, and says what is wrong with its end. */
async function endOf(times: keyof typeof TIMES, work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const hangs = sleep(HANGS_MS, HANGS_MS, { ref: false });
    if ((await Promise.race([work(), hangs])) === HANGS_MS) return `hangs: nothing after ${HANGS_MS / 1000} s`;
    return times === "twice" ? undefined : "succeeded, although every request failed";
  } catch (error) {
    if (!isUserError(error)) return `threw ${(error as Error)?.stack ?? error}`;
    if (times === "twice") return `failed: ${error.message}`;
    return undefined;
  }
}

async function uploads(sample: boolean, tell: (tried: Tried) => void): Promise<void> {
  const google = await startGoogle({ bigquery: false });
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  try {
    const bucket = await google.makeBucket("uploads");
    const large = Buffer.alloc((8 << 20) + 5, "x");
    let trial = 0;
    for (const [size, content] of [
      ["small", Buffer.from("id\n1\n")],
      ["large", large],
    ] as const)
      for (const [name, fail] of Object.entries(failures))
        for (const times of ["twice", "for ever"] as const) {
          if (sample && (size === "large" || times === "for ever")) continue;
          const from = join(folder, String(trial));
          const to = `gs://${bucket}/${trial++}`;
          await mkdir(from);
          await writeFile(join(from, "data.csv"), content);
          await writeFile(join(from, "manifest.json"), "{}");
          // Sessions are asked how far they are: the stand-in answers that itself.
          const writes = ({ method, headers, url = "" }: IncomingMessage) =>
            (size === "small" ? method === "POST" : method === "PUT") &&
            !headers["content-range"]?.startsWith("bytes */") &&
            !url.includes("manifest");
          spoil(google, TIMES[times], writes, fail);
          const send = () => upload({ from, to, silence: SILENCE, pause: 20 });
          const end = await endOf(times, send);
          google.intercept = undefined;
          const lake = openGcs(to);
          const early = times === "for ever" && (await lake.readText("manifest.json")) !== undefined;
          await send();
          const whole = (await lake.stat("data.csv"))?.bytes === content.length;
          const lost =
            end ?? (early ? "the manifest came before its file" : whole ? undefined : "a second run did not resume");
          tell({ name: `upload of a ${size} file, ${name} ${times}`, lost });
        }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await google.stop();
  }
}

/** The calls of the lake in Cloud Storage. */
const calls = {
  writes: (url: string) => openGcs(url).writeText("a.json", '"new"'),
  "writes once": (url: string) => openGcs(url).writeOnce("a.json", '"new"'),
  reads: (url: string) => openGcs(url).readText("a.json"),
  checks: (url: string) => openGcs(url).stat("a.json"),
  lists: (url: string) => openGcs(url).list(""),
};

export async function lakes(sample: boolean, tell: (tried: Tried) => void): Promise<void> {
  const google = await startGoogle({ bigquery: false });
  limitSilence(SILENCE);
  try {
    const bucket = await google.makeBucket("lakes");
    const trials = Object.entries(calls).flatMap(([call, work]) =>
      Object.entries(failures).flatMap(([name, fail]) =>
        (["twice", "for ever"] as const).map((times) => ({ call, work, name, fail, times })),
      ),
    );
    const chosen = trials.filter(({ name, times }) => !sample || (name === "503" && times === "twice"));
    for (const [index] of chosen.entries())
      await openGcs(`gs://${bucket}/trial-${index}x`).writeText("a.json", '"old"');
    // The client waits for seconds between its retries, so all trials wait side by side. Each knows its requests by its prefix.
    const left = chosen.map(({ times }) => TIMES[times]);
    google.intercept = (request, response) => {
      const index = Number(/trial-(\d+)x/.exec(request.url ?? "")?.[1] ?? Number.NaN);
      if (!(Number(left[index]) > 0)) return false;
      left[index] = Number(left[index]) - 1;
      request.resume();
      chosen[index]?.fail(response);
      return true;
    };
    const ends = await Promise.all(
      chosen.map(({ work, times }, index) => endOf(times, () => work(`gs://${bucket}/trial-${index}x`))),
    );
    google.intercept = undefined;
    for (const [index, { call, name, times }] of chosen.entries()) {
      const text = await openGcs(`gs://${bucket}/trial-${index}x`).readText("a.json");
      const wanted = call === "writes" && times === "twice" ? '"new"' : '"old"';
      const lost = ends[index] ?? (text === wanted ? undefined : `the object is ${text}`);
      tell({ name: `the lake ${call} in Cloud Storage, ${name} ${times}`, lost });
    }
  } finally {
    await google.stop();
  }
}

export async function warehouses(tell: (tried: Tried) => void): Promise<void> {
  const google = await startGoogle({ bigquery: true });
  try {
    const client = new BigQuery({ projectId: google.project });
    await client.createDataset("coffee_shop");
    for (const table of coffeeDataset)
      await client.dataset("coffee_shop").createTable(table.table, { schema: { fields: bigquerySchema(table) } });
    const shop = { scale: 0.1, until: "2025-03-31", days: 2, shard: { index: 0, count: 1 } };
    const lakes = await Promise.all(
      [1, 2].map(async (seed) => {
        const lake = openGcs(`gs://${await google.makeBucket(`run-${seed}`)}`);
        await generateCoffee(lake, { ...shop, seed });
        return lake;
      }),
    );
    const counts = coffeeTables.map(({ table }) => `(SELECT COUNT(*) FROM coffee_shop.${table})`);
    const query = `SELECT CONCAT(${counts.map((each) => `CAST(${each} AS STRING)`).join(", ' ', ")}) AS rows_now`;
    const shown = async () => String((await client.query(query))[0][0].rows_now);
    const once = async (run: number) => {
      const warehouse = await openBigQuery(`bigquery://${google.project}?location=US`);
      try {
        await load(warehouse, lakes[run] as (typeof lakes)[0], { allowShrink: true });
      } finally {
        await warehouse.close();
      }
    };
    const states: string[] = [];
    for (const run of [0, 1]) {
      await once(run);
      states.push(await shown());
    }
    let run = 1;
    const requests = {
      "starts jobs": ({ method, url = "" }: IncomingMessage) => method === "POST" && /\/jobs\b/.test(url),
      "asks for results": ({ method, url = "" }: IncomingMessage) => method === "GET" && /\/(jobs|queries)\b/.test(url),
    };
    // The client treats 500 and 502 like 503, and waits for seconds between its retries.
    const few = Object.entries(failures).filter(([name]) => !/^500|502$/.test(name));
    for (const [request, matches] of Object.entries(requests))
      for (const [name, fail] of few)
        for (const times of ["twice", "for ever"] as const) {
          // The same wait again would take minutes.
          if (name === "no answer" && request !== "starts jobs") continue;
          spoil(google, TIMES[times], matches, fail);
          // The stand-in needs seconds for a job on a busy machine.
          limitSilence(name === "no answer" ? 15_000 : 60_000);
          run = 1 - run;
          const end = await endOf(times, () => once(run));
          google.intercept = undefined;
          const now = await shown();
          // A script whose end the client could not see may have been committed, and then all of it was.
          const whole = times === "twice" ? now === states[run] : states.includes(now);
          if (now !== states[run]) run = 1 - run;
          tell({
            name: `a load that ${request} in BigQuery, ${name} ${times}`,
            lost: end ?? (whole ? undefined : `rows: ${now}`),
          });
        }
  } finally {
    await google.stop();
  }
}

export const clients: Kind = {
  holds:
    "Work goes on after two bad answers; after bad answers for ever it ends in one message, and the last good data stands",
  async run(sample, tell) {
    await uploads(sample, tell);
    await lakes(sample, tell);
    limitSilence(60_000);
    if (sample) return;
    // Not every platform has the stand-in for BigQuery.
    if (existsSync(PYTHON.bqemulator)) await warehouses(tell);
    else
      console.log(
        "  bqemulator is not installed, so loads into BigQuery are left out: CI=true node local/install.mjs --test",
      );
  },
};
