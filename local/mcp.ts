import { resolve } from "node:path";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain } from "../generator/errors.ts";
import { readOptions, text } from "../generator/options.ts";
import { partyIsMissing, partyOption } from "./party-option.ts";
import { connect, mcpServer } from "./room/mcp.ts";
import { openSession } from "./room/session.ts";

const settings = {
  as: partyOption("the party that the agent works for"),
  out: text("folder that npm start wrote to; by default this project's .local", undefined),
};

/** `npm run mcp`: the clean room as a server of the Model Context Protocol, over standard input and output, until the input ends. */
async function main(): Promise<void> {
  const { as, out } = readOptions(
    "npm run -s mcp -- --as PARTY [settings]: lets an agent ask the clean room, by the Model Context Protocol over standard input and output",
    settings,
    process.argv.slice(2),
  );
  if (as === undefined) throw partyIsMissing();
  // A client starts npm in any folder, and npm changes to the project's.
  const session = await openSession(out === undefined ? resolve(".local") : resolveFromCaller(out), { soon: [as] });
  const server = mcpServer(session, as);
  const ended = new Promise<void>((done) => {
    process.stdin.on("end", done);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
  await connect(server, new StdioServerTransport());
  await ended;
  await server.close();
  await session.close();
}

await runMain(main);
