import { type Call, literalText, only, type Translate } from "../call.ts";
import { bind, text } from "../sql.ts";

/** Regular expressions: RE2 in both. */
export const regexps: Readonly<Record<string, Translate>> = {
  regexp_contains: only(["STRING"], (call) => `regexp_matches(${call.args[0]}, ${pattern(call)})`),
  regexp_extract_all: only(["STRING"], (call) => {
    const groups = groupsOf(literalText(call, 1));
    if (groups === undefined) return call.refuse("of a group that may be left out, or of several");
    if (call.sensitive) call.refuse("over rows of a protected view");
    if (mayBeEmpty(literalText(call, 1))) call.refuse("of what may be empty");
    return `regexp_extract_all(${call.args[0]}, ${pattern(call)}, ${groups})`;
  }),
  regexp_extract: only(["STRING"], (call) => {
    if (call.nodes.length > 2) call.refuse("with a position");
    const groups = groupsOf(literalText(call, 1));
    if (groups === undefined) return call.refuse("of a group that may be left out, or of several");
    return bind([call.args[0] as string], (value) => {
      const found = `regexp_extract(${value}, ${pattern(call)}, ${groups})`;
      return `CASE WHEN regexp_matches(${value}, ${pattern(call)}) THEN ${found} END`;
    });
  }),
};

function pattern(call: Call): string {
  return text(literalText(call, 1));
}

/** How many groups a regular expression captures: none, or one that takes part in every match; undefined for others. */
function groupsOf(expression: string): 0 | 1 | undefined {
  let signs = expression.replace(/\\Q.*?(\\E|$)|\\./gs, "x").replace(/\[\^?\]?(\[:\^?\w+:\]|[^\]])*\]/g, "x");
  while (/\(\?:[^()]*\)/.test(signs)) signs = signs.replace(/\(\?:[^()]*\)/g, "x");
  const groups = signs.match(/\((?!\?)|\(\?P?</g)?.length ?? 0;
  if (groups === 0) return 0;
  // Of others DuckDB does not tell an empty group from one left out, which is NULL.
  return /^[^()|]*\((?!\?)[^()]*\)(?![?*{])[^()|]*$/.test(signs) ? 1 : undefined;
}

/** Whether an expression may match nothing, as far as can be told: of that DuckDB finds more than GoogleSQL does. */
function mayBeEmpty(expression: string): boolean {
  try {
    return /\\[bBAzQ]|[$^]/.test(expression) || new RegExp(`^(?:${expression})$`, "u").test("");
  } catch {
    return true;
  }
}
