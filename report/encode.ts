import { gzipSync } from "node:zlib";
import { UserError } from "../generator/errors.ts";
import { DATA_MARK } from "./mark.ts";
import type { Report } from "./report.ts";

/** A report as a page holds it: JSON, gzipped, in base 64, which needs no escaping in HTML. */
export function encodeReport(report: Report<unknown>): string {
  return gzipSync(JSON.stringify(report)).toString("base64");
}

/** The page with its data. Throws UserError where the page has no one place for it. @param name the file, for the message */
export function fillPage(name: string, template: string, report: Report<unknown>): string {
  const [before, after, ...more] = template.split(DATA_MARK);
  if (before === undefined || after === undefined || more.length > 0)
    throw new UserError(`${name} has not exactly one ${DATA_MARK} for its data: build the pages again (npm run build)`);
  return `${before}${encodeReport(report)}${after}`;
}
