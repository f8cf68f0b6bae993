import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, UserError } from "../errors.ts";

/** A request as functions-framework hands it over: the body has been read. */
export type FunctionRequest = IncomingMessage & { rawBody?: Buffer };
export type HttpFunction = (request: FunctionRequest, response: ServerResponse) => Promise<void>;

/** An answer other than 200, for a function's work to throw. The message is what the caller reads. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * An HTTP function that does its work on POST and answers in JSON: what the work returns, or `{error}`. Answers 405 to other
 * methods and 400 to a body that is not JSON. A UserError, which is about what the function found, is 500 with its message; of any
 * other error the caller learns only that there is one, the log has it.
 */
export function jsonFunction(work: () => Promise<{ status: number; body: object }>): HttpFunction {
  return async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      if (request.method !== "POST") {
        response.setHeader("Allow", "POST");
        throw new HttpError(405, `${request.method} is not understood: use POST`);
      }
      checkBody(request.rawBody?.toString("utf8") ?? "");
      const { status, body } = await work();
      answer(status, body);
    } catch (error) {
      const known = error instanceof HttpError || error instanceof UserError;
      // Cloud Logging makes one entry of a line.
      console.error(known ? JSON.stringify({ severity: "ERROR", message: error.message }) : error);
      const status = error instanceof HttpError ? error.status : 500;
      answer(status, { error: known ? messageOf(error) : "the function failed, its log says why" });
    }
  };
}

/** Schedulers send no body, people may send one; nothing in it is used. */
function checkBody(text: string): void {
  if (text.trim() === "") return;
  try {
    JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is not JSON: send {} or none");
  }
}

/** The variables of the environment by their names. Throws HttpError 500 that names every missing one. */
export function requireEnv<const Name extends string>(...names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new HttpError(500, `this function is deployed without ${missing.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Record<Name, string>;
}
