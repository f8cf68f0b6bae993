/*
 * A small module of its own, so that a program can import it before all others: the analyser loads while the program's own modules do.
 */
export { startSoon } from "./analyser/service.ts";
