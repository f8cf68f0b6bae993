import type { IncomingMessage, ServerResponse } from "node:http";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { readJson } from "./guard.ts";

/**
 * Answers one request of the Model Context Protocol over HTTP. No state is kept between requests, so a client needs no session and the
 * server holds no connection open. The caller checks the sender first. Throws HttpRefusal for a body that is not one JSON object.
 * @param make makes the protocol's server, one for each request
 */
export async function answerMcp(
  request: IncomingMessage,
  response: ServerResponse,
  make: () => McpServer,
): Promise<void> {
  const body = await readJson(request);
  const server = make();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  // The types of the package do not know exactOptionalPropertyTypes.
  await server.connect(transport as Transport);
  await transport.handleRequest(request, response, body);
}
