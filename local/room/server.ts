import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PARTIES, type Party, titles } from "../../cleanroom/party.ts";
import { isUserError, UserError } from "../../generator/errors.ts";
import type * as Api from "./api.ts";
import { checkSender, HttpRefusal, readJson, shown } from "./guard.ts";
import { mcpServer } from "./mcp.ts";
import { answerMcp } from "./mcp-route.ts";
import type { PageFile } from "./page-files.ts";
import type { Session } from "./session.ts";
import { answerView, entriesOf, refusalView, roomView, rulesView, seenByAll } from "./views.ts";

/*
 * The server of the page: a handful of fixed paths. It never turns a path into a file's name, and asks the clean room only through the
 * session, which enforces the rules and limits of `npm run query`.
 */

/** A running server. */
export interface RoomServer {
  /** "http://127.0.0.1:8484/" */
  readonly url: string;
  /** Stops listening, cancels the queries that run, and closes all connections. The session stays open. */
  close(): Promise<void>;
}

/** Answers one kind of request: returns what is sent as JSON, or ANSWERED if it writes the response itself. */
type Route = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

const ANSWERED = Symbol("answered");

/** Sent with every response. The page loads its own script and style, and talks to this server only. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

/** A client that sends its request slower than this is cut off, in milliseconds. */
const SLOWEST_REQUEST = 15_000;
/** Node looks for slow clients every half minute by default. Until then, a hundred silent ones would keep everybody else out. */
const CHECKED_EVERY = 1_000;

/**
 * Starts the server on 127.0.0.1. Throws UserError if the port is taken.
 * @param port 0 takes any that is free
 * @param files the page, by path
 * @example
 * const server = await startRoomServer({ session: await openSession(".local"), files: pageFiles(), port: 8484 });
 * console.log(server.url);
 */
export async function startRoomServer({
  session,
  files,
  port,
}: {
  readonly session: Session;
  readonly files: Readonly<Record<string, PageFile>>;
  readonly port: number;
}): Promise<RoomServer> {
  const asking = new Map<Party, { readonly gone: AbortSignal; readonly over: Promise<void> }>();
  const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
    "/api/room": { GET: () => roomView(session) },
    "/api/ask": { POST: ask },
    "/api/check": { POST: check },
    ...Object.fromEntries(PARTIES.map((party) => [`/mcp/${party}`, { POST: agentOf(party) }])),
  };
  const server = createServer({ connectionsCheckingInterval: CHECKED_EVERY }, (request, response) => {
    respond(request, response).catch((error) => {
      // The rehearsal is gone, or another one is being made.
      if (isUserError(error))
        return send(response, 503, problem(503, `${error.message}: run npm start, and ask again`));
      // A bug: the person at the terminal sees it, and the page only that there is one.
      console.error(error);
      if (!response.headersSent) send(response, 500, problem(500, "The server failed: its terminal says why"));
      response.destroy();
    });
  });
  server.requestTimeout = SLOWEST_REQUEST;
  server.headersTimeout = SLOWEST_REQUEST;
  server.maxConnections = 100;
  // Node answers a request to switch protocols as any other one, and closes one for a tunnel without a word.
  server.on("connect", (_request, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n"),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE")
        reject(
          new UserError(
            `port ${port} is taken: if http://127.0.0.1:${port}/ already shows the room, use that one, or name another port with --port`,
          ),
        );
      else if (error.code === "EACCES") reject(new UserError(`port ${port} needs more rights: name one above 1023`));
      else reject(error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const listening = (server.address() as AddressInfo).port;

  return {
    url: `http://127.0.0.1:${listening}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkSender(request, listening);
      const path = request.url ?? "";
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file !== undefined) {
        allow(request, ["GET", "HEAD"]);
        return send(response, 200, request.method === "HEAD" ? "" : file.text, file.type);
      }
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (route === undefined) throw new HttpRefusal(404, `There is nothing at "${shown(path)}": the page is at /`);
      allow(request, Object.keys(route));
      const reply = await route[request.method ?? ""]?.(request, response);
      if (reply !== ANSWERED) send(response, 200, reply);
    } catch (error) {
      if (!(error instanceof HttpRefusal)) throw error;
      // The rest of a refused body is not read: tell the client not to send its next request behind it.
      const headers = { ...error.headers, ...(!request.complete && { Connection: "close" }) };
      send(response, error.status, problem(error.status, error.message), undefined, headers);
    }
  }

  async function ask(request: IncomingMessage, response: ServerResponse): Promise<Api.AskReply> {
    const { party, sql } = questionOf(await readJson(request));
    // A question that nobody waits for any more is about to stop.
    while (asking.get(party)?.gone.aborted) await asking.get(party)?.over;
    if (asking.has(party))
      throw new HttpRefusal(
        409,
        `${titles[party]} has a query running, perhaps in another tab: wait for its answer, or cancel it there`,
      );
    // Stop a query if its page was closed or has cancelled it.
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    asking.set(party, { gone: gone.signal, over });
    try {
      const began = new Date().toISOString();
      const outcome = await session.ask(party, sql, { signal: gone.signal });
      const seen = await seenByAll(session);
      return {
        outcome: outcome.kind === "answer" ? answerView(outcome) : refusalView(outcome),
        seen,
        entries: entriesOf(seen, party, began),
      };
    } finally {
      asking.delete(party);
      end();
    }
  }

  /** Answers the Model Context Protocol for an agent of a party. */
  function agentOf(party: Party): Route {
    return async (request, response) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      await answerMcp(request, response, () => mcpServer(session, party));
      return ANSWERED;
    };
  }

  async function check(request: IncomingMessage, response: ServerResponse): Promise<Api.CheckReply> {
    const { party, sql } = questionOf(await readJson(request));
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const outcome = await session.explain(party, sql, { signal: gone.signal });
    return outcome.kind === "refused" ? refusalView(outcome) : { kind: "explanation", rules: rulesView(outcome) };
  }
}

/** Throws HttpRefusal unless the body is a question. */
function questionOf(body: Readonly<Record<string, unknown>>): { party: Party; sql: string } {
  const party = PARTIES.find((each) => each === body.party);
  if (party === undefined)
    throw new HttpRefusal(400, `"party" must be ${PARTIES.map((each) => `"${each}"`).join(" or ")}`);
  const { sql } = body;
  if (typeof sql !== "string" || sql.trim() === "")
    throw new HttpRefusal(400, '"sql" must be a text that is not empty');
  const other = Object.keys(body).find((name) => name !== "party" && name !== "sql");
  if (other !== undefined) throw new HttpRefusal(400, `"${shown(other)}" is unknown: send "party" and "sql"`);
  return { party, sql };
}

function allow({ method = "" }: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(method)) return;
  const allowed = methods.join(", ");
  throw new HttpRefusal(405, `${shown(method)} is not possible here: use ${allowed}`, { Allow: allowed });
}

function problem(status: number, message: string): Api.HttpProblem {
  return { error: { status, message } };
}

/** Sends text of a type, or else JSON. */
function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  type?: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  const text = type === undefined ? JSON.stringify(body) : String(body);
  response.writeHead(status, { ...HEADERS, "Content-Type": type ?? "application/json; charset=utf-8", ...headers });
  response.end(text);
}
