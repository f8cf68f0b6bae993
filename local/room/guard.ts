import type { IncomingMessage } from "node:http";

/*
 * The checks that every request must pass before the server reads it. The server listens on the loopback only, so an attacker is
 * a page in the same browser: a page of another origin that sends requests here, or one whose owner points its host name to 127.0.0.1 (DNS
 * rebinding), so that it looks like one of ours.
 */

/** A request that the server refuses. Its message says what is wrong and what is allowed. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The largest body of a request, in bytes. A query is rarely longer than a page of text. */
export const MOST_BYTES = 256 * 1024;

/**
 * Throws HttpRefusal for a request that does not name this server, or that a page of another origin sends.
 * @param port the port that the server listens on
 */
export function checkSender({ headers, headersDistinct, method, url }: IncomingMessage, port: number): void {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = headers.host?.toLowerCase() ?? "";
  if (!hosts.includes(host)) throw new HttpRefusal(403, `This server is ${hosts.join(" or ")}, not "${shown(host)}"`);
  // Node reads the first of several, and whatever stands before this server may read the last.
  if (headersDistinct.host?.length !== 1) throw new HttpRefusal(400, "The request names several hosts: send one Host");
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw new HttpRefusal(403, `The page at "${shown(origin)}" may not send requests here: open http://${hosts[0]}/`);
  // Browsers say where a request comes from. A link on another page may open this one, and nothing else.
  const site = headers["sec-fetch-site"] ?? "none";
  const isVisit = headers["sec-fetch-mode"] === "navigate" && method === "GET" && url === "/";
  if (site !== "same-origin" && site !== "none" && !isVisit)
    throw new HttpRefusal(403, `A page of another site may not use this one: open http://${hosts[0]}/`);
}

/** Reads the body of a request as a JSON object. Throws HttpRefusal as `readBody` does, and if the body is not a JSON object. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = parsed(await readBody(request));
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new HttpRefusal(400, 'The body is not a JSON object: send {"party": "merchant", "sql": "SELECT …"}');
  return body as Record<string, unknown>;
}

/** Reads the body of a request. Throws HttpRefusal if it is not declared as JSON, is compressed, or is longer than `MOST_BYTES`. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type))
    throw new HttpRefusal(415, `The body is "${shown(type)}": send application/json`);
  if (request.headers["content-encoding"] !== undefined)
    throw new HttpRefusal(415, "The body is compressed: send it as it is");
  const tooLong = new HttpRefusal(413, `The body is longer than ${MOST_BYTES / 1024} KB`);
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLong;
  return bytesOf(request, tooLong);
}

/** All bytes of a body. Stops reading a long one, and leaves the connection open for the answer. */
function bytesOf(request: IncomingMessage, tooLong: HttpRefusal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_BYTES) {
        request.pause();
        reject(tooLong);
      } else parts.push(part);
    });
    request.on("end", () => resolve(Buffer.concat(parts)));
    // A client that goes away causes both.
    for (const end of ["error", "close"]) request.on(end, () => reject(new HttpRefusal(400, "The body is incomplete")));
  });
}

/** A body as JSON. Throws HttpRefusal if it is not JSON in UTF-8. */
export function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new HttpRefusal(400, "The body is not JSON in UTF-8");
  }
}

/** Text of a request in a message: short, and without control characters. */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
