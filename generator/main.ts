import { generatorCommands, runCommands } from "./commands.ts";
import { endIfFailed, runMain } from "./errors.ts";

/*
 * `npm run generate` and `npm run upload` start here. The bundle starts in report/bundle-entry.ts, which adds the
 * reports' command.
 */

await runMain(() => runCommands(generatorCommands, process.argv.slice(2)));
endIfFailed();
