import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { type Analysed, type Analyser, loadAnalyser } from "../../src/analyser/analyser.ts";
import type { Node } from "../../src/analyser/node.ts";
import type { ColumnKind } from "../../src/analyser/types.ts";
import { registerFunctions } from "../../src/evaluate/evaluator.ts";
import { type TranslationOptions, toDuckDb } from "../../src/translate/translate.ts";
import { type Cell, decimalText, type Filled, loadReference, type Reference } from "../reference.ts";

/** The same tables in GoogleSQL's reference implementation and in DuckDB, to compare their answers. */
export interface Both {
  /** Analyses each text once. */
  readonly analyse: Analyser["analyse"];
  readonly reference: Reference;
  translate(sql: string, options?: Partial<TranslationOptions>): string;
  /** The rows of DuckDB's answer, with values in the form of the reference. */
  run(duckDb: string): Promise<unknown[][]>;
  close(): void;
}

const unpacked = new URL("../../../../.venv/googlesql.json", import.meta.url).pathname;

export async function loadBoth(tables: readonly Filled[]): Promise<Both> {
  const analyser = await loadAnalyser(tables, unpacked);
  const reference = await loadReference(tables, unpacked);
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    autoinstall_known_extensions: "false",
    disabled_optimizers: "common_subexpressions",
  });
  const connection = await instance.connect();
  for (const table of tables) await fill(connection, table);
  const registered = new Set<string>();
  const analysed = new Map<string, Analysed>();
  const analyse = (sql: string) => {
    const query = analysed.get(sql) ?? analyser.analyse(sql);
    analysed.set(sql, query);
    return query;
  };
  return {
    analyse,
    reference,
    translate(sql, options = {}) {
      const usual = { relation: (id: string) => `main.${id}`, notes: new Map(), sensitive: false };
      return toDuckDb(analyse(sql), { ...usual, ...options });
    },
    async run(duckDb) {
      registerFunctions(connection, duckDb, registered);
      const rows = await (await connection.run(duckDb)).getRows();
      return rows.map((row) => row.map(plain));
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Every scan of a query. */
export function scansOf(query: Analysed): Set<Node> {
  const found = new Set<Node>();
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    const node = value as Node;
    if (node.kind?.endsWith("Scan")) found.add(node);
    Object.values(value).forEach(visit);
  };
  visit(query.query);
  return found;
}

const kinds: Readonly<Record<ColumnKind | "OTHER", string>> = {
  OTHER: "HUGEINT",
  INT64: "BIGINT",
  FLOAT64: "DOUBLE",
  NUMERIC: "DECIMAL(38, 9)",
  STRING: "VARCHAR",
  BYTES: "BLOB",
  BOOL: "BOOLEAN",
  DATE: "DATE",
  DATETIME: "TIMESTAMP",
  TIMESTAMP: "TIMESTAMP",
  TIME: "TIME",
};

async function fill(connection: DuckDBConnection, { id, columns, rows }: Filled): Promise<void> {
  const typed = columns.map(({ name, kind }) => `"${name}" ${kinds[kind]}`);
  await connection.run(`CREATE TABLE main.${id} (${typed.join(", ")})`);
  if (rows.length === 0) return;
  const values = rows.map(
    (row) =>
      `(${row.map((cell, at) => `CAST(${sqlText(cell)} AS ${kinds[columns[at]?.kind ?? "STRING"]})`).join(", ")})`,
  );
  await connection.run(`INSERT INTO main.${id} VALUES ${values.join(", ")}`);
}

function sqlText(cell: Cell): string {
  if (cell === null) return "NULL";
  return `'${String(cell)
    .replace(/^(\d{4}-.*)Z$/, "$1")
    .replaceAll("'", "''")}'`;
}

function plain(value: DuckDBValue): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value * 10n ** BigInt(9 - value.scale));
  if (value instanceof DuckDBDateValue) return new Date(value.days * 86_400_000).toISOString().slice(0, 10);
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("hex");
  if (value instanceof DuckDBTimeValue)
    return value
      .toString()
      .replace(/^[^.]*$/, "$&.")
      .padEnd(15, "0");
  if (value instanceof DuckDBIntervalValue) return [value.months, value.days, String(value.micros)];
  if (value instanceof DuckDBListValue) return value.items.map(plain);
  if (value instanceof DuckDBStructValue) return Object.values(value.entries).map(plain);
  return value;
}

function timestampText(micros: bigint): string {
  const beyond = ((micros % 1000n) + 1000n) % 1000n;
  const iso = new Date(Number((micros - beyond) / 1000n)).toISOString();
  return iso.replace("Z", `${String(beyond).padStart(3, "0")}Z`);
}
