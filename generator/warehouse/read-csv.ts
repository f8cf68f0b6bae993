import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../errors.ts";
import { csvHeader } from "../tables/derive.ts";
import { type ColumnType, columnNames, fullName, type Table } from "../tables/table.ts";

/** One record of a CSV file: its fields, and the line on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: string[];
}

/** The longest record in characters, as in DuckDB. */
const longestRecord = 2_000_000;

/** The years 1000 to 2999: anything else is a typing error. */
const day = "[12][0-9]{3}-[0-9]{2}-[0-9]{2}";

/**
 * The form of each type's values in CSV files, as a regular expression that means the same in JavaScript and in DuckDB: so the fast
 * load and the search for the bad value agree. A cast alone would round 1.5 to an integer and ignore a time zone.
 */
export const patterns: Record<ColumnType, string> = {
  INTEGER: "[+-]?[0-9]{1,19}",
  FLOAT64: "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?",
  NUMERIC: "[+-]?[0-9]{1,29}([.][0-9]{0,9})?",
  STRING: "",
  BOOLEAN: "true|false|True|False|TRUE|FALSE",
  DATE: day,
  TIMESTAMP: `${day}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?( UTC|Z|[+]00(:00)?)?`,
};

const forms: Record<ColumnType, string> = {
  INTEGER: "a whole number",
  FLOAT64: "a number",
  NUMERIC: "a decimal with up to 9 places",
  STRING: "text",
  BOOLEAN: "true or false",
  DATE: "a day, YYYY-MM-DD",
  TIMESTAMP: "a time in UTC, YYYY-MM-DD HH:MM:SS",
};

/** A CSV file: its name, for messages, and its content or the beginning of it. */
export interface CsvInput {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** How the bytes of a CSV file are to be read. */
export interface CsvForm {
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be";
  readonly delimiter: "," | ";" | "\t" | "|";
  /** `\n` stands for LF and CRLF. */
  readonly newline: "\n" | "\r";
  /** Lines before the header: empty ones, or Excel's `sep=;`. */
  readonly skip: number;
}

export const nulRefused = "has a NUL character (ASCII 0), which BigQuery refuses; remove it";

/** An expression for a text of a CSV file. BigQuery refuses one with a NUL character: "Bad character (ASCII 0) encountered". */
export function textOf(field: string): string {
  return `CASE WHEN contains(${field}, chr(0)) THEN error('NUL') ELSE ${field} END`;
}

/** The form of our own files, and of BigQuery's exports. */
export const commaForm: CsvForm = { encoding: "utf-8", delimiter: ",", newline: "\n", skip: 0 };

/** How to read the values of a file: the strict way matches BigQuery's load, as our own files need. */
export interface Reading {
  readonly patterns: Readonly<Record<ColumnType, string>>;
  /** Whether a value stands for NULL. */
  isEmpty(value: string, type: ColumnType): boolean;
  /** The part of a value that must fit the pattern. */
  partOf(value: string): string;
}

const strict: Reading = { patterns, isEmpty: (value) => value === "", partOf: (value) => value };

/** Opens a CSV file on this machine. Throws UserError if there is none. */
export async function openCsv(path: string): Promise<CsvInput> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UserError(`${path} does not exist: check the path, or make the file again`);
  if (!found.isFile()) throw new UserError(`${path} must be a CSV file, but is a folder: move it away`);
  return { name: path, chunks: createReadStream(path) };
}

/**
 * Reads the header of a CSV file and compares it with the table's columns. Returns the file's columns in their order.
 * Throws UserError if the file is empty or belongs to another table. A column that the table does not have is an error too, unless
 * extra columns are ignored.
 */
