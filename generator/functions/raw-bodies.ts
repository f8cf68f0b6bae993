import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/*
 * functions-framework parses a body by its content type before the function is called, and answers a broken one itself, with an HTML page.
 * Callers of these functions expect JSON. So declare the body of each request to be bytes: then the framework parses nothing,
 * and the function reads the bytes and answers.
 */

subscribe("http.server.request.start", (message) => {
  const { headers } = (message as { request: IncomingMessage }).request;
  if (headers["content-type"] !== undefined) headers["content-type"] = "application/octet-stream";
});
