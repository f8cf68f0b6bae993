import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/*
 * functions-framework parses a body by its content type before the function is called, and answers a broken one itself, with a page of
 * HTML. Callers of these functions expect JSON. So each request is declared to have a body of bytes: then the framework parses nothing,
 * and the function reads the bytes and answers.
 */

subscribe("http.server.request.start", (message) => {
  const { headers } = (message as { request: IncomingMessage }).request;
  if (headers["content-type"] !== undefined) headers["content-type"] = "application/octet-stream";
});