export async function readHeader(table: Table, file: CsvInput, extraColumns?: "ignore"): Promise<string[]> {
  const wanted: string[] = columnNames(table);
  const expected = `expected the header ${csvHeader(table)}`;
  let header: string[] | undefined;
  for await (const { line, fields } of readRecords(file)) {
    if (line > 1) throw new UserError(`${file.name}, line 1: is empty; ${expected}`);
    header = fields;
    break;
  }
  if (header === undefined) throw new UserError(`${file.name} is empty: ${expected}`);
  const columns = header;

  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length === wanted.length)
    throw new UserError(`${file.name} is not a CSV of ${fullName(table)}: ${expected}`);
  if (missing.length > 0) throw new UserError(`${file.name}, line 1: no column ${missing.join(", ")}; ${expected}`);
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new UserError(`${file.name}, line 1: column ${twice} appears twice; ${expected}`);
  const extra = columns.filter((name) => !wanted.includes(name));
  if (extra.length > 0 && extraColumns !== "ignore")
    throw new UserError(`${file.name}, line 1: unknown column ${extra.join(", ")}; ${expected}`);
  return columns;
}

/**
 * Finds the first value of a CSV file that does not fit the table, and says where it is and what belongs there; undefined if every
 * value fits. DuckDB's reader is much faster, so call this only after DuckDB has refused the file.
 * @param nameOf the name of a column, from that in the header
 */
