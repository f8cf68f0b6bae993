import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import fc from "fast-check";
import type { Value } from "googlesql-duckdb/tree";
import { type CleanRoom, openRoom, type RoomOptions } from "../src/open-room.ts";
import type { AnalysisRule } from "../src/policy.ts";
import type { Room, RoomTable } from "../src/room.ts";
import { makeDatabase, newFolder } from "./temporary-files.ts";

/*
 * A clean room with few rows in small groups. Every address, note and amount belongs to one row, so that any of them in an answer is a
 * leak.
 */

export interface Person {
  readonly city: string;
  readonly tier: string;
  readonly verified: boolean | null;
  readonly points: number | null;
  readonly score: number | null;
  /** The wallet's number of rows about this person: rows and persons must not be confused. */
  readonly rows: number;
  /** True if the merchant knows the person as well. */
  readonly shared: boolean;
}

/** Persons, most of them in two groups, a third alone or in pairs, with values at the limits of their types. */
export const people: fc.Arbitrary<Person[]> = fc.array(
  fc.record({
    city: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("Lviv", "Kyiv") },
      { weight: 4, arbitrary: fc.constantFrom("Odesa", "Dnipro", "Lutsk", "O'Brien; --", "") },
    ),
    tier: fc.constantFrom("Free", "Premium", "Business"),
    verified: fc.constantFrom(true, false, null),
    points: fc.oneof(fc.integer({ min: -5, max: 20 }), fc.constantFrom(null, 0, Number.MAX_SAFE_INTEGER)),
    score: fc.oneof(fc.double({ min: -100, max: 100, noNaN: true }), fc.constantFrom(null, 0, 1e300, -1e300)),
    rows: fc.constantFrom(1, 1, 1, 2, 5),
    shared: fc.boolean(),
  }),
  { minLength: 12, maxLength: 40 },
);

/** The threshold of every view in the small room. */
export const THRESHOLD = 3;

export const addressOf = (person: number) =>
  `${"0123456789abcdef"[person % 16]}`.repeat(58) + `${person}`.padStart(6, "f");
export const noteOf = (person: number) => `note-${person}`;
export const amountOf = (person: number) => Math.round(1e6 * Math.sqrt(person + 2)) / 1e4 + 0.00001;

const unit = "hashed_email";
const threshold = { threshold: THRESHOLD, privacyUnitColumn: unit };
const rules: Readonly<Record<string, AnalysisRule>> = {
  people_open: { aggregationThreshold: threshold },
  people_joined: { aggregationThreshold: threshold, joinRestriction: { condition: "JOIN_ANY", columns: [unit] } },
  people_optional: {
    aggregationThreshold: threshold,
    joinRestriction: { condition: "JOIN_NOT_REQUIRED", columns: [unit] },
  },
  people_blocked: { aggregationThreshold: threshold, joinRestriction: { condition: "JOIN_BLOCKED", columns: [] } },
  people_overlap: { joinRestriction: { condition: "JOIN_ANY", columns: [unit] } },
  people_overlap_all: { joinRestriction: { condition: "JOIN_ALL", columns: [unit, "city"] } },
};

/** The names of the wallet's views of its people, one for each rule. */
export const views = Object.keys(rules);

const columns: RoomTable["columns"] = [
  { name: "hashed_email", kind: "STRING" },
  { name: "note", kind: "STRING" },
  { name: "city", kind: "STRING" },
  { name: "tier", kind: "STRING" },
  { name: "verified", kind: "BOOL" },
  { name: "points", kind: "INT64" },
  { name: "score", kind: "FLOAT64" },
  { name: "amount", kind: "FLOAT64" },
];

export interface SmallRoom {
  readonly room: CleanRoom;
  /** The options that opened the room. */
  readonly options: RoomOptions;
  /** Queries the base tables in DuckDB's SQL, without any rule. */
  direct(sql: string): Promise<Value[][]>;
  /** The folder with the database, clean-room.duckdb. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Opens a clean room in which the wallet shares these people, in each of the `views`, with a merchant. */
export async function smallRoom(of: readonly Person[]): Promise<SmallRoom> {
  const folder = await newFolder();
  const options = { database: join(folder, "clean-room.duckdb"), room: description };
  await makeDatabase(options.database, script(of));
  const room = await openRoom(options);
  const instance = await DuckDBInstance.create(options.database, { access_mode: "READ_ONLY" });
  const base = await instance.connect();
  return {
    room,
    options,
    direct: async (sql) => (await base.runAndReadAll(sql)).getRows().map((row) => row.map(plain)),
    folder,
    async close() {
      await room.close();
      base.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An integer as the room's answers have it: a number, or a text if it is too large for one. */
function plain(value: DuckDBValue): Value {
  if (typeof value !== "bigint") return value as Value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function script(of: readonly Person[]): string {
  const rows = of.flatMap(({ rows, ...person }, index) =>
    Array.from({ length: rows }, (_, row) => {
      const { city, tier, verified, points, score } = person;
      const values = [text(addressOf(index)), text(noteOf(index)), text(city), text(tier), verified, points];
      return `(${[...values, score, amountOf(index) + row].map(String).join(", ")})`;
    }),
  );
  const customers = of.flatMap(({ shared }, index) =>
    shared ? [`(${index}, ${text(addressOf(index))}, ${index % 3})`] : [],
  );
  return [
    "CREATE SCHEMA merchant",
    "CREATE SCHEMA ewallet_provider",
    "CREATE SCHEMA ewallet_provider_shared",
    "CREATE TABLE merchant.users (id BIGINT, hashed_email VARCHAR, age BIGINT)",
    // A customer whom the wallet does not know.
    `INSERT INTO merchant.users VALUES ${[...customers, `(-1, ${text("f".repeat(64))}, 0)`].join(", ")}`,
    `CREATE TABLE ewallet_provider.people (hashed_email VARCHAR, note VARCHAR, city VARCHAR, tier VARCHAR, verified BOOLEAN,
      points BIGINT, score DOUBLE, amount DOUBLE)`,
    `INSERT INTO ewallet_provider.people VALUES ${rows.join(", ")}`,
    ...views.map((view) => `CREATE VIEW ewallet_provider_shared.${view} AS SELECT * FROM ewallet_provider.people`),
  ].join(";\n");
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

const description: Room = {
  parties: {
    merchant: {
      title: "the merchant",
      project: "shop",
      tables: [
        {
          id: "shop.merchant.users",
          project: "shop",
          dataset: "merchant",
          table: "users",
          owner: "merchant",
          columns: [
            { name: "id", kind: "INT64" },
            { name: "hashed_email", kind: "STRING" },
            { name: "age", kind: "INT64" },
          ],
          relation: "merchant.users",
        },
        ...sharedViews("shop", "linked"),
      ],
    },
    wallet: { title: "the e-wallet", project: "pay", tables: sharedViews("pay", "ewallet_provider_shared") },
  },
};

function sharedViews(project: string, dataset: string): RoomTable[] {
  return Object.entries(rules).map(([view, rule]) => ({
    id: `pay.ewallet_provider_shared.${view}`,
    project,
    dataset,
    table: view,
    owner: "wallet",
    columns,
    rule,
    relation: `ewallet_provider_shared.${view}`,
  }));
}
