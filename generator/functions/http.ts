import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, UserError } from "../errors.ts";

/** A request from functions-framework, which has already read the body. */
export type FunctionRequest = IncomingMessage & { rawBody?: Buffer };
export type HttpFunction = (request: FunctionRequest, response: ServerResponse) => Promise<void>;

/** The part of a request that a function's work may use. */
export interface Call {
  /** The path of the URL, `/` if it has none. */
  readonly path: string;
}

/** Throw it in a function's work to answer with a status other than 200. The caller reads the message. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Makes an HTTP function that does its work on POST, and answers in JSON with what the work returns or with `{error}`. It answers
 * 405 to other methods, 400 to a body that is not JSON, and 500 with the message to a UserError. For any other error the caller
 * learns only that there was one, and the log has the details.
 */
export function jsonFunction(
  work: (call: Call) => Promise<{ status: number; body: object }> | { status: number; body: object },
): HttpFunction {
  return async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      if (request.method !== "POST") {
        response.setHeader("Allow", "POST");
        throw new HttpError(405, `${request.method} is not allowed: use POST`);
      }
      checkBody(request.rawBody?.toString("utf8") ?? "");
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const { status, body } = await work({ path: pathname });
      // A line for the log: Cloud Logging shows its fields.
      console.log(JSON.stringify(body));
      answer(status, body);
    } catch (error) {
      const known = error instanceof HttpError || error instanceof UserError;
      // On one line, because Cloud Logging makes an entry of each line.
      console.error(known ? JSON.stringify({ severity: "ERROR", message: error.message }) : error);
      const status = error instanceof HttpError ? error.status : 500;
      answer(status, { error: known ? messageOf(error) : "the function failed: see its log" });
    }
  };
}

/** A scheduler sends no body, but a person may. It must be JSON, and its content is ignored. */
function checkBody(text: string): void {
  if (text.trim() === "") return;
  try {
    JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is not JSON: send {} or none");
  }
}

/** Reads environment variables. Throws HttpError 500 that names all missing ones. */
export function requireEnv<const Name extends string>(...names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new HttpError(500, `this function is deployed without ${missing.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}
