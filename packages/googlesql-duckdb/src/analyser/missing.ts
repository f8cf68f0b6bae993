import { SqlError, UnsupportedSql } from "../errors.ts";
import { offsetOf } from "./node.ts";

/** The advice for queries that use GEOGRAPHY. */
export const insteadOfGeography = "Share latitude and longitude as FLOAT64, or a name of the place.";

/** An error of the analyser about a name that it lacks. */
interface Report {
  /** Finds the name in the error's message. */
  readonly message: RegExp;
  /** The kind of name, as the message calls it: "function", "table" or "name". */
  readonly what: string;
  /** The names that BigQuery has, with what to write instead. */
  readonly names: readonly (readonly [name: RegExp, advice: string])[];
}

const missing: readonly Report[] = [
  {
    message: /^(?:Table-valued f|F)unction not found: (?:SAFE\.)?([\w.`]+)/i,
    what: "function",
    names: [
      [/^MAX_BY$/, "Write ANY_VALUE(x HAVING MAX y) for MAX_BY(x, y)."],
      [/^MIN_BY$/, "Write ANY_VALUE(x HAVING MIN y) for MIN_BY(x, y)."],
      [/^COLLATE$/, "Compare LOWER(x) with LOWER(y)."],
      [/^(ST|S2)_/, insteadOfGeography],
      [
        /^GAP_FILL$/,
        "Join the days to the groups: FROM UNNEST(GENERATE_DATE_ARRAY(first, last)) AS day LEFT JOIN groups USING (day).",
      ],
      [
        /^RANGE_SESSIONIZE$/,
        "Mark the first range of each session: RANGE_START(x) > MAX(RANGE_END(x)) OVER (PARTITION BY key ORDER BY RANGE_START(x) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING).",
      ],
      [/^SEARCH$/, "Write REGEXP_CONTAINS(LOWER(x), r'\\bword\\b')."],
      [/^TEXT_ANALYZE$/, "Write REGEXP_EXTRACT_ALL(LOWER(x), r'\\w+')."],
      [/^(BAG_OF_WORDS|TF_IDF)$/, "Count the words with FROM UNNEST(words) AS word … GROUP BY word."],
      [/^DLP_/, "Write TO_HEX(SHA256(x)), which hides a value for good."],
      [
        /^(APPENDS|CHANGES)$/,
        "DuckDB keeps no earlier versions of a table: filter by a column with the time of the change.",
      ],
      [/^EXTERNAL_QUERY$/, "Copy the other database's rows into a table, and read that."],
      [
        /^((ML|AI|OBJ)[.]|(VECTOR_SEARCH|EXTERNAL_OBJECT_TRANSFORM)$)/,
        "Compute its results elsewhere, store them in a table, and join that.",
      ],
    ],
  },
  {
    message: /^Table not found: (\S+?)(?:; |$)/,
    what: "table",
    names: [
      [
        /\bINFORMATION_SCHEMA[.]|[.]__TABLES__$/i,
        "Name the tables and columns themselves; the property `tables` lists them.",
      ],
      [/[*]$/, "Write SELECT * FROM a UNION ALL SELECT * FROM b, or make such a view in the database."],
    ],
  },
  {
    message: /^Unrecognized name: ([@\w]+)/,
    what: "name",
    names: [
      [/^@@/, "Write the variable's value as a constant."],
      [
        /^_(PARTITIONTIME|PARTITIONDATE|TABLE_SUFFIX|FILE_NAME)$/i,
        "Use a column of the table, such as the date of each row.",
      ],
    ],
  },
];

/** Something that BigQuery has and the analyser reports as wrong, and what to write instead; undefined for an error of the query. */
function missingIn(
  { message }: SqlError,
  sql: string,
  from: number,
): readonly [what: string, advice: string] | undefined {
  for (const report of missing) {
    const written = report.message.exec(message)?.[1]?.replaceAll("`", "");
    if (written === undefined) continue;
    const name = report.what === "function" ? written.toUpperCase() : written;
    const advice = report.names.find(([names]) => names.test(name))?.[1];
    return advice === undefined ? undefined : [`the ${report.what} ${name}`, advice];
  }
  if (/^(Query parameter '.*' not found|Positional parameters are not supported)$/.test(message))
    return ["a query parameter", "Write its value in its place."];
  // The syntax error is at this word in pipe syntax, and right after it elsewhere.
  const until = message.endsWith("MATCH_RECOGNIZE") ? from + "MATCH_RECOGNIZE".length : from;
  if (/^Syntax error: /.test(message) && /\bMATCH_RECOGNIZE\s*$/i.test(sql.slice(0, until)))
    return [
      "MATCH_RECOGNIZE",
      "Mark the first row of each run with LAG, number the runs with SUM(…) OVER (…), and group by that number.",
    ];
  return undefined;
}

/** Turns an error about something that BigQuery has, such as "Function not found", into "not supported". */
export function unlessMissing(error: SqlError, sql: string): SqlError | UnsupportedSql {
  const statement = statementIn(error, sql);
  if (statement !== undefined)
    return new SqlError(`Only one query can be run here: SELECT, WITH or FROM. ${statement}`, error.line, error.column);
  const { line, column } = error;
  if (line === undefined || column === undefined) return error;
  const illegal = illegalIn(error, sql.codePointAt(offsetOf(sql, { line, column })));
  if (illegal !== undefined) return new SqlError(illegal, line, column);
  const [what, advice] = missingIn(error, sql, offsetOf(sql, { line, column })) ?? [];
  return what === undefined ? error : new UnsupportedSql(what, { line, column }, advice);
}

/** The message about a character that SQL does not have, and what to write for it. The analyser's own shows only its first byte, such as "\\342". */
function illegalIn({ message }: SqlError, code: number | undefined): string | undefined {
  const said = /^(Syntax error: Illegal input character )"\\\d/.exec(message)?.[1];
  if (said === undefined || code === undefined) return undefined;
  const letter = String.fromCodePoint(code);
  if (/\p{L}/u.test(letter)) return `${said}${letter}. Write backticks around a name that has it.`;
  if (/[\p{Pi}\p{Pf}„‚′″]/u.test(letter))
    return `${said}${letter}. Write ' around a text, and a backtick around a name.`;
  return `${said}${/[\p{C}\p{Z}]/u.test(letter) ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` : letter}. Leave it out.`;
}

/** The keywords of statements that the analyser calls by another name. */
const keywords: Readonly<Record<string, string>> = {
  "SINGLE ASSIGNMENT": "SET",
  "SYSTEM VARIABLE ASSIGNMENT": "SET",
  "ASSIGNMENT FROM STRUCT": "SET",
  "AUX LOAD DATA": "LOAD DATA",
};
/** The keywords that begin a statement of a script, and that the analyser does not expect. */
const scripting = "DECLARE|IF|LOOP|WHILE|RAISE|RETURN|BREAK|CONTINUE|CASE|FOR|REPEAT";

/** A sentence about the statement that is no query; undefined for another error. */
function statementIn({ message, line, column }: SqlError, sql: string): string | undefined {
  if (/^Syntax error: Expected end of input but got /.test(message) && line && column)
    if (sql.slice(0, offsetOf(sql, { line, column })).trimEnd().endsWith(";"))
      return "Leave out what follows the semicolon, or ask it afterwards.";
  const [, kind] = /^Statement not supported: (\w+?)(?:Statement|Stmt)?$/.exec(message) ?? [];
  const [, keyword] = new RegExp(`^Syntax error: Unexpected keyword (${scripting})\\b`).exec(message) ?? [];
  if (kind === undefined && (keyword === undefined || line !== 1 || column !== 1)) return undefined;
  const written = keyword ?? kind?.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
  const name = written === undefined ? "" : (keywords[written] ?? written);
  if (/^CREATE.* FUNCTION$/.test(name)) return `Write the function's expression in place of ${name}.`;
  if (/^(CREATE|INSERT|UPDATE|DELETE|MERGE|DROP|ALTER|TRUNCATE)\b/.test(name))
    return `${name} would change data. Write a WITH clause for rows that a query needs.`;
  if (new RegExp(`^(${scripting}|SET|BEGIN|CALL|EXECUTE IMMEDIATE)$`).test(name))
    return `${name} belongs to a script. Write constants, WITH clauses or subqueries for its values.`;
  return `${name} is another statement.`;
}

/** Whole strings, quoted names and comments, calls of MAX_BY and MIN_BY, and the signs between the arguments of a call. */
const tokens =
  /("""|'''|["'`])(?:\\[\s\S]|(?!\1)[\s\S])*\1|--.*|#.*|\/\*[\s\S]*?\*\/|(?<![.\w])(MAX|MIN)_BY\s*\(|[(),[\]]/gi;

/** A query with `ANY_VALUE(x HAVING MAX y)`, its longer form, for each `MAX_BY(x, y)`, and the same for MIN_BY; undefined if it has none. */
function inLongForm(sql: string): string | undefined {
  const edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  const open: { from: number; to: number; most?: string | undefined; comma?: number }[] = [];
  for (const { 0: token, 2: most, index } of sql.matchAll(tokens)) {
    if (most || token === "(" || token === "[") open.push({ from: index, to: index + token.length, most });
    // The last comma counts: STRUCT<a INT64, b INT64>(1, 2) has one before it.
    const inner = open.at(-1);
    if (inner && token === ",") inner.comma = index;
    if (token !== ")" && token !== "]") continue;
    open.pop();
    if (inner?.most === undefined || inner.comma === undefined) continue;
    edits.push({ ...inner, text: "ANY_VALUE(" });
    edits.push({ from: inner.comma, to: inner.comma + 1, text: ` HAVING ${inner.most}` });
  }
  if (edits.length === 0) return undefined;
  edits.sort((one, other) => other.from - one.from);
  return edits.reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), sql);
}

/** BigQuery's other names for INT64, which the analyser lacks. */
const otherNames = /^Type not found: (INT|INTEGER|SMALLINT|BIGINT|TINYINT|BYTEINT)$/i;

/**
 * A query that BigQuery accepts and the analyser does not, in words that the analyser accepts; undefined for another error: a bare NULL
 * beside LIKE has no type for the analyser, INT64 has other names, and MAX_BY is missing.
 */
export function reworded(sql: string, { message, line, column }: SqlError): string | undefined {
  const isOfNull = /^Operands of (NOT )?LIKE cannot be literal NULL/.test(message);
  if (/^Function not found: M(AX|IN)_BY\b/i.test(message)) return inLongForm(sql);
  const from = isOfNull ? "NULL" : otherNames.exec(message)?.[1];
  if (from === undefined || !line || !column) return undefined;
  const offset = offsetOf(sql, { line, column });
  if (!new RegExp(`^${from}\\b`, "i").test(sql.slice(offset))) return undefined;
  return `${sql.slice(0, offset)}${isOfNull ? "CAST(NULL AS STRING)" : "INT64"}${sql.slice(offset + from.length)}`;
}
