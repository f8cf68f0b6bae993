import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { expect } from "chai";
import type { Party } from "../../../cleanroom/party.ts";
import { MOST_BYTES } from "../../../local/room/guard.ts";
import { temporaryFolder } from "../../generator/thelook/merchant.ts";
import { type Sent, type ServedRoom, send, servedRoom } from "./served-room.ts";

/* The page's server answers agents too. test/local/room/mcp.test.ts asks the protocol's server itself; these tests ask over HTTP. */

const json = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };

describe("the page's server, for an agent", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let served: ServedRoom;
  before(async () => {
    served = await servedRoom(folder);
  });
  after(() => served.close());

  async function withClient<T>(party: Party, work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ name: "test", version: "1" });
    const transport = new StreamableHTTPClientTransport(new URL(`mcp/${party}`, served.server.url));
    await client.connect(transport as Transport);
    return work(client).finally(() => client.close());
  }

  /** Calls a tool, and returns what its result says. */
  async function call(client: Client, name: string, args: Record<string, unknown> = {}) {
    const { content, isError } = await client.callTool({ name, arguments: args });
    const [{ text = "" } = {}] = content as { text?: string }[];
    return { isError: isError === true, text };
  }

  it("lists, describes, asks and calls a template for the party of its address", async () => {
    await withClient("merchant", async (client) => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).to.include.members(["ask", "describe", "call_template"]);
      const tables = await call(client, "list_tables");
      expect(tables.text)
        .to.contain("linked_ewallet_provider.provider_users_shared")
        .and.not.contain('"ewallet_provider.');
      const answer = await call(client, "ask", { sql: "SELECT COUNT(*) AS users FROM merchant.users" });
      expect(JSON.parse(answer.text).row_count).to.equal(1);
      const refused = await call(client, "ask", { sql: "SELECT * FROM ewallet_provider.provider_users" });
      expect([refused.isError, JSON.parse(refused.text).refused.rule]).to.deep.equal([true, "names"]);
      const called = await call(client, "call_template", {
        template: "linked_ewallet_provider.overlap_by_segment",
        arguments: ["SELECT hashed_email, traffic_source AS segment FROM merchant.users"],
      });
      expect(JSON.parse(called.text).row_count, called.text).to.be.above(1);
    });
    await withClient("wallet", async (client) => {
      const refused = await call(client, "ask", { sql: "SELECT COUNT(*) AS users FROM merchant.users" });
      expect([refused.isError, JSON.parse(refused.text).refused.rule]).to.deep.equal([true, "names"]);
    });
    // The page and the agent share one log.
    expect((await served.session.asked("wallet")).questions.at(-1)?.resources[0]?.table_id).to.equal(
      "overlap_by_segment",
    );
  });

  const listing = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const post = (body: string, headers: Readonly<Record<string, string>> = {}): Sent => ({
    method: "POST",
    path: "/mcp/merchant",
    headers: { ...json, ...headers },
    body,
  });
  const calling = (name: string, args: object) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } });

  /** By what is wrong: the request, the status, and words of the answer. */
  const requests: Readonly<Record<string, readonly [Sent, number, string]>> = {
    "a page of another origin": [post(listing, { Origin: "https://evil.example" }), 403, "may not send requests"],
    "a host name that its owner points here": [post(listing, { Host: "evil.example" }), 403, "This server is"],
    "a party that there is not": [{ ...post(listing), path: "/mcp/provider" }, 404, "There is nothing at"],
    "no party": [{ ...post(listing), path: "/mcp" }, 404, "There is nothing at"],
    "a party after the path": [{ ...post(listing), path: "/mcp/merchant/../wallet" }, 404, "There is nothing at"],
    "a stream that stays open": [{ path: "/mcp/merchant", headers: json }, 405, "use POST"],
    "the end of somebody's session": [{ method: "DELETE", path: "/mcp/merchant", headers: json }, 405, "use POST"],
    "plain text": [post(listing, { "Content-Type": "text/plain" }), 415, "send application/json"],
    "many messages at once": [post(`[${listing}, ${listing}]`), 400, "-32600"],
    "a text": [post('"tools/list"'), 400, "-32600"],
    "a message that is not JSON": [post("{method: tools/list}"), 400, "-32700"],
    "a message that is too long": [post("x".repeat(MOST_BYTES + 1)), 413, "longer than"],
    "no message": [post("{}"), 400, "-32600"],
    "a call without a tool": [
      post('{"jsonrpc": "2.0", "id": 7, "method": "tools/call"}'),
      200,
      '"id":7,"error":{"code":-32602',
    ],
    "arguments that are a list": [post(calling("ask", ["SELECT 1"])), 200, '"id":1,"error":{"code":-32602'],
    "arguments that are a text": [post(calling("ask", "SELECT 1" as never)), 200, '"code":-32602'],
    "a client that takes no answer": [post(listing, { Accept: "text/html" }), 406, "Not Acceptable"],
    "a method that there is not": [
      post('{"jsonrpc": "2.0", "id": 1, "method": "resources/read"}'),
      200,
      "Method not found",
    ],
    "a tool that there is not": [post(calling("read_file", { path: "/etc/passwd" })), 200, "read_file not found"],
    "a tool that every object has": [post(calling("constructor", {})), 200, "Tool constructor not found"],
    "a query that is an object": [post(calling("ask", { sql: { $ne: "" } })), 200, "Invalid"],
    "arguments of lists in lists": [
      post(calling("ask", { sql: "[]" }).replace('"[]"', `${"[".repeat(100_000)}${"]".repeat(100_000)}`)),
      200,
      "-32602",
    ],
    "arguments in the prototype": [
      post(calling("ask", {}).replace("{}", '{"__proto__": {"sql": "SELECT 1"}}')),
      200,
      "-32602",
    ],
    "a method in the prototype": [post('{"jsonrpc": "2.0", "id": 1, "__proto__": {"method": "ping"}}'), 400, "-32600"],
    "another party as an argument": [
      post(calling("ask", { sql: "SELECT COUNT(*) AS n FROM ewallet_provider.transactions", party: "wallet" })),
      200,
      "Unrecognized key",
    ],
    "a template's name with a query in it": [
      post(calling("call_template", { template: "overlap_by_segment((SELECT 1)); SELECT", arguments: [] })),
      200,
      "refused",
    ],
    "an argument that ends the call": [
      post(
        calling("call_template", {
          template: "linked_ewallet_provider.overlap_by_segment",
          arguments: ["SELECT 1)) UNION ALL (SELECT * FROM linked_ewallet_provider.provider_users_shared"],
        }),
      ),
      200,
      "refused",
    ],
  };
  for (const [what, [sent, status, words]] of Object.entries(requests))
    it(`refuses ${what}`, async () => {
      const reply = await send(served.server.url, sent);
      expect(reply.status, reply.text).to.equal(status);
      expect(reply.text)
        .to.contain(words)
        .and.not.match(/node_modules|\.ts:|root:/);
      expect(reply.headers["x-content-type-options"]).to.equal("nosniff");
      const { error, jsonrpc } = JSON.parse(reply.text);
      if (error?.code !== undefined) expect(jsonrpc).to.equal("2.0");
    });
});
