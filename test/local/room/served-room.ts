import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { pageFiles } from "../../../local/room/page-files.ts";
import { type RoomServer, startRoomServer } from "../../../local/room/server.ts";
import { openSession, type Session } from "../../../local/room/session.ts";
import { usualRoom } from "../../cleanroom/filled-room.ts";

/** A served clean room, smaller than that of `npm start`, in which more payments disagree with their orders. */
export interface ServedRoom {
  /** The folder of the room's files. */
  readonly place: string;
  readonly session: Session;
  readonly server: RoomServer;
  close(): Promise<void>;
}

/** Serves a clean room of its own from a new folder below `folder`, on any free port. */
export async function servedRoom(folder: string): Promise<ServedRoom> {
  const place = await usualRoom(folder);
  const session = await openSession(place);
  const server = await startRoomServer({ session, files: pageFiles(), port: 0 });
  return {
    place,
    session,
    server,
    async close() {
      await server.close();
      await session.close();
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  /** Sent as it is, without being normalised. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Keeps connections for further requests; without one, each request has a connection of its own. */
  readonly agent?: Agent;
}

/** Sends one request as it is, with every header that a hostile client may choose. */
export function send(url: string, { method = "GET", path = "/", headers = {}, body, agent }: Sent): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const to = { hostname, port, method, path, headers: { ...headers }, agent: agent ?? false };
    const sent = request(to, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      const done = () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
        });
      response.on("end", done);
      response.on("error", done);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Asks a question over HTTP, and returns the reply. */
export function askOverHttp(url: string, question: unknown, headers: Readonly<Record<string, string>> = {}) {
  return send(url, {
    method: "POST",
    path: "/api/ask",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(question),
  });
}

/** Writes bytes to the server's port, and returns all that it answers until it closes the connection. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}
