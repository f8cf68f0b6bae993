/** Statements that a person typed, and the beginning of the next one. */
export interface Typed {
  /** Each without its semicolon, and never empty. */
  readonly complete: readonly string[];
  readonly rest: string;
}

/** Strings, quoted names and comments, in which a semicolon does not end a statement. An unclosed one reaches to the end. */
const skipped =
  /("""|''')(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|$)|"(?:\\[\s\S]|[^"\\\n])*(?:"|$)|'(?:\\[\s\S]|[^'\\\n])*(?:'|$)|`[^`\n]*(?:`|$)|--[^\n]*|#[^\n]*|\/\*(?:(?!\*\/)[\s\S])*(?:\*\/|$)|;/g;

/** Whether text has nothing but spaces and whole comments. */
export function isOnlyComments(text: string): boolean {
  const isClosed = (found: string) => !found.startsWith("/*") || /^\/\*[\s\S]*\*\/$/.test(found);
  const rest = text.replace(skipped, (found) => (/^(--|#|\/\*)/.test(found) && isClosed(found) ? "" : found));
  return rest.trim() === "";
}

/**
 * Splits text at the semicolons that end statements.
 * @example
 * statementsIn("SELECT ';'; SELECT"); // { complete: ["SELECT ';'"], rest: " SELECT" }
 */
export function statementsIn(text: string): Typed {
  const complete: string[] = [];
  let from = 0;
  for (const found of text.matchAll(skipped)) {
    if (found[0] !== ";") continue;
    const statement = text.slice(from, found.index).trim();
    if (statement !== "") complete.push(statement);
    from = found.index + 1;
  }
  return { complete, rest: text.slice(from) };
}
