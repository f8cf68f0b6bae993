import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateSync, gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { thelook } from "../../../generator/tables/merchant.ts";
import { rewriteExport } from "../../../generator/thelook/rewrite-export.ts";
import { openSource } from "../../../generator/thelook/source.ts";
import { describeForm, examineExportFile } from "../../../generator/warehouse/export-file.ts";
import type { ResultRow } from "../../../generator/warehouse/warehouse.ts";
import { userError } from "../../support/user-error.ts";
import { emptyWarehouse, temporaryFolder } from "./merchant.ts";

const header = {
  users:
    "id,first_name,last_name,email,age,gender,state,street_address,postal_code,city,country,latitude,longitude,traffic_source,created_at",
  orders: "order_id,user_id,status,gender,created_at,returned_at,shipped_at,delivered_at,num_of_item",
  order_items:
    "id,order_id,user_id,product_id,inventory_item_id,status,created_at,shipped_at,delivered_at,returned_at,sale_price",
};
/** An export as BigQuery writes it: two users, one of them in a city with an umlaut, an order each, one returned. */
const plain: Readonly<Record<string, string>> = {
  users: `${header.users}
1,Ann,Ott,ann@example.com,25,F,Saxony,1 First Street,01067,Görlitz,Germany,50.5,19.25,Search,2025-03-01 08:05:09 UTC
2,Bo,Ek,bo@example.com,,M,Dalarna,2 Second Street,79131,Falun,Sweden,-8.5,,Email,2025-03-02 09:05:09.250000 UTC
`,
  orders: `${header.orders}
11,1,Complete,F,2025-03-04 08:05:09 UTC,,2025-03-05 08:05:09 UTC,2025-03-07 08:05:09 UTC,1
12,2,Returned,M,2025-03-05 09:05:09 UTC,2025-03-09 09:05:09 UTC,2025-03-06 09:05:09 UTC,2025-03-08 09:05:09 UTC,1
`,
  order_items: `${header.order_items}
21,11,1,7,31,Complete,2025-03-04 08:05:09 UTC,2025-03-05 08:05:09 UTC,2025-03-07 08:05:09 UTC,,10.5
22,12,2,,32,Returned,2025-03-05 09:05:09 UTC,2025-03-06 09:05:09 UTC,2025-03-08 09:05:09 UTC,2025-03-09 09:05:09 UTC,8
`,
};

type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string } | { readonly pipe: true }>>;

/** The three files, each changed and named by a function. */
const files = (
  change: (text: string, file: string) => string | Uint8Array,
  nameOf = (file: string) => `${file}.csv`,
): Files => Object.fromEntries(Object.entries(plain).map(([file, text]) => [nameOf(file), change(text, file)]));
const named = (nameOf: (file: string) => string) => files((text) => text, nameOf);
const times = (replacement: string) =>
  files((text) => text.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.25)?(0000)? UTC/g, replacement));
const headers = (change: (name: string) => string) =>
  files((text) => text.replace(/^.*/, (line) => line.split(",").map(change).join(",")));
const only = (file: string, change: (text: string) => string | Uint8Array) =>
  files((text, of) => (of === file ? change(text) : text));
const withoutColumns = (names: readonly string[]) =>
  files((text) => {
    const rows = text
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const kept = (rows[0] ?? []).map((name) => !names.includes(name));
    return `${rows.map((row) => row.filter((_, index) => kept[index]).join(",")).join("\n")}\n`;
  });

/** A table as JSON lines. */
function jsonOf(csv = ""): string {
  const [names = [], ...rows] = csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  return rows
    .map((row) => `${JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], value])))}\n`)
    .join("");
}

/** A table as the objects of its JSON lines, in one text. */
function objectsOf(csv: string, write: (objects: unknown[]) => string): string {
  const lines = jsonOf(csv).trim().split("\n");
  return write(lines.map((line) => JSON.parse(line)));
}

/** A table with its last row a thousand times, in gzip without compression, and cut short at the end of a row. */
function cutAtRow(text: string): Buffer {
  const last = `${text.trim().split("\n").at(-1)}\n`;
  const whole = gzipSync(text + last.repeat(1_000), { level: 0 });
  // The last 8 bytes are gzip's own.
  return whole.subarray(0, whole.length - 8 - last.length);
}

/** The first rows of each table in a part of their own, further parts without rows. */
function inParts(count: number): Files {
  const parts = Object.entries(plain).flatMap(([file, text]) => {
    const [names = "", ...rows] = text.split("\n");
    return Array.from({ length: count }, (_, part) => [
      `${file}/part-${String(part).padStart(5, "0")}-5f3a-c000.csv`,
      `${names}\n${rows[part] ?? ""}\n`,
    ]);
  });
  return Object.fromEntries(parts);
}

/** Shards with a header and one row each. */
function inShards(nameOf: (file: string, shard: number) => string): Files {
  const shards = Object.entries(plain).flatMap(([file, text]) => {
    const [names = "", ...rows] = text.trim().split("\n");
    return rows.map((row, shard) => [nameOf(file, shard), `${names}\n${row}\n`]);
  });
  return Object.fromEntries(shards);
}

