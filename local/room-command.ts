import { resolveFromCaller } from "../generator/caller-folder.ts";
import { runMain } from "../generator/errors.ts";
import { flag, number, readOptions, text } from "../generator/options.ts";
import { installAll } from "./install-all.ts";
import { openBrowser } from "./open-browser.ts";
import { roomFile } from "./rehearsed-room.ts";
import { pageFiles } from "./room/page-files.ts";
import { startRoomServer } from "./room/server.ts";
import { openSession } from "./room/session.ts";

const settings = {
  port: number("port on 127.0.0.1; 0 takes any that is free", 8484, { min: 0, max: 65535 }),
  noOpen: flag("do not open the browser"),
  out: text("folder that npm start wrote to", ".local"),
};

/** `npm run room`: a page on this machine in which both parties of the clean room can ask. It runs until Ctrl-C. */
async function main(): Promise<void> {
  const options = readOptions(
    "npm run room -- [settings]: opens a page on which both parties ask the clean room, with a guided tour",
    settings,
    process.argv.slice(2),
  );
  const out = resolveFromCaller(options.out);
  roomFile(out);
  installAll();
  const session = await openSession(out);
  const server = await startRoomServer({ session, files: pageFiles(), port: options.port }).catch(async (error) => {
    await session.close();
    throw error;
  });
  console.log(`${server.url}  (Ctrl-C ends it)`);
  if (!options.noOpen) openBrowser(server.url);
  const end = async () => {
    await server.close();
    await session.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
}

await runMain(main);