export async function findFault(
  table: Table,
  file: CsvInput,
  form = commaForm,
  reading = strict,
  nameOf = (name: string) => name,
): Promise<string | undefined> {
  let columns: string[] | undefined;
  try {
    for await (const { line, fields } of readRecords(file, form)) {
      if (columns === undefined) {
        columns = fields.map(nameOf);
        continue;
      }
      const at = `${file.name}, line ${line}`;
      if (fields.length !== columns.length)
        return `${at}: ${fields.length === 1 ? "1 field" : `${fields.length} fields`} where the header has ${columns.length}; is the file cut off or edited?`;
      const names = columns;
      if (fields.every((value, index) => nameOf(value) === names[index]))
        return `${at}: has the header again; remove this line`;
      for (const [index, value] of fields.entries()) {
        const name = columns[index] ?? "";
        if (value.includes("\uFFFD")) return `${at}, column ${name}: not UTF-8 text; save the file as UTF-8`;
        if (value.includes("\0")) return `${at}, column ${name}: ${nulRefused}`;
        const column = table.columns[name];
        const empty = column !== undefined && reading.isEmpty(value, column.type);
        if (column === undefined || (empty && column.mode === "NULLABLE")) continue;
        if (empty) return `${at}, column ${name}: empty, but every row needs ${forms[column.type]}`;
        if (!fits(reading.partOf(value), column.type, reading))
          return `${at}, column ${name}: ${misfit(value, column.type)}`;
      }
    }
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return undefined;
}

/** How to write values that spreadsheets, pandas and databases often write another way. */
const cures: readonly (readonly [type: RegExp, value: RegExp, cure: string])[] = [
  [
    /TIMESTAMP|DATE/,
    /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b/,
    "write the year first, because day and month can be mistaken",
  ],
  [/TIMESTAMP/, /^\d{9,19}([.]\d*)?$/, "this may count seconds or their parts since 1970, so export it as a time"],
  [/TIMESTAMP/, /:\d\d[.]\d{7}/, "round it to microseconds"],
  [/TIMESTAMP/, /[ap][.]?m[.]?$/i, "write hours from 00 to 23"],
  [/TIMESTAMP/, / (?!UTC|GMT)[A-Z]{3,4}$/, "write the zone as an offset such as +02:00 or a name such as Europe/Kyiv"],
  [
    /INTEGER/,
    /^[+-]?\d[.,]?\d*e\+?\d+$/i,
    "a spreadsheet has rounded it, so export it from where it came from, as text",
  ],
  [/INTEGER/, /\d/, "write digits alone, and no number beyond 9223372036854775807"],
  [/FLOAT64|NUMERIC/, /\d/, "write digits and a decimal point, without thousands separators, units or currency"],
];

/** Says what a value is not, and how to write it. */
export function misfit(value: string, type: ColumnType): string {
  const cure = cures.find(([types, form]) => types.test(type) && form.test(value.trim()))?.[2];
  const hidden = /[\p{Cf}\p{Cc}]/u.exec(value)?.[0];
  const unseen = hidden && `remove the invisible character ${codePoint(hidden)}`;
  const advice = unseen ?? cure;
  return `"${shorten(value)}" is not ${type} (${forms[type]})${advice === undefined ? "" : `: ${advice}`}`;
}

/** A character as Unicode names it, such as U+FEFF. */
function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function fits(value: string, type: ColumnType, reading: Reading): boolean {
  if (type === "STRING") return true;
  if (!new RegExp(`^(${reading.patterns[type]})$`).test(value)) return false;
  if (type === "INTEGER") {
    if (/e/.test(value)) return true;
    const number = BigInt(value.replace(/^\+|\..*$/g, ""));
    return BigInt.asIntN(64, number) === number;
  }
  if (type === "FLOAT64") return Number.isFinite(Number(value));
  if (type !== "DATE" && type !== "TIMESTAMP") return true;
  // JavaScript reads a day such as 30 February as a day of March.
  const written = (value.match(/\d+/g) ?? [])
    .slice(0, 3)
    .map((part) => part.padStart(2, "0"))
    .join("-");
  const instant = new Date(`${written}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(written);
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 77)}...` : value;
}

/**
 * Reads the records of a CSV file (RFC 4180, lines ended by LF or CRLF), header first. Skips empty lines, and turns bytes that are
 * not in the file's encoding into U+FFFD.
 * Throws UserError if a quote is never closed or has text behind it, or the line end changes.
 */
export async function* readRecords({ name, chunks }: CsvInput, form = commaForm): AsyncGenerator<CsvRecord> {
  const { encoding, delimiter, newline, skip } = form;
  let line = 1;
  let start = 1;
  let length = 0;
  let fields: string[] = [];
  let field = "";
  let state: "start" | "plain" | "quoted" | "closed" = "start";

  const endRecord = (): CsvRecord | undefined => {
    fields.push(state === "plain" && newline === "\n" && field.endsWith("\r") ? field.slice(0, -1) : field);
    const record = { line: start, fields };
    const blank = fields.length === 1 && fields[0] === "" && state !== "closed";
    [fields, field, state, length] = [[], "", "start", 0];
    return blank || start <= skip ? undefined : record;
  };

  let previous = "";
  let ending: boolean | undefined;
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    for (const char of decoder.decode(chunk, { stream: true })) {
      if (char === newline) line++;
      if (state !== "quoted" && newline === "\n" && previous === "\r" && char !== newline)
        throw new UserError(
          `${name}, line ${line}: has a CR that ends no line; save the file with one kind of line ending, or quote the value`,
        );
      if (++length > longestRecord) throw tooLong(name, start, state === "quoted");
      if (state === "quoted") {
        if (char === '"') state = "closed";
        else field += char;
      } else if (char === newline) {
        ending ??= previous === "\r";
        if (newline === "\n" && ending !== (previous === "\r"))
          throw new UserError(
            `${name}, line ${line - 1}: ends in another way than line 1; save the file with one kind of line ending`,
          );
        const record = endRecord();
        start = line;
        if (record !== undefined) yield record;
      } else if (char === delimiter) {
        fields.push(field);
        [field, state] = ["", "start"];
      } else if (char === '"' && state !== "plain") {
        // In a quoted value, a doubled quote stands for one.
        if (state === "closed") field += char;
        state = "quoted";
      } else if (state === "closed" && char !== "\r") {
        throw new UserError(`${name}, line ${line}: text follows a closing quote; write a quote within a value twice`);
      } else if (state !== "closed") {
        field += char;
        state = "plain";
      }
      previous = char;
    }
  }
  if (state === "quoted") throw unclosed(name, start);
  if (length > 0) {
    const record = endRecord();
    if (record !== undefined) yield record;
  }
}

function tooLong(name: string, line: number, quoted: boolean): UserError {
  const guess = quoted ? "is the closing quote of a value missing" : "are its line ends lost";
  return new UserError(
    `${name}, line ${line}: has more than ${longestRecord / 1e6} million characters; ${guess}, or is a text far too long?`,
  );
}

function unclosed(name: string, line: number): UserError {
  return new UserError(`${name}, line ${line}: a quote is opened and never closed; is the file cut off or edited?`);
}
