import { type Call, literalText, only, type Translate } from "../call.ts";
import { bind, text } from "../sql.ts";

/** Regular expressions. Both use RE2. */
export const regexps: Readonly<Record<string, Translate>> = {
  regexp_contains: only(["STRING"], (call) => `regexp_matches(${call.args[0]}, ${pattern(call)})`),
  regexp_extract_all: only(["STRING"], (call) => {
    const groups = groupsOf(literalText(call, 1));
    if (groups === undefined) return call.refuse("with an optional group or several groups");
    if (call.sensitive) call.refuse("over rows of a view with a rule");
    if (mayBeEmpty(literalText(call, 1))) call.refuse("with a pattern that can match an empty string");
    return `regexp_extract_all(${call.args[0]}, ${pattern(call)}, ${groups})`;
  }),
  regexp_extract: only(["STRING"], (call) => {
    if (call.nodes.length > 2) call.refuse("with a position");
    const groups = groupsOf(literalText(call, 1));
    if (groups === undefined) return call.refuse("with an optional group or several groups");
    return bind([call.args[0] as string], (value) => {
      const found = `regexp_extract(${value}, ${pattern(call)}, ${groups})`;
      return `CASE WHEN regexp_matches(${value}, ${pattern(call)}) THEN ${found} END`;
    });
  }),
};

/** The literal pattern. DuckDB fails on a wrong one even where a SAFE function gives NULL, so Google's implementation takes those. */
export function pattern(call: Call): string {
  const written = literalText(call, 1);
  if (call.safe && !call.sensitive && mayBeWrong(written)) call.refuse("with a pattern that may be wrong");
  return text(written);
}

/** Whether a pattern is wrong in JavaScript, or has what JavaScript has and RE2 lacks. */
function mayBeWrong(expression: string): boolean {
  try {
    new RegExp(expression);
    return /\(\?[=!<]|\\[1-9cku]/.test(expression);
  } catch {
    return true;
  }
}

/** The number of groups: 0, or 1 if the group takes part in every match; undefined for other expressions. */
function groupsOf(expression: string): 0 | 1 | undefined {
  let signs = signsOf(expression);
  while (/\(\?:[^()]*\)/.test(signs)) signs = signs.replace(/\(\?:[^()]*\)/g, "x");
  const groups = groupsIn(signs);
  if (groups === 0) return 0;
  // A group that takes no part in a match is NULL in GoogleSQL, and DuckDB does not tell it from an empty one.
  return /^[^()|]*\((?!\?)[^()]*\)(?![?*{])[^()|]*$/.test(signs) ? 1 : undefined;
}

/** The number of groups in an expression. */
export function groupsIn(expression: string): number {
  return signsOf(expression).match(/\((?!\?)|\(\?P?</g)?.length ?? 0;
}

/** An expression with "x" for its escapes and classes, which may contain parentheses. */
function signsOf(expression: string): string {
  return expression.replace(/\\Q.*?(\\E|$)|\\./gs, "x").replace(/\[\^?\]?(\[:\^?\w+:\]|[^\]])*\]/g, "x");
}

/** Whether an expression may match the empty text, or seems to. DuckDB finds more empty matches than GoogleSQL. */
function mayBeEmpty(expression: string): boolean {
  try {
    return /\\[bBAzQ]|[$^]/.test(expression) || new RegExp(`^(?:${expression})$`, "u").test("");
  } catch {
    return true;
  }
}