/** Shards of JSON lines with one row each, without the fields that are empty, as BigQuery writes. */
function jsonShards(): Files {
  const shards = Object.entries(plain).flatMap(([file, text]) =>
    jsonOf(text)
      .trim()
      .split("\n")
      .map((line, shard) => [`${file}-00000000000${shard}.json`, line.replaceAll(/"\w+":"",/g, "")]),
  );
  return Object.fromEntries(shards);
}

/** Exports that give the same rows as the plain one. */
const same: Readonly<Record<string, Files>> = {
  "shards as BigQuery numbers them": named((file) => `${file}-000000000000.csv`),
  gzip: files(
    (text) => gzipSync(text),
    (file) => `${file}.csv.gz`,
  ),
  "gzip under the name of plain CSV": files((text) => gzipSync(text)),
  "capital letters in file names": named((file) => `${file.toUpperCase()}.CSV`),
  "a prefix before each file's name": named((file) => `thelook_ecommerce.${file}.csv`),
  "the second download of a browser": named((file) => `${file} (1).csv`),
  "a format that Windows has hidden": named((file) => `${file}.csv.txt`),
  "one folder down, beside other files": { ...named((file) => `export/${file}.csv`), "README.md": "# Export" },
  "folders of part files, as Spark writes": {
    ...named((file) => `${file}.csv/part-00000-5f3a.csv`),
    "users.csv/_SUCCESS": "",
    "users.csv/.part-00000-5f3a.csv.crc": "x",
  },
  semicolons: files((text) => text.replaceAll(",", ";")),
  tabs: files(
    (text) => text.replaceAll(",", "\t"),
    (file) => `${file}.tsv`,
  ),
  'Excel\'s line "sep=;"': files((text) => `sep=;\r\n${text.replaceAll(",", ";").replaceAll("\n", "\r\n")}`),
  "UTF-16, as Excel's Unicode text": files((text) => Buffer.from(`\ufeff${text}`, "utf16le")),
  "a byte order mark and CRLF": files((text) => `\ufeff${text.replaceAll("\n", "\r\n")}`),
  "lines that end in CR alone": files((text) => text.replaceAll("\n", "\r")),
  "empty lines before the header": files((text) => `\r\n\r\n${text.replaceAll("\n", "\r\n")}`),
  "column names in capitals": headers((name) => name.toUpperCase()),
  "column names with blanks around": headers((name) => ` ${name} `),
  "quoted column names": headers((name) => `"${name}"`),
  "times in ISO 8601": times("$1T$2$3Z"),
  "times without a zone": times("$1 $2$3"),
  "times with the offset +0000": times("$1 $2$3 +0000"),
  "times with nine decimal places": files((text) =>
    text.replace(/:09 UTC/g, ":09.000000000 UTC").replace(/250000 UTC/g, "250000000 UTC"),
  ),
  "NULL for an empty field": files((text) => text.replace(/,(?=,)/g, ",NULL")),
  "\\N for an empty field": files((text) => text.replace(/,(?=,)/g, ",\\N")),
  "NaN for an empty number": files((text) => text.replace(/,(?=,)/g, ",NaN")),
  "the words of Excel and of database tools for an empty number": files((text) =>
    text.replace(",2,,32,", ",2,(null),32,").replace(",,M,", ",#N/A,M,").replace("-8.5,,", "-8.5,[NULL],"),
  ),
  "names without a format": named((file) => file),
  "compressed names without a format": files(
    (text) => gzipSync(text),
    (file) => `${file}-000000000000.gz`,
  ),
  "shards numbered behind the format": named((file) => `${file}.csv000000000000`),
  "shards as Snowflake numbers them": named((file) => `${file}_0_0_0.csv`),
  "shards as Redshift numbers them": named((file) => `${file}0000_part_00.csv`),
  "a shard for each user, with short numbers": inShards((file, shard) => `${file}-${shard + 1}.csv`),
  "shards with three digits, as Redshift numbers files one after another": inShards(
    (file, shard) => `${file}00${shard}`,
  ),
  "parts as Athena names them": inShards((file, shard) => `${file}/20250301_080509_0000${shard}_abcde_5b6a-7980`),
  "parts as Glue names them": inShards((file, shard) => `${file}/run-1740816309000-part-r-0000${shard}`),
  "parts as Dask numbers them": named((file) => `${file}/part.0.csv`),
  "names without an underscore": named((file) => `${file.replace("_i", "I")}.csv`),
  "the second download, without a blank": named((file) => `${file}(1).csv`),
  "characters without a width in column names": headers((name) => `\u00a0${name}\u200b`),
  "days with slashes, the year first": files((text) => text.replace(/(\d{4})-(\d\d)-(\d\d) /g, "$1/$2/$3 ")),
  "times in small letters and hours without a zero": files((text) =>
    text.replace(/(\d) 0(\d:\d\d:\d\d[.\d]*) UTC/g, "$1t$2z"),
  ),
  "names with the minute of the export, as DBeaver gives": named((file) => `${file}_202503010805.csv`),
  "names with the day of the export": named((file) => `${file}-2025-03-01.csv`),
  "a day in the names, before the shards' numbers": named((file) => `${file}_20250301-000000000000.csv`),
  "an older file with its day, beside the file": { ...plainFiles(), "users_20240301.csv": "id\n" },
  "two hundred parts, as many as Spark makes": inParts(200),
  "shards of JSON lines, one without any value of a column": jsonShards(),
  "blanks behind the commas": files((text) => text.replaceAll(",", ", ")),
  "columns padded with blanks, some of them quoted": files((text) =>
    text.replaceAll(",", " , ").replace(/ (Saxony|Dalarna) /g, ' "$1"'),
  ),
  "a JSON array, as pandas and database tools write": files(
    (text) => `\ufeff${objectsOf(text, (objects) => JSON.stringify(objects, null, 2))}`,
    (file) => `${file}.json`,
  ),
  "a JSON array on one line, in gzip": files(
    (text) => gzipSync(objectsOf(text, JSON.stringify)),
    (file) => `${file}.json.gz`,
  ),
  "JSON objects over several lines, as jq writes": files(
    (text) => objectsOf(text, (objects) => objects.map((object) => JSON.stringify(object, null, 2)).join("\n")),
    (file) => `${file}.json`,
  ),
  "whole numbers as 1.0": files((text) => text.replace(/^(\d+),(?=\d)/gm, "$1.0,").replace(/,(\d\d?),/g, ",$1.0,")),
};

