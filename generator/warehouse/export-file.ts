import { createReadStream } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { messageOf, UserError } from "../errors.ts";
import { columnNames, type Table } from "../tables/table.ts";
import { type CsvForm, commaForm, readRecords } from "./read-csv.ts";

/** An export's file, as its first bytes show it. */
export interface ExportFile {
  readonly path: string;
  readonly format: "csv" | "parquet" | "json";
  /** How the objects of a JSON file follow one another, in DuckDB's words. */
  readonly layout: "newline_delimited" | "array" | "unstructured";
  readonly gzipped: boolean;
  /** How a CSV file is written. */
  readonly form: CsvForm;
  /** The names in the first line of a CSV file, trimmed and in lower case, as BigQuery compares names; empty for other formats. */
  readonly header: readonly string[];
  /** Whether blanks stand around the names in the header of a CSV file, and so around its values. */
  readonly isPadded: boolean;
}

/** Enough for the header of any export. */
export const HEAD_BYTES = 1 << 16;
const delimiters = [",", ";", "\t", "|"] as const;

/** A column's name as a file writes it, without what nobody sees: blanks around it, and characters without a width. */
export function plainName(written: string): string {
  return written
    .replace(/\p{Cf}/gu, "")
    .trim()
    .toLowerCase();
}

/** The first bytes of files that are not tables, and what to do about each. */
const foreign: readonly { readonly begins: readonly string[]; readonly what: string }[] = [
  { begins: ["version https://git-lfs"], what: "is a Git LFS pointer and not the data: run git lfs pull" },
  { begins: ["PK\x03\x04"], what: "is a zip archive or an Excel workbook: unpack it, or save it as CSV" },
  { begins: ["\xd0\xcf\x11\xe0"], what: "is an Excel workbook: save it as CSV (UTF-8)" },
  {
    begins: [
      ...["7z\xbc\xaf", "Rar!", "BZh", "\xfd7zXZ", "\x28\xb5\x2f\xfd", "]\0\0", "\x1f\x9d", '\x04"M\x18'],
      ...["\xff\x06\0\0sNaPpY", "x\x01", "x\x9c", "x\xda"],
    ],
    what: "is compressed in a way that BigQuery does not load: unpack it, or use gzip",
  },
  { begins: ["Obj\x01"], what: "is an Avro file: export CSV, JSON or Parquet" },
  { begins: ["ORC"], what: "is an ORC file: export CSV, JSON or Parquet" },
  { begins: ["ARROW1"], what: "is an Arrow file: export CSV, JSON or Parquet" },
  { begins: ["PARE"], what: "is an encrypted Parquet file: export it without encryption" },
  { begins: ["SQLite format 3"], what: "is a SQLite database: export its tables as CSV" },
  { begins: ["%PDF", "{\\rtf"], what: "is a text document and not a table: export CSV, JSON or Parquet" },
  { begins: ["<"], what: "is a web page or XML and not a table: was the download refused?" },
  { begins: ["\xff\xfe\0\0", "\0\0\xfe\xff"], what: "is in UTF-32: save it as UTF-8" },
];

/**
 * Finds out how a file of an export is written: CSV with another delimiter, in UTF-16, with Excel's `sep=` line or old line ends;
 * JSON, as lines, an array or objects over several lines; Parquet; gzip.
 * @param beginning the first `HEAD_BYTES` of the file
 * @throws UserError if the file is empty or no table, with the cure
 */
