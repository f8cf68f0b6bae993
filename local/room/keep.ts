import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { analyserOf, openRoom, readRoom } from "analysis-rules";
import { compileToKeep, isCodeKept } from "googlesql-duckdb/tree";
import { otherParty, PARTIES } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { readUseCases } from "../../cleanroom/use-cases.ts";
import { databases } from "../output-folder.ts";
import { ROOM_FILE } from "../rehearsed-room.ts";

/*
 * Keeps data that a query of a rehearsed room would otherwise compute each time: the machine code of GoogleSQL's analyser, its memory with
 * the catalog of each party, and the bundle of the commands. It takes fifteen seconds of one processor, once, so keep-later.ts starts it in
 * the background.
 *
 *   node local/room/keep.ts FOLDER          bundle; code, unless it is there; memory
 *   node local/room/keep.ts FOLDER memory   memory alone
 */

const [folder = "", only] = process.argv.slice(2);
// Builds the bundle and loads all its modules, so that Node keeps their machine code.
const command = join(import.meta.dirname, "command.mjs");
if (only === undefined)
  spawnSync(process.execPath, [command, "query", "--as", "merchant", "--tables", "--out", folder]);
const room = readRoom(join(folder, ROOM_FILE));

if (only === undefined && !isCodeKept()) {
  compileToKeep();
  const database = join(folder, databases.cleanRoom);
  // No query runs, so no budget is spent.
  const open = await openRoom({ database, room, ledger: join(folder, "no-budget") });
  // Each query compiles the functions that it needs, and a wrong query needs other functions than a right one.
  for (const { party, sql } of readUseCases()) await open.check(party, sql).catch(() => {});
  for (const template of templates) await open.check(otherParty(template.owner), template.example()).catch(() => {});
  await open.check("merchant", "SELECT nothing FROM nowhere").catch(() => {});
  (await analyserOf(room, "merchant")).keep("code");
  await open.close();
  // Run in a process of its own that loads the kept code: if that fails, keep no memory, and queries work without it.
  const own = fileURLToPath(import.meta.url);
  process.exitCode = spawnSync(process.execPath, [...process.execArgv, own, folder, "memory"]).status ?? 1;
} else
  for (const party of PARTIES) {
    const analyser = await analyserOf(room, party);
    analyser.analyse("SELECT 1");
    analyser.keep("image");
  }