/** Exports that are refused, and the message that says so. */
const refused: Readonly<Record<string, readonly [Files, RegExp]>> = {
  "decimal commas": [
    files((text) => text.replaceAll(",", ";").replaceAll("50.5", "50,5")),
    /users\.csv, line 2, column latitude: "50,5" is not FLOAT64.*separated by ;.*save it as CSV with commas/,
  ],
  "days written another way": [
    only("orders", (text) => text.replaceAll("2025-03-04", "04.03.2025")),
    /orders\.csv, line 2, column created_at: "04\.03\.2025 08:05:09 UTC" is not TIMESTAMP/,
  ],
  "seconds since 1970": [
    only("users", (text) => text.replace("2025-03-01 08:05:09 UTC", "1740816309")),
    /created_at: "1740816309" is not TIMESTAMP/,
  ],
  "times with nanoseconds": [times("$1 $2.123456789"), /is not TIMESTAMP .*: round it to microseconds/],
  "an object around the rows": [
    files((text) => `{"SELECT * FROM t": [\n${jsonOf(text).trim().replaceAll("\n", ",")}\n]}`),
    /users\.csv is not a table merchant\.users: it has no column by such a name, and needs id/,
  ],
  "a JSON array in UTF-16": [
    files((text) => Buffer.from(`\ufeff${objectsOf(text, JSON.stringify)}`, "utf16le")),
    /users\.csv is in UTF-16, which works only for CSV in little-endian order: save it as UTF-8/,
  ],
  "milliseconds since 1970, as pandas writes to JSON": [
    { ...plainFiles(), "users.csv": jsonOf(plain.users).replace('"2025-03-01 08:05:09 UTC"', "1740816309000") },
    /users\.csv, row 1, column created_at: "1740816309000" is not TIMESTAMP \(a time.*may count seconds.*export it as a time/,
  ],
  "days with the month first": [
    only("users", (text) => text.replace("2025-03-01", "3/1/2025")),
    /created_at: "3\/1\/2025 08:05:09 UTC" is not TIMESTAMP .*: write the year first/,
  ],
  "hours with AM or PM": [times("$1 $2 PM"), /"2025-03-01 08:05:09 PM" is not TIMESTAMP .*: write hours from 00 to 23/],
  "a time zone by its letters": [times("$1 $2 EST"), /EST" is not TIMESTAMP .*: write the zone as an offset such as/],
  "a price with its currency": [
    only("order_items", (text) => text.replace("10.5", "$10.50")),
    /sale_price: "\$10\.50" is not FLOAT64 .*: write digits and a decimal point, without.* currency/,
  ],
  "an id that is no number": [
    only("orders", (text) => text.replace(/^11,/m, "5f3a1b2c-1d2e,")),
    /order_id: "5f3a1b2c-1d2e" is not INTEGER .*: write digits alone/,
  ],
  "a second that no minute has": [
    only("users", (text) => text.replace("08:05:09", "08:05:60")),
    /users\.csv, line 2, column created_at: "2025-03-01 08:05:60 UTC" is not TIMESTAMP/,
  ],
  "a time zone that does not exist": [
    only("users", (text) => text.replace("05:09 UTC", "05:09 Europe/Nowhere")),
    /users\.csv, row 1, column created_at: "2025-03-01 08:05:09 Europe\/Nowhere" is not TIMESTAMP/,
  ],
  "a wrong value behind one with blanks around": [
    only("users", (text) => text.replace(",25,", ", 25 ,").replace(",-8.5,", ",south,")),
    /users\.csv, line 3, column latitude: "south"/,
  ],
  "a title above the header": [
    files((text) => `Users\u0001of today\n${text}`),
    /users\.csv is not a table merchant\.users: it has users\ufffdof today, and needs id, email.*Its first line must be a header/,
  ],
  "days with slashes that are in no calendar": [
    only("users", (text) => text.replace("2025-03-01", "2025/02/30")),
    /users\.csv, line 2, column created_at: "2025\/02\/30 08:05:09 UTC" is not TIMESTAMP/,
  ],
  "an hour without minutes": [times("$1 08"), /created_at: "2025-03-01 08" is not TIMESTAMP/],
  "the header in the middle": [
    files((text) => text.replace(/^(.*\n)(.*\n)/, "$1$2$1")),
    /users\.csv, line 3: has the header again; remove this line/,
  ],
  "lines that end in CR CR LF": [
    files((text) => text.replaceAll("\n", "\r\r\n")),
    /users\.csv, line 1: has a CR that ends no line; save/,
  ],
  "a shard without a header": [
    { ...plainFiles(), "users.csv": String(plain.users).replace(/.*\n/, "") },
    /users\.csv is not a table.*Its first line must be a header/,
  ],
  "a file without anything": [
    files((_, file) => (file === "users" ? " \n\n" : "")),
    /users\.csv is empty: expected the header id,.*Copy it again, or remove it if it is a shard without rows/,
  ],
  "gzip within gzip": [files((text) => gzipSync(gzipSync(text))), /users\.csv is compressed twice: unpack it once/],
  "gzip with something behind it": [
    files((text) => Buffer.concat([gzipSync(text), Buffer.alloc(512)])),
    /users\.csv, column id cannot be read \(.*GZIP.*copy it again/,
  ],
  "gzip that is damaged": [
    files(() => Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8])),
    /users\.csv cannot be unpacked \(.*\): it is damaged or was cut short, so copy it again/,
  ],
  "gzip that was cut short after its header": [
    files((text) => gzipSync(text).subarray(0, 80)),
    /users\.csv cannot be unpacked \(unexpected end of file\): it is damaged or was cut short, so copy it again/,
  ],
  "gzip that was cut short at the end of a row": [
    only("order_items", cutAtRow),
    /order_items\.csv cannot be unpacked \(unexpected end of file\).*was cut short/,
  ],
  "JSON within gzip that was cut short": [
    { ...plainFiles(), "users.csv": cutAtRow(jsonOf(plain.users)) },
    /users\.csv cannot be unpacked \(unexpected end of file\).*was cut short/,
  ],
  "a tar archive under the name of CSV": [
    files((text) => `users.csv${"\0".repeat(248)}ustar${text}`),
    /users\.csv is a tar archive: unpack it/,
  ],
  "UTF-32": [
    files((text) => Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from(text, "utf16le")])),
    /users\.csv is in UTF-32: save it as UTF-8/,
  ],
  "Parquet within gzip": [files(() => gzipSync("PAR1...")), /users\.csv is a Parquet file within gzip.*unpack it/],
  "other columns in JSON": [files(() => '{"error":{}}'), /it has error, and needs id.*Export the table again/],
  "a NUL character in JSON": [
    { ...plainFiles(), "users.csv": jsonOf(plain.users).replace("Ann", "A\\u0000nn") },
    /users\.csv, row 1, column first_name: has a NUL character/,
  ],
  "a name twice in a JSON object": [
    { ...plainFiles(), "users.csv": jsonOf(plain.users).replace("{", '{"email":"x@example.com",') },
    /users\.csv: the column "email" stands twice in one object: keep one of them/,
  ],
  "JSON lines that are not UTF-8": [
    { ...plainFiles(), "users.csv": Buffer.from(jsonOf(plain.users), "latin1") },
    /users\.csv, line 1: not UTF-8 text; save/,
  ],
  "thousands separators": [
    only("order_items", (text) => text.replace("10.5", '"1,234.5"')),
    /order_items\.csv, line 2, column sale_price: "1,234\.5"/,
  ],
  "a fraction for a whole number": [
    only("users", (text) => text.replace(",25,", ",25.5,")),
    /users\.csv, line 2, column age: "25\.5"/,
  ],
  "more places than microseconds": [times("$1 $2.123456789 UTC"), /created_at: ".*123456789 UTC" is not TIMESTAMP/],
  "another encoding": [files((text) => Buffer.from(text, "latin1")), /users\.csv, line 2, column city: not UTF-8/],
  "a NUL character": [
    only("users", (text) => text.replace(",25,", "\0,25,")),
    /users\.csv, line 2, column email: has a NUL character \(ASCII 0\), which BigQuery refuses; remove it/,
  ],
  "column names in words": [
    headers((name) =>
      name
        .split("_")
        .map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
        .join(" "),
    ),
    /users\.csv, line 1: the column "first name" must be called first_name/,
  ],
  "a missing e-mail address": [
    withoutColumns(["email"]),
    /users\.csv, line 1: no column email; it has id, first_name.*needs id, email/,
  ],
  "a field too many at the end of a row": [
    only("order_items", (text) => text.replace(",10.5", ",10.5,")),
    /order_items\.csv, line 2: 12 fields where the header has 11/,
  ],
  "a file cut off": [
    only("orders", (text) => text.slice(0, -30)),
    /orders\.csv, line 3: \d fields where the header has 9/,
  ],
  "a compressed file cut off": [
    files(
      (text) => gzipSync(text).subarray(0, -20),
      (file) => `${file}.csv.gz`,
    ),
    /users\.csv\.gz cannot be unpacked \(unexpected end of file\).*was cut short/,
  ],
  "two files that could be one table": [
    { ...plainFiles(), "users.tsv": String(plain.users).replaceAll(",", "\t") },
    /users\.csv and users\.tsv could each be users: keep one/,
  ],
  "a file beside its compressed twin": [
    { ...plainFiles(), "users.csv.gz": gzipSync(String(plain.users)) },
    /users\.csv and users\.csv\.gz could each be users: keep one/,
  ],
  "a shard beside a file of the whole table": [
    { ...plainFiles(), "users-000000000000.csv": String(plain.users) },
    /users\.csv and users-000000000000\.csv could each be users: keep one/,
  ],
  "exports of two days": [
    { ...named((file) => `${file}_20250301.csv`), "users_20250302.csv": String(plain.users) },
    /users_20250301\.csv and users_20250302\.csv could each be users: keep one/,
  ],
  "shards of two days": [
    {
      ...named((file) => `${file}_20250301-000000000000.csv`),
      "users_20250302-000000000001.csv": String(plain.users),
    },
    /users_20250301\.csv and users_20250302\.csv could each be users: keep one/,
  ],
  "a download that is not finished": [
    { ...named((file) => (file === "users" ? "users.csv.crdownload" : `${file}.csv`)) },
    /has no users\.csv\. It has users\.csv\.crdownload: its download is unfinished, so wait for it or repeat it/,
  ],
  "a download that Safari has not finished": [
    named((file) => (file === "users" ? "users.csv.download/users.csv" : `${file}.csv`)),
    /has no users\.csv\. It has users\.csv\.download\/users\.csv: its download is unfinished/,
  ],
  "a download that aria2 has not finished": [
    { ...plainFiles(), "users.csv.aria2": "\0\u0001" },
    /has users\.csv\.aria2, so the download of users\.csv is unfinished: wait for it, or repeat it/,
  ],
  "a second file with a number": [
    { ...plainFiles(), "users-2.csv": String(plain.users) },
    /users\.csv and users-2\.csv could each be users: keep one/,
  ],
  "a missing file among numbered ones": [
    named((file) => (file === "users" ? "users-2.csv" : `${file}.csv`)),
    /lacks the shard 1 of users: copy all/,
  ],
  "LZ4 under the name of CSV": [files((text) => `\u0004"M\u0018${text}`), /users\.csv is compressed in a way/],
  "zlib under the name of CSV": [files((text) => deflateSync(text)), /users\.csv is compressed in a way/],
  "emoji in UTF-16": [
    files((text) => Buffer.from(`\ufeff${text.replace("Ann", "Ann 😀")}`, "utf16le")),
    /users\.csv, column id cannot be read \(.*\): it has characters such as emoji.*save it as UTF-8/,
  ],
  "a byte order mark in the middle, where files were joined": [
    files((text) => text.replace(/^(.*\n.*\n)/, "$1\ufeff")),
    /users\.csv, line 3, column id: ".*2" is not INTEGER .*: remove the invisible character U\+FEFF/,
  ],
  "an id with a character without a width": [
    only("users", (text) => text.replace(/^1,/m, "1\u200b,")),
    /line 2, column id: .*: remove the invisible character U\+200B/,
  ],
  "pieces of split": [
    named((file) => `${file}.csvaa`),
    /has no users\.csv.*It has order_items\.csvaa.*: name each file after its table/,
  ],
  "a copy beside the file": [
    { ...plainFiles(), "users (1).csv": String(plain.users) },
    /users \(1\)\.csv and users\.csv could each be users: keep one/,
  ],
  "two files whose names differ in capitals": [
    { ...plainFiles(), "USERS.CSV": String(plain.users) },
    /USERS\.CSV and users\.csv could each be users: keep one/,
  ],
  "a missing shard of a known number": [
    named((file) => (file === "users" ? `${file}-00000-of-00002.csv` : `${file}.csv`)),
    /lacks the shard 00001-of-00002 of users: copy all/,
  ],
  "another compression": [named((file) => `${file}.csv.bz2`), /has no users\.csv.*It has \S+\.bz2: unpack it first/],
  workbooks: [named((file) => `${file}.xlsx`), /has no users\.csv.*It has \S+\.xlsx: save it as CSV/],
  "a folder by the name of a file": [
    { ...plainFiles(), "users.csv": { link: "." } },
    /has no users\.csv\. It has order_items\.csv.*name each file after its table/,
  ],
  "folders within folders": [
    named((file) => `export/2025/03/${file}.csv`),
    /has only folders within folders: name the folder that has the files/,
  ],
  "a pipe by the name of a file": [{ ...plainFiles(), "users.csv": { pipe: true } }, /has no users\.csv/],
  "a link to a pipe": [
    { ...plainFiles(), "users.csv": { link: "pipe" }, pipe: { pipe: true } },
    /has no users\.csv. It has order_items\.csv, orders\.csv:/,
  ],
  "a link to nothing": [
    { ...plainFiles(), "users.csv": { link: "nowhere" } },
    /users\.csv cannot be read \(ENOENT.*a link to a file that was moved/,
  ],
  "JSON lines in UTF-16": [
    files(() => Buffer.from('\ufeff{"id":1}', "utf16le")),
    /users\.csv is in UTF-16, which works only for CSV in little-endian order: save it as UTF-8/,
  ],
  "a missing shard": [
    named((file) => `${file}-00000000000${file === "users" ? 1 : 0}.csv`),
    /lacks the shard 000000000000 of users: copy all/,
  ],
  "an archive": [{ "archive.zip": "PK\x03\x04" }, /has no users\.csv and no .*It has archive\.zip: unpack it first/],
  "Git LFS pointers": [
    files(() => "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
    /users\.csv is a Git LFS pointer.*git lfs pull/,
  ],
  "a workbook under the name of CSV": [
    files(() => "PK\x03\x04rest"),
    /users\.csv is a zip archive or an Excel workbook/,
  ],
  "a web page": [files(() => "<!DOCTYPE html><html>"), /users\.csv is a web page/],
  "a JSON array that is cut off": [
    files((text) => objectsOf(text, JSON.stringify).slice(0, -40)),
    /users\.csv cannot be read as JSON \(.*end of data.*was cut short/,
  ],
  "column names in brackets": [
    headers((name) => `[${name}]`),
    /users\.csv, line 1: the column "\[id\]" must be called id/,
  ],
  "binary data": [files(() => "abcd\0efgh"), /users\.csv is not a text file/],
  "other names": [
    named((file) => `${file}_of_today.csv`),
    /has no users\.csv and no .*It has order_items_of_today\.csv, orders_of_today\.csv.*: name each file after its table/,
  ],
  "redacted e-mail addresses": [
    only("users", (text) => text.replaceAll(/\w+@example.com/g, "REDACTED")),
    /users\.csv: 2 of 2 users share the e-mail address "redacted"/,
  ],
  "a few users who share the word for a missing e-mail address": [
    only("users", (text) => {
      const [names = "", first = "", second = ""] = text.split("\n");
      const others = [3, 4, 5].map((id) => second.replace("2,", `${id},`).replace("bo@", `user${id}@`));
      const without = [6, 7].map((id) => first.replace("1,", `${id},`).replace("ann@example.com", "NA"));
      return `${[names, first, second, ...others, ...without].join("\n")}\n`;
    }),
    /users\.csv: 2 of 7 users share the e-mail address "na".*leave missing ones empty/,
  ],
  "e-mail addresses left empty": [
    only("users", (text) => text.replaceAll(/\w+@example.com/g, "")),
    /2 of 2 users have no e-mail address/,
  ],
};

function plainFiles(): Files {
  return named((file) => `${file}.csv`);
}

describe("An export as people have it", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  const write = (contents: Files): string => {
    const target = mkdtempSync(join(folder, "export-"));
    for (const [name, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(target, name)), { recursive: true });
      if (typeof content === "object" && "link" in content) symlinkSync(content.link, join(target, name));
      else if (typeof content === "object" && "pipe" in content) execFileSync("mkfifo", [join(target, name)]);
      else writeFileSync(join(target, name), content);
    }
    return target;
  };
  const rowsIn = async (path: string, progress?: (step: string) => void): Promise<ResultRow[][]> => {
    const tables = await openSource(warehouse(), { source: pathToFileURL(path).href, seed: 1, progress });
    const { users, orders, order_items } = tables;
    const rows = [];
    for (const table of [users, orders, order_items])
      rows.push(await warehouse().run(`SELECT * FROM ${table} ORDER BY 1`));
    return rows;
  };
  let expected: ResultRow[][];
  before(async () => {
    expected = await rowsIn(write(plainFiles()));
    expect(expected.map((rows) => rows.length)).to.deep.equal([2, 2, 2]);
    expect(expected[0]?.[1]).to.include({ id: 2, city: "Falun", age: null, created_at: "2025-03-02T09:05:09.250Z" });
  });

  for (const [what, contents] of Object.entries(same))
    it(`gives the rows of BigQuery's own export: ${what}`, async () => {
      expect(await rowsIn(write(contents))).to.deep.equal(expected);
    });

  it("may be Parquet or JSON lines", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const source = write(plainFiles());
    const parquet = write({});
    const lines: Record<string, string> = {};
    for (const file of Object.keys(plain)) {
      const types = file === "users" ? ", types = {'postal_code': 'VARCHAR'}" : "";
      await connection.run(`CREATE TABLE ${file} AS FROM read_csv('${join(source, `${file}.csv`)}'${types})`);
      // Bytes, as Impala writes texts.
      const bytes = file === "users" ? "SELECT * REPLACE (encode(city) AS city) FROM users" : `FROM ${file}`;
      await connection.run(`COPY (${bytes}) TO '${join(parquet, `${file}-000000000000.snappy.parquet`)}'`);
      const rows = (await connection.runAndReadAll(`FROM ${file}`)).getRowObjectsJson();
      // BigQuery leaves out the fields that are NULL.
      const present = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
      lines[`${file}.jsonl`] = present.map((row) => `${JSON.stringify(row)}\n`).join("");
    }
    // In such a folder, Hive would take the country from its name.
    const partitioned = write({});
    cpSync(parquet, join(partitioned, "country=Ukraine"), { recursive: true });
    const nested = write(plainFiles());
    rmSync(join(nested, "users.csv"));
    await connection.run(`COPY (SELECT * REPLACE ([city] AS city) FROM users) TO '${join(nested, "users.parquet")}'`);
    const wide = write(plainFiles());
    rmSync(join(wide, "order_items.csv"));
    const items = join(wide, "order_items.parquet");
    await connection.run(
      `COPY (SELECT * REPLACE (CAST(sale_price AS DECIMAL(38, 9)) AS sale_price) FROM order_items) TO '${items}'`,
    );
    // DuckDB writes no more than 38 digits: make it 45, which follow the 9 places in the file's schema.
    const bytes = readFileSync(items, "latin1").replaceAll("\x15\x12\x15\x4c", "\x15\x12\x15\x5a");
    writeFileSync(items, bytes, "latin1");
    connection.closeSync();
    instance.closeSync();
    expect(await userError(() => rowsIn(nested))).to.match(/users\.parquet: the column "city" has nested values/);
    expect(await userError(() => rowsIn(wide))).to.match(
      /order_items\.parquet: the column "sale_price" has decimals of more than 38 digits: export it as FLOAT64/,
    );
    expect(await rowsIn(parquet)).to.deep.equal(expected);
    expect(await rowsIn(partitioned)).to.deep.equal(expected);
    expect(await rowsIn(write(lines))).to.deep.equal(expected);
    const odd = String(lines["users.jsonl"]).replace("{", '{"":1,"a.\\"b":[2],"$":3,"ü":4,');
    expect(await rowsIn(write({ ...lines, "users.jsonl": odd }))).to.deep.equal(expected);
    const refusedLines = (from: RegExp, to: string) =>
      userError(() => rowsIn(write({ ...lines, "users.jsonl": String(lines["users.jsonl"]).replace(from, to) })));
    expect(await refusedLines(/"age":"?25"?/, '"age":"forty"')).to.match(/users\.jsonl, row 1, column age: "forty"/);
    expect(await refusedLines(/"Falun"/, '{"name":"Falun"}')).to.match(/users\.jsonl: the column "city" has nested/);
    expect(await refusedLines(/"city":"Falun"/, '"City":"Falun"')).to.match(/users\.jsonl: column city appears twice/);
    expect(await refusedLines(/\}\n/, "},\n")).to.match(/users\.jsonl, line 1: is not JSON \(.*one object a line/);
  });

  it("is refused if a value of its JSON is not an object", async () => {
    const lines = jsonOf(plain.users ?? "");
    const refused = (text: string) => userError(() => rowsIn(write({ ...plainFiles(), "users.csv": text })));
    for (const value of ["5", "null", '"x"', "[1]", "true"])
      expect(await refused(`${lines}${value}\n`), value).to.match(
        /users\.csv, line 3: is not an object; write one object for each row/,
      );
    expect(await refused(`[${lines.trim().replace("\n", ",")}, null]`)).to.match(
      /users\.csv cannot be read as JSON \(.*a value is not an object\): write one object for each row/,
    );
  });

  it("is refused if a column stands twice in its Parquet", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const twice = write(plainFiles());
    const items = join(twice, "order_items.parquet");
    rmSync(join(twice, "order_items.csv"));
    // DuckDB writes no such file: give a column of its own the name ID afterwards.
    await connection.run(
      `COPY (SELECT 0 AS xx, * FROM '${join(write(plainFiles()), "order_items.csv")}') TO '${items}'`,
    );
    connection.closeSync();
    instance.closeSync();
    writeFileSync(items, readFileSync(items, "latin1").replaceAll("xx", "ID"), "latin1");
    expect(await userError(() => rowsIn(twice))).to.match(/order_items\.parquet: the column "id" is there twice: keep/);
  });

  it("reads times in other zones as the instants they are", async () => {
    const instant = async (replacement: string) => (await rowsIn(write(times(replacement))))[0]?.[0]?.created_at;
    expect(await instant("$1 $2+03:00")).to.equal("2025-03-01T05:05:09.000Z");
    expect(await instant("$1T$2-0330")).to.equal("2025-03-01T11:35:09.000Z");
    expect(await instant("$1 $2 Europe/Kyiv")).to.equal("2025-03-01T06:05:09.000Z");
    expect(await instant("$1 $2 Etc/UTC")).to.equal("2025-03-01T08:05:09.000Z");
    expect(await userError(() => rowsIn(write(times("$1 $2+25:00"))))).to.match(
      /"2025-03-01 08:05:09\+25:00" is not TIMESTAMP/,
    );
    expect(await instant("$1 8:05")).to.equal("2025-03-01T08:05:00.000Z");
    expect(await instant("$1 8:05+03:00")).to.equal("2025-03-01T05:05:00.000Z");
    expect(await instant("$1")).to.equal("2025-03-01T00:00:00.000Z");
    // As a Chinese Excel writes it.
    const short = files((text) => text.replace(/(\d{4})-0(\d)-0(\d) 0(\d:\d\d):[\d.]+ UTC/g, "$1/$2/$3 $4"));
    expect((await rowsIn(write(short)))[0]?.[0]?.created_at).to.equal("2025-03-01T08:05:00.000Z");
  });

  it("reads R's short form of a whole number, and not a spreadsheet's, which may be rounded", async () => {
    const user = (id: string) =>
      rowsIn(write(only("users", (text) => text.replace(/^1,/m, `${id},`)))).then(([rows]) => rows?.at(-1)?.id);
    expect(await user("1e+05")).to.equal(100_000);
    expect(await user("1.2e+07")).to.equal(12_000_000);
    for (const id of ["1E+05", "1.2345678e+05", "1e+15"])
      expect(await userError(() => user(id))).to.match(/line 2, column id: ".*" is not INTEGER .*: a spreadsheet/);
  });

  it("may lack columns that nothing needs: they are empty, and it says so", async () => {
    const steps: string[] = [];
    const path = write(withoutColumns(["first_name", "last_name", "street_address", "inventory_item_id"]));
    const [users, , items] = await rowsIn(path, (step) => steps.push(step));
    expect(users?.[0]).to.include({ id: 1, first_name: null, city: "Görlitz" });
    expect(items?.[0]).to.include({ id: 21, inventory_item_id: null, sale_price: 10.5 });
    expect(steps.join("\n")).to.match(/users\.csv has no first_name, last_name, street_address: these stay empty/);
  });

  for (const [what, [contents, message]] of Object.entries(refused))
    it(`is refused with advice: ${what}`, async () => {
      expect(await userError(() => rowsIn(write(contents)))).to.match(message);
    });

  it("is rewritten for BigQuery, with the same rows", async () => {
    const odd = write(files((text) => `\ufeff${text.replaceAll(",", ";").replaceAll(" UTC", "+00:00").toUpperCase()}`));
    const read = (path: string) => rowsIn(path);
    const oddRows = await read(odd);
    const written = await rewriteExport(pathToFileURL(odd).href, async (path) => {
      const text = readFileSync(join(path, "orders.csv"), "utf8");
      return { text, rows: await read(path), names: readdirSync(path).sort() };
    });
    expect(written.rows).to.deep.equal(oddRows);
    expect(written.names).to.deep.equal(["order_items.csv", "orders.csv", "users.csv"]);
    expect(written.text.split("\n").slice(0, 2)).to.deep.equal([
      header.orders,
      "11,1,COMPLETE,F,2025-03-04 08:05:09.000000 UTC,,2025-03-05 08:05:09.000000 UTC,2025-03-07 08:05:09.000000 UTC,1",
    ]);
  });

  it("is refused by BigQuery's load if blanks stand around its values, which BigQuery would keep", async () => {
    const file = await examineExportFile(
      thelook.users,
      "users.csv",
      Buffer.from(String(plain.users).replaceAll(",", ", ")),
    );
    expect([file.isPadded, describeForm(file)]).to.deep.equal([true, "written with blanks around its values"]);
  });

  it("may have users who share an address in another script", async () => {
    const shared = only("users", (text) => text.replace(/\w+@example\.com/g, "анна@приклад.укр"));
    const [users] = await rowsIn(write(shared));
    expect(users?.map(({ email }) => email)).to.deep.equal(["анна@приклад.укр", "анна@приклад.укр"]);
  });

  it("may be in a folder that a link names", async () => {
    const path = write({ data: { link: write(plainFiles()) } });
    expect(await rowsIn(path)).to.deep.equal(expected);
  });

  it("is refused if it is an archive in place of a folder", async () => {
    const path = join(write({ "archive.zip": "PK\x03\x04" }), "archive.zip");
    expect(await userError(() => rowsIn(path))).to.match(/archive\.zip is an archive: unpack it, and name the folder/);
  });
});
