import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { UserError } from "../../generator/errors.ts";
import { flatten, type Node } from "./tree.ts";

/*
 * Google's analyser of GoogleSQL, the one BigQuery itself descends from: it parses a query, finds out what every name stands for and
 * what type everything has, and returns the tree. It runs inside this process, compiled to WebAssembly.
 */

/** The types of columns that tables of the clean room have. */
export type ColumnKind = "INT64" | "FLOAT64" | "NUMERIC" | "STRING" | "BOOL" | "DATE" | "TIMESTAMP";

/** A table that a query may name. */
export interface CatalogTable {
  /** What comes back as `table` of a scan of it. */
  readonly id: string;
  /** The ways to write its name, each a path such as ["merchant", "users"]; a part may have dots in it where it is quoted so. */
  readonly paths: readonly (readonly string[])[];
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
}

/** What is wrong with a query's text: a syntax error, an unknown name, a wrong type. */
export class SqlError extends Error {
  /** From 1; undefined where the error is about the whole query. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.name = "SqlError";
    this.line = line;
    this.column = column;
  }
}

/** A query's tree, as Google's analyser resolves it; `flatten` tells the form of its nodes. */
export interface Analysed {
  /** The columns of the answer: their names as the query gives them ("$col1" where it gives none), and the ids of their values. */
  readonly outputs: readonly { readonly name: string; readonly column: Column }[];
  readonly query: Node;
}

/** A column of a scan, by an id that is unique in the query. */
export interface Column {
  readonly columnId: string;
  readonly name: string;
  readonly type: Type;
}

/** A GoogleSQL type, such as { typeKind: "TYPE_STRING" }. */
export interface Type {
  readonly typeKind: string;
  readonly arrayType?: { readonly elementType: Type };
  readonly structType?: { readonly field: readonly { readonly fieldName: string; readonly fieldType: Type }[] };
}

export interface Analyser {
  /** The paths of the tables that a query names, each as written; names of its own WITH clauses are left out. Throws SqlError. */
  tablesOf(sql: string): string[][];
  /** Parses and resolves a query, nothing but a query. Throws SqlError. */
  analyse(sql: string): Analysed;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Loads the analyser, which takes half a second, and tells it of the tables. Throws UserError where it was not installed.
 * @param unpacked what unpack.py wrote
 */
export async function loadAnalyser(
  tables: readonly CatalogTable[],
  unpacked = `${root}.venv/googlesql.json`,
): Promise<Analyser> {
  const service = await start(unpacked);
  const language = service.call("GetLanguageOptions", "LanguageOptionsRequest", { maximumFeatures: true }) as {
    enabledLanguageFeatures: string[];
  };
  const languageOptions = {
    ...language,
    enabledLanguageFeatures: language.enabledLanguageFeatures.filter((feature) => !notInBigQuery.test(feature)),
    supportedStatementKinds: ["RESOLVED_QUERY_STMT"],
    productMode: "PRODUCT_EXTERNAL",
  };
  const { registeredId } = service.call("RegisterCatalog", "RegisterCatalogRequest", {
    simpleCatalog: { ...catalogOf(tables), builtinFunctionOptions: { languageOptions } },
    descriptorPoolList: { definitions: [{ builtin: {} }] },
  });
  const options = service.message("zetasql.AnalyzerOptionsProto", {
    languageOptions,
    defaultTimezone: "UTC",
    errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
    parseLocationRecordType: "PARSE_LOCATION_RECORD_FULL_NODE_SCOPE",
    // A scan keeps all its columns, so that the one that tells persons apart is there to be counted.
    pruneUnusedColumns: false,
    enabledRewrites: ["REWRITE_PIVOT", "REWRITE_UNPIVOT", "REWRITE_LIKE_ANY_ALL"],
  });
  return {
    tablesOf(sql) {
      const { tableName = [] } = service.call(
        "ExtractTableNamesFromStatement",
        "ExtractTableNamesFromStatementRequest",
        { sqlStatement: sql },
        { options: service.message("zetasql.LanguageOptionsProto", languageOptions) },
      ) as { tableName?: { tableNameSegment: string[] }[] };
      return tableName.map(({ tableNameSegment }) => tableNameSegment);
    },
    analyse(sql) {
      const request = { registeredCatalogId: registeredId as string, sqlStatement: sql };
      const { resolvedStatement } = service.call("Analyze", "AnalyzeRequest", request, { options });
      const statement = flatten(resolvedStatement) as unknown as {
        kind: string;
        isValueTable?: boolean;
        outputColumnList: Analysed["outputs"];
        query: Node;
      };
      if (statement.kind !== "QueryStmt") throw new SqlError("Only queries can be run in the clean room.");
      return { outputs: statement.outputColumnList, query: statement.query };
    },
  };
}

/** What the analyser knows and BigQuery does not have. */
const notInBigQuery =
  /GRAPH|MEASURE|MATCH_RECOGNIZE|MODULES|PROTO|PIPE_(INSERT|EXPORT|CREATE|TEE|FORK|IF|LOG|CALL|DESCRIBE|STATIC)|LATERAL|MAP_TYPE|UUID|ROW_TYPE|TIMESTAMP_(PICOS|NANOS)|SPANNER|TTL|WITH_EXPRESSION|GROUP_ROWS|BARE_ARRAY|MULTILEVEL|ENUM/;

interface Service {
  call(method: string, request: string, fields: JsonObject, ready?: Readonly<Record<string, Message>>): JsonObject;
  message(type: string, fields: JsonObject): Message;
}

async function start(unpacked: string): Promise<Service> {
  if (!existsSync(unpacked))
    throw new UserError("the GoogleSQL analyser is not installed: node local/install.mjs installs it");
  const { wasm, zoneinfo, descriptors } = JSON.parse(readFileSync(unpacked, "utf8"));
  const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, "base64")));
  const wasi = new WASI({ version: "preview1", preopens: { "/usr/share/zoneinfo": zoneinfo } });
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { wasi_snapshot_preview1: wasi.wasiImport });
  wasi.initialize(instance);
  return serviceOf(instance.exports as unknown as Exports, types);
}

