import { resolve } from "node:path";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { PARTIES, type Party } from "../cleanroom/party.ts";
import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain, UserError } from "../generator/errors.ts";
import { type Option, readOptions, text } from "../generator/options.ts";
import { connect, mcpServer } from "./room/mcp.ts";
import { openSession } from "./room/session.ts";

const party: Option<Party | undefined> = {
  help: `the party that the agent works for: ${PARTIES.join(" or ")}`,
  default: undefined,
  parse: (given) => {
    const found = PARTIES.find((each) => each === given);
    if (found === undefined) throw PARTIES.join(" or ");
    return found;
  },
};

const settings = {
  as: party,
  out: text("folder that npm start wrote to; by default this project's .local", undefined),
};

/** `npm run mcp`: the clean room as a server of the Model Context Protocol, over standard input and output, until the input ends. */
async function main(): Promise<void> {
  const { as, out } = readOptions(
    "npm run -s mcp -- --as PARTY [settings]: lets an agent ask the clean room, by the Model Context Protocol over standard input and output",
    settings,
    process.argv.slice(2),
  );
  if (as === undefined)
    throw new UserError(`--as is missing: use ${PARTIES.map((each) => `--as ${each}`).join(" or ")}`);
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
