import { startSoon } from "googlesql-duckdb/soon";

/* Imported by command.mjs before the command itself: the analyser loads on a thread of its own while the command's modules load here. */

startSoon();