// Node has it, TypeScript's library has it among the browser's only.
declare const WebAssembly: {
  instantiate(wasm: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: object } }>;
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  wasm_malloc(size: number): number;
  wasm_free(address: number): void;
  wasm_get_last_error(): number;
  wasm_get_last_error_size(): number;
  readonly [method: `ZetaSqlLocalService_${string}`]: (address: number, size: number, sizeAddress: number) => number;
}

/** Calls of the analyser's methods, which take and give messages as bytes in its memory. */
function serviceOf(wasm: Exports, types: FileRegistry): Service {
  const messageType = (name: string): DescMessage => {
    const found = types.getMessage(name);
    if (found === undefined) throw new Error(`the GoogleSQL analyser has no message ${name}`);
    return found;
  };
  const message = (type: string, fields: JsonObject) => fromJson(messageType(type), fields, { registry: types });
  const bytes = (address: number, size: number) => new Uint8Array(wasm.memory.buffer, address, size).slice();

  function invoke(method: string, request: Uint8Array): Uint8Array {
    const address = wasm.wasm_malloc(request.length + 4);
    const sizeAddress = wasm.wasm_malloc(4);
    try {
      new Uint8Array(wasm.memory.buffer).set(request, address);
      const answer = wasm[`ZetaSqlLocalService_${method}`]?.(address, request.length, sizeAddress) ?? 0;
      if (answer === 0)
        throw errorOf(new TextDecoder().decode(bytes(wasm.wasm_get_last_error(), wasm.wasm_get_last_error_size())));
      const size = new DataView(wasm.memory.buffer).getUint32(sizeAddress, true);
      const copy = bytes(answer, size);
      wasm.wasm_free(answer);
      return copy;
    } finally {
      wasm.wasm_free(address);
      wasm.wasm_free(sizeAddress);
    }
  }

  return {
    message,
    call(method, request, fields, ready = {}) {
      const name = `zetasql.local_service.${request}`;
      const sent = Object.assign(message(name, fields), ready);
      const answer = fromBinary(messageType(answers[method] ?? ""), invoke(method, toBinary(messageType(name), sent)));
      return toJson(messageType(answers[method] ?? ""), answer, { registry: types }) as JsonObject;
    },
  };
}

const answers: Readonly<Record<string, string>> = {
  GetLanguageOptions: "zetasql.LanguageOptionsProto",
  RegisterCatalog: "zetasql.local_service.RegisterResponse",
  ExtractTableNamesFromStatement: "zetasql.local_service.ExtractTableNamesFromStatementResponse",
  Analyze: "zetasql.local_service.AnalyzeResponse",
};

/** "Code: 3, Message: Syntax error: … [at 1:8]" as an error with its place. */
function errorOf(text: string): SqlError {
  const [, said = text] = /^Code: \d+, Message: ([\s\S]*)$/.exec(text) ?? [];
  const [, message = said, line, column] = /^([\s\S]*?) \[at (\d+):(\d+)\]/.exec(said) ?? [];
  return new SqlError(message, line === undefined ? undefined : Number(line), column ? Number(column) : undefined);
}

interface Catalog {
  readonly tables: Map<string, CatalogTable>;
  readonly catalogs: Map<string, Catalog>;
}

/** The tables as nested catalogs, once for each way to write a name. */
function catalogOf(tables: readonly CatalogTable[]): JsonObject {
  const empty = (): Catalog => ({ tables: new Map(), catalogs: new Map() });
  const top = empty();
  for (const table of tables)
    for (const path of table.paths) {
      let at = top;
      for (const part of path.slice(0, -1)) {
        const next = at.catalogs.get(part) ?? empty();
        at.catalogs.set(part, next);
        at = next;
      }
      at.tables.set(path.at(-1) ?? "", table);
    }
  const json = (name: string, { tables, catalogs }: Catalog): JsonObject => ({
    name,
    table: [...tables].map(([called, { id, columns }]) => ({
      name: called,
      fullName: id,
      column: columns.map((column) => ({
        name: column.name,
        type: { typeKind: `TYPE_${column.kind === "FLOAT64" ? "DOUBLE" : column.kind}` },
      })),
    })),
    catalog: [...catalogs].map(([called, catalog]) => json(called, catalog)),
  });
  return json("", top);
}
