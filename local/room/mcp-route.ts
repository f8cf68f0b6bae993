import type { IncomingMessage, ServerResponse } from "node:http";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ErrorCode, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { parsed, readBody } from "./guard.ts";
import { connect } from "./mcp.ts";

/**
 * Answers one request of the Model Context Protocol over HTTP. No state is kept between requests, so a client needs no session and the
 * server holds no connection open. A body that is not one message of the protocol gets an error of the protocol, with status 400. The
 * caller checks the sender first. Throws HttpRefusal for a body that cannot be read.
 * @param make makes the protocol's server, one for each request
 */
export async function answerMcp(
  request: IncomingMessage,
  response: ServerResponse,
  make: () => McpServer,
): Promise<void> {
  const bytes = await readBody(request);
  let body: unknown;
  try {
    body = parsed(bytes);
  } catch (error) {
    return refuse(response, ErrorCode.ParseError, (error as Error).message);
  }
  if (!JSONRPCMessageSchema.safeParse(body).success)
    return refuse(
      response,
      ErrorCode.InvalidRequest,
      'The body is not one message of JSON-RPC 2.0: send {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}',
    );
  const server = make();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  // The types of the package do not know exactOptionalPropertyTypes.
  await connect(server, transport as Transport);
  await transport.handleRequest(request, response, body);
}

/** Sends an error of JSON-RPC. It has no id, because the request's id could not be read. */
function refuse(response: ServerResponse, code: ErrorCode, message: string): void {
  response.writeHead(400, { "Content-Type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } }));
}
