import { Agent } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { MOST_BYTES } from "../../../local/room/guard.ts";
import { temporaryFolder } from "../../generator/thelook/merchant.ts";
import { askOverHttp, type Sent, type ServedRoom, send, sendBytes, servedRoom } from "./served-room.ts";

/* Requests that nobody should send, and the clear answer that each gets. None reaches a file, another program, or a row. */

const json = { "Content-Type": "application/json" };
const question = JSON.stringify({ party: "merchant", sql: "SELECT 1 AS one" });
const post = (body: Sent["body"], headers: Record<string, string> = json): Sent => ({
  method: "POST",
  path: "/api/ask",
  headers,
  ...(body !== undefined && { body }),
});

/** By what is wrong: the request, the status, and words of the answer. */
const requests: Readonly<Record<string, readonly [Sent, number, string]>> = {
  "a host name that its owner points here (DNS rebinding)": [
    { ...post(question), headers: { ...json, Host: "evil.example", Origin: "http://evil.example" } },
    403,
    "This server is 127.0.0.1:",
  ],
  "a host that only begins like ours": [{ headers: { Host: "127.0.0.1.evil.example" } }, 403, "This server is"],
  "our host with another port": [{ headers: { Host: "localhost:1" } }, 403, "This server is"],
  "an address of all networks": [{ headers: { Host: "0.0.0.0" } }, 403, "This server is"],
  "a page of another origin": [
    post(question, { ...json, Origin: "https://evil.example" }),
    403,
    "may not send requests",
  ],
  "a page without an origin, such as a sandboxed frame": [
    post(question, { ...json, Origin: "null" }),
    403,
    '"null" may not',
  ],
  "a page of another server on this machine": [
    post(question, { ...json, Origin: "http://127.0.0.1:1" }),
    403,
    "may not send requests",
  ],
  "a form of another site without an origin": [
    post(question, { ...json, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }),
    403,
    "another site",
  ],
  "a script tag of another site": [
    { path: "/room.js", headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } },
    403,
    "another site",
  ],
  "a script of another site that fetches the page": [
    { path: "/", headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } },
    403,
    "another site",
  ],
  "a frame of another site around the API": [
    { path: "/api/room", headers: { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate" } },
    403,
    "another site",
  ],
  "a preflight of another origin": [
    { method: "OPTIONS", path: "/api/ask", headers: { Origin: "https://evil.example" } },
    403,
    "may not send requests",
  ],
  "a path out of the folder": [{ path: "/../../package.json" }, 404, "There is nothing at"],
  "a path out of the folder, encoded": [{ path: "/%2e%2e/%2e%2e/etc/passwd" }, 404, "There is nothing at"],
  "a path below a file": [{ path: "/room.js/../../../.local/clean-room.json" }, 404, "There is nothing at"],
  "a path with a NUL": [{ path: "/room.js%00.html" }, 404, "There is nothing at"],
  "a file of the rehearsal": [{ path: "/clean-room.duckdb" }, 404, "There is nothing at"],
  "another server's address as a path": [{ path: "http://evil.example/" }, 404, "There is nothing at"],
  "a property that every object has": [{ path: "/constructor" }, 404, "There is nothing at"],
  "a method that changes": [{ method: "PUT", path: "/" }, 405, "use GET, HEAD"],
  "a method of an object": [post(question, { ...json, "X-HTTP-Method-Override": "DELETE" }), 200, "answer"],
  "a question by GET": [{ path: "/api/ask?party=merchant&sql=SELECT+1" }, 404, "There is nothing at"],
  "a question as a form": [
    post("party=merchant&sql=SELECT+1", { "Content-Type": "application/x-www-form-urlencoded" }),
    415,
    "send application/json",
  ],
  "a question as plain text, which needs no preflight": [
    post(question, { "Content-Type": "text/plain" }),
    415,
    "send application/json",
  ],
  "a question without a type": [post(question, {}), 415, "send application/json"],
  "a compressed question": [post(gzipSync(question), { ...json, "Content-Encoding": "gzip" }), 415, "compressed"],
  "a body that is not JSON": [post("{party: merchant}"), 400, "not JSON"],
  "a body that is not UTF-8": [post(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 400, "not JSON in UTF-8"],
  "a body that is a list": [post(`[${question}]`), 400, "not a JSON object"],
  "a body that is null": [post("null"), 400, "not a JSON object"],
  "a body of lists in lists": [post("[".repeat(MOST_BYTES - 1)), 400, "not JSON"],
  "no body": [post(undefined), 400, "not JSON"],
  "no party": [post('{"sql": "SELECT 1"}'), 400, '"party" must be'],
  "a party that is a property of every object": [
    post('{"party": "__proto__", "sql": "SELECT 1"}'),
    400,
    '"party" must be',
  ],
  "a query that is a number": [post('{"party": "merchant", "sql": 1}'), 400, '"sql" must be'],
  "a query of spaces": [post('{"party": "merchant", "sql": " \\n"}'), 400, '"sql" must be'],
  "a limit of its own": [
    post('{"party": "merchant", "sql": "SELECT 1", "limits": {"rows": 1e9}}'),
    400,
    '"limits" is unknown',
  ],
  "a body that is too long": [post("x".repeat(MOST_BYTES + 1)), 413, "longer than 256 KB"],
  "a body that is too long and does not say so": [
    post("x".repeat(MOST_BYTES + 1), { ...json, "Transfer-Encoding": "chunked" }),
    413,
    "longer than 256 KB",
  ],
  "a length that promises more than the server takes": [
    post("{}", { ...json, "Content-Length": "99999999999" }),
    413,
    "longer than",
  ],
};

/** Queries that try to leave the clean room, and the rule that each meets. */
const queries: Readonly<Record<string, readonly [string, string]>> = {
  "the other party's own table": ["SELECT * FROM ewallet_provider.provider_users", "names"],
  "the other party's view under its owner's name": [
    "SELECT * FROM ewallet_provider_shared.provider_users_shared",
    "names",
  ],
  "the catalogue of BigQuery": ["SELECT * FROM merchant.INFORMATION_SCHEMA.TABLES", "names"],
  "the catalogue of DuckDB": ["SELECT * FROM duckdb_tables()", "names"],
  "a file by DuckDB's function": ["SELECT * FROM read_csv('/etc/passwd')", "names"],
  "a file by its name": ["SELECT * FROM `/etc/passwd`", "names"],
  "another database": ["SELECT * FROM EXTERNAL_QUERY('x', 'SELECT 1')", "not supported"],
  "a second statement": ["SELECT 1; DROP TABLE merchant.users", "GoogleSQL"],
  "a change of rows": ["DELETE FROM merchant.users WHERE TRUE", "GoogleSQL"],
  "a statement of DuckDB": ["ATTACH '/tmp/x.duckdb' AS x", "GoogleSQL"],
  "an export": ["EXPORT DATA OPTIONS (uri = 'file:///tmp/x') AS SELECT 1", "GoogleSQL"],
  "an export by DuckDB": ["COPY merchant.users TO '/tmp/x.csv'", "GoogleSQL"],
  "a setting of DuckDB": ["SET threads = 1", "GoogleSQL"],
  "a variable of the environment": ["SELECT getenv('HOME')", "GoogleSQL"],
  "rows of a view with a rule": [
    "SELECT * FROM linked_ewallet_provider.provider_users_shared",
    "aggregation threshold",
  ],
  "rows of the noisy view": ["SELECT * FROM linked_ewallet_provider.transactions_private", "differential privacy"],
  "a rule in the query": [
    "SELECT WITH AGGREGATION_THRESHOLD OPTIONS (threshold = 1) p.city, COUNT(*) AS n FROM merchant.users AS u JOIN linked_ewallet_provider.provider_users_shared AS p ON p.hashed_email = u.hashed_email GROUP BY p.city",
    "options",
  ],
  "a NUL": ["SELECT 1 \0 FROM merchant.users", "GoogleSQL"],
  "no query": [";", "GoogleSQL"],
};

const itInCI = process.env.CI ? it : it.skip;

describe("the server of the page refuses", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let served: ServedRoom;
  before(async () => {
    served = await servedRoom(folder);
  });
  after(() => served.close());

  for (const [what, [sent, status, words]] of Object.entries(requests))
    it(what, async () => {
      const reply = await send(served.server.url, sent);
      expect(reply.status, reply.text).to.equal(status);
      const { error, outcome } = JSON.parse(reply.text);
      expect(error?.message ?? outcome.kind).to.contain(words);
      expect(reply.headers["content-type"]).to.equal("application/json; charset=utf-8");
      expect(reply.headers["access-control-allow-origin"]).to.equal(undefined);
    });

  for (const [what, [sql, rule]] of Object.entries(queries))
    it(`in a query: ${what}`, async () => {
      const reply = await askOverHttp(served.server.url, { party: "merchant", sql });
      const { outcome } = JSON.parse(reply.text);
      expect([outcome?.kind, outcome?.rule], reply.text.slice(0, 300)).to.deep.equal(["refused", rule]);
      expect(outcome.message)
        .to.match(/\w/)
        .and.not.match(/node_modules|\.ts:|root:/);
    });

  it("bytes that are not a request, headers without end, a switch of protocols, and a request in a request", async () => {
    const { url } = served.server;
    const { host } = new URL(url);
    const line = `GET / HTTP/1.1\r\nHost: ${host}\r\n`;
    expect(await sendBytes(url, "\0\x01nonsense\r\n\r\n")).to.match(/^HTTP\/1\.1 400 /);
    expect(await sendBytes(url, `${line}X: ${"x".repeat(20_000)}\r\n\r\n`)).to.match(/^HTTP\/1\.1 431 /);
    for (const protocol of ["websocket", "h2c"])
      expect(await sendBytes(url, `${line}Upgrade: ${protocol}\r\nConnection: Upgrade, close\r\n\r\n`)).to.match(
        /^HTTP\/1\.1 200 .*<title>/s,
      );
    expect(await sendBytes(url, `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).to.match(/^HTTP\/1\.1 405 /);
    expect(await sendBytes(url, "GET / HTTP/1.0\r\n\r\n")).to.match(/^HTTP\/1\.1 403 /);
    expect(await sendBytes(url, `${line}Host: evil.example\r\nConnection: close\r\n\r\n`)).to.match(
      /^HTTP\/1\.1 400 .*several hosts/s,
    );
    expect(
      await sendBytes(
        url,
        `POST /api/ask HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      ),
    ).to.match(/^HTTP\/1\.1 400 /);
  });

  it("a body that it does not read, and then takes the client's next request", async () => {
    const { url } = served.server;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statuses: number[] = [];
    for (const type of ["text/plain", "application/json", "text/plain", "application/json"])
      statuses.push((await send(url, { ...post(question, { "Content-Type": type }), agent })).status);
    agent.destroy();
    expect(statuses).to.deep.equal([415, 200, 415, 200]);
  });

  it("half a body without a word on the terminal", async () => {
    const { url } = served.server;
    const { host } = new URL(url);
    const said: unknown[] = [];
    const { error } = console;
    console.error = (...words) => said.push(words);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(
      `POST /api/ask HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    // The server learns of it before it answers the next request.
    await send(url, {});
    await new Promise((resolve) => setImmediate(resolve));
    console.error = error;
    expect(said).to.deep.equal([]);
  });

  itInCI("clients that connect and say nothing, and lets the next one in", async () => {
    const { url } = served.server;
    const silent = Array.from({ length: 120 }, () => connect(Number(new URL(url).port), "127.0.0.1"));
    for (const socket of silent) socket.on("error", () => {}).resume();
    await new Promise((resolve) => setTimeout(resolve, 18_000));
    expect((await send(url, {})).status).to.equal(200);
    for (const socket of silent) socket.destroy();
  });

  it("a second question of a party that still asks, and drops the question of a client that is gone", async () => {
    const { url } = served.server;
    const long = `SELECT COUNT(*) AS n FROM merchant.order_items AS a CROSS JOIN merchant.order_items AS b CROSS JOIN merchant.order_items AS c
      WHERE a.sale_price + b.sale_price + c.sale_price < 0`;
    const gone = new AbortController();
    let asked: Promise<unknown> | undefined;
    const askLong = () =>
      fetch(`${url}api/ask`, {
        method: "POST",
        headers: json,
        body: JSON.stringify({ party: "merchant", sql: long }),
        signal: gone.signal,
      })
        .catch((error) => error)
        .finally(() => {
          asked = undefined;
        });
    let second: Awaited<ReturnType<typeof askOverHttp>>;
    do {
      // The short question may come first, and then the long one is refused: ask it again.
      asked ??= askLong();
      second = await askOverHttp(url, { party: "merchant", sql: "SELECT 1 AS one" });
    } while (second.status === 200);
    expect([second.status, second.text]).to.deep.equal([
      409,
      '{"error":{"status":409,"message":"The merchant has a query running, perhaps in another tab: wait for its answer, or cancel it there"}}',
    ]);
    const wallet = await askOverHttp(url, { party: "wallet", sql: "SELECT 1 AS one" });
    expect(JSON.parse(wallet.text).outcome.rows).to.deep.equal([[1]]);
    gone.abort();
    expect(await asked).to.have.property("name", "AbortError");
    const began = Date.now();
    let next = second;
    while (next.status === 409) next = await askOverHttp(url, { party: "merchant", sql: "SELECT 1 AS one" });
    expect(JSON.parse(next.text).outcome.rows).to.deep.equal([[1]]);
    expect(Date.now() - began).to.be.below(60_000);
  });

  it("to send more of a long answer than a browser can show", async () => {
    const sql = "SELECT REPEAT('x', 300000) AS long FROM merchant.users LIMIT 50";
    const reply = await askOverHttp(served.server.url, { party: "merchant", sql });
    const { outcome } = JSON.parse(reply.text);
    expect([outcome.rowCount, outcome.rows.length]).to.deep.equal([50, 6]);
  });

  it("nothing that its own page sends, and tells browsers to isolate it", async () => {
    const { url } = served.server;
    const { host, origin } = new URL(url);
    const own = { Host: host, Origin: origin, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" };
    const asked = await askOverHttp(url, { party: "wallet", sql: "SELECT 1 AS one" }, own);
    expect(asked.status).to.equal(200);
    const port = new URL(url).port;
    const local = await send(url, { headers: { Host: `localhost:${port}` } });
    expect(local.status).to.equal(200);
    // A link on another page may open this one.
    const visit = await send(url, { headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" } });
    expect(visit.status).to.equal(200);
    expect(visit.headers["content-security-policy"]).to.match(
      /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
    );
    expect(visit.headers["x-content-type-options"]).to.equal("nosniff");
    expect(visit.headers["cache-control"]).to.equal("no-store");
    expect(visit.headers["cross-origin-resource-policy"]).to.equal("same-origin");
  });
});