export async function examineExportFile(table: Table, path: string, beginning: Buffer): Promise<ExportFile> {
  const gzipped = isGzip(beginning);
  const head = gzipped ? unzip(path, beginning) : beginning;
  const text = head.toString("latin1");
  const shown = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  const other = foreign.find(({ begins }) => begins.some((magic) => shown.startsWith(magic)));
  if (other !== undefined) throw new UserError(`${path} ${other.what}`);
  if (text.startsWith("ustar", 257)) throw new UserError(`${path} is a tar archive: unpack it`);
  if (gzipped && isGzip(head)) throw new UserError(`${path} is compressed twice: unpack it once`);
  if (gzipped && text.startsWith("PAR1"))
    throw new UserError(`${path} is a Parquet file within gzip, which BigQuery does not load: unpack it`);
  const file = { path, gzipped, form: commaForm, layout: "newline_delimited", header: [], isPadded: false } as const;
  if (text.startsWith("PAR1")) return { ...file, format: "parquet" };
  // A header may stand in brackets: "[id],[email]".
  if (/^(\{|\[\s*[{\]])/.test(shown)) return { ...file, format: "json", layout: layoutOf(shown) };
  if (!/[^\s\ufeff]/.test(head.toString())) throw new UserError(`${path} is empty: ${emptyCure(table)}`);
  if (/^[^\r\n]*\0/.test(text) && encodingOf(head) === "utf-8")
    throw new UserError(`${path} is not a text file: export CSV, JSON or Parquet`);
  const isJson = /^(\xff\xfe|\xfe\xff)?\s*(\{|\[\s*[{\]])/.test(text.replaceAll("\0", ""));
  if (encodingOf(head) === "utf-16be" || isJson)
    throw new UserError(`${path} is in UTF-16, which works only for CSV in little-endian order: save it as UTF-8`);
  const form = await formOf(table, path, head);
  const names = await headerOf(path, head, form);
  const isPadded = names.some((name) => /^ +\S|\S +$/.test(name));
  return { ...file, format: "csv", form, header: names.map(plainName), isPadded };
}

/** An object that does not end on its line is written over several, as jq and Python do it. */
function layoutOf(text: string): ExportFile["layout"] {
  if (text.startsWith("[")) return "array";
  return /^[^\n]*\}[\s,]*(\n|$)/.test(text) || !text.includes("\n") ? "newline_delimited" : "unstructured";
}

/** How a file is written, for a message: "Parquet", "separated by ;". */
export function describeForm({ format, form, isPadded }: ExportFile): string {
  if (format !== "csv") return format === "parquet" ? "Parquet" : "JSON";
  if (form.encoding !== "utf-8") return `in ${form.encoding.toUpperCase()}`;
  if (form.skip > 0) return "opened by lines before its header";
  if (form.newline === "\r") return "broken into lines by CR";
  if (isPadded) return "written with blanks around its values";
  return `separated by ${form.delimiter === "\t" ? "tabs" : form.delimiter}`;
}

/** Examines a file on this machine. Throws like `examineExportFile`, and if the file cannot be read or unpacked to its end. */
export async function readExportFile(table: Table, path: string): Promise<ExportFile> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: HEAD_BYTES - 1 })) chunks.push(chunk as Buffer);
  } catch (error) {
    const reason = messageOf(error);
    if (/EACCES|EPERM/.test(reason))
      throw new UserError(`${path} cannot be read (${reason}): allow reading it (chmod +r)`);
    throw new UserError(
      `${path} cannot be read (${reason}): is it a folder, or a link to a file that was moved? Put the file there`,
    );
  }
  const file = await examineExportFile(table, path, Buffer.concat(chunks));
  if (file.gzipped) await unpack(path);
  return file;
}

/** Unpacks a file to its end, and keeps nothing: DuckDB takes what is left of one that was cut short for all of it. */
async function unpack(path: string): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(path), createGunzip(), nowhere).catch((error: Error) => {
    throw damaged(path, error);
  });
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function emptyCure(table: Table): string {
  return `expected the header ${columnNames(table).join(",")}. Copy it again, or remove it if it is a shard without rows`;
}

function unzip(path: string, beginning: Buffer): Buffer {
  try {
    // The beginning of a longer file ends within its compressed data.
    return gunzipSync(beginning, beginning.length < HEAD_BYTES ? {} : { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(path, error as Error);
  }
}

function damaged(path: string, { message }: Error): UserError {
  return new UserError(`${path} cannot be unpacked (${message}): it is damaged or was cut short, so copy it again`);
}

/** UTF-16 is recognised by its byte order mark, or by zeros in every other byte of the ASCII header. */
function encodingOf(head: Buffer): CsvForm["encoding"] {
  const [first = 0, second = 0, third = 0, fourth = 0] = head;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return "utf-16le";
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return "utf-16be";
  return "utf-8";
}

async function formOf(table: Table, path: string, head: Buffer): Promise<CsvForm> {
  const encoding = encodingOf(head);
  const text = new TextDecoder(encoding).decode(head);
  const [blank = ""] = /^\ufeff?[\r\n]*/.exec(text) ?? [];
  const first = text.slice(blank.length).split(/[\r\n]/, 1)[0] ?? "";
  const told = /^"?sep=(.)"?$/i.exec(first)?.[1];
  const ending = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const newline = ending === "\r" && !text.includes("\n") ? "\r" : "\n";
  const blankLines = blank.split(newline).length - 1;
  const base = { encoding, newline, skip: blankLines + (told === undefined ? 0 : 1) } as const;
  const wanted = new Set<string>(columnNames(table));
  const candidates = told === undefined ? delimiters : delimiters.filter((delimiter) => delimiter === told);
  const scores = await Promise.all(
    candidates.map(async (delimiter) => {
      const form = { ...base, delimiter };
      const names = await headerOf(path, head, form).catch(() => []);
      return { form, hits: names.filter((name) => wanted.has(plainName(name))).length, fields: names.length };
    }),
  );
  // Most columns found; if none is, most fields, so that the message shows the file's own names.
  const [best] = scores.sort((a, b) => b.hits - a.hits || b.fields - a.fields);
  if (best === undefined)
    throw new UserError(`${path}, line 1: fields separated by "${told}" cannot be read; use a comma`);
  return best.form;
}

async function headerOf(path: string, head: Buffer, form: CsvForm): Promise<string[]> {
  for await (const { fields } of readRecords({ name: path, chunks: [head] }, form)) return fields;
  throw new UserError(`${path} is empty`);
}
