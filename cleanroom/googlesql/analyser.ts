import { fileURLToPath } from "node:url";
import type { JsonObject } from "@bufbuild/protobuf";
import { unlessMissing } from "./missing.ts";
import { type Service, SqlError, startService } from "./service.ts";
import { flatten, type Node } from "./tree.ts";

/*
 * Google's analyser of GoogleSQL, the one BigQuery itself descends from: it parses a query, finds out what every name stands for and
 * what type everything has, and returns the tree. It runs inside this process, compiled to WebAssembly.
 */

export { SqlError } from "./service.ts";

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

/** A query's tree, as Google's analyser resolves it; `flatten` tells the form of its nodes. */
export interface Analysed {
  /** The columns of the answer: their names as the query gives them ("$col1" where it gives none), and the ids of their values. */
  readonly outputs: readonly { readonly name: string; readonly column: Column }[];
  readonly query: Node;
  /** What was analysed; `placeOf` finds a node in it. */
  readonly sql: string;
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
  /** Parses and resolves a query, nothing but a query. Throws SqlError, and UnsupportedSql for a function of BigQuery that it does not know. */
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
  const service = await startService(unpacked);
  const languageOptions = languageOf(service);
  const register = () => {
    const { registeredId } = service.call("RegisterCatalog", {
      simpleCatalog: { ...catalogJson(tables), builtinFunctionOptions: { languageOptions } },
      descriptorPoolList: { definitions: [{ builtin: {} }] },
    });
    return { id: registeredId as string, restarts: service.restarts };
  };
  let catalog = register();
  const options = service.message("zetasql.AnalyzerOptionsProto", {
    languageOptions,
    defaultTimezone: "UTC",
    errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
    parseLocationRecordType: "PARSE_LOCATION_RECORD_FULL_NODE_SCOPE",
    // A scan keeps all its columns, so that the one that tells persons apart is there to be counted.
    pruneUnusedColumns: false,
    enabledRewrites: ["REWRITE_PIVOT", "REWRITE_UNPIVOT", "REWRITE_LIKE_ANY_ALL"],
  });
  const resolve = (request: JsonObject) => {
    try {
      return service.call("Analyze", request, { options });
    } catch (error) {
      throw error instanceof SqlError ? unlessMissing(error) : error;
    }
  };
  const language = service.message("zetasql.LanguageOptionsProto", languageOptions);
  return {
    tablesOf(sql) {
      const request = { sqlStatement: sql };
      const { tableName = [] } = service.call("ExtractTableNamesFromStatement", request, { options: language }) as {
        tableName?: { tableNameSegment: string[] }[];
      };
      return tableName.map(({ tableNameSegment }) => tableNameSegment);
    },
    analyse(sql) {
      if (service.restarts > catalog.restarts) catalog = register();
      const request = { registeredCatalogId: catalog.id, sqlStatement: sql };
      const { resolvedStatement } = resolve(request);
      const statement = flatten(resolvedStatement) as unknown as {
        kind: string;
        outputColumnList: Analysed["outputs"];
        query: Node;
      };
      if (statement.kind !== "QueryStmt") throw new SqlError("Only queries can be run in the clean room.");
      return { outputs: statement.outputColumnList, query: statement.query, sql };
    },
  };
}

/** GoogleSQL as BigQuery has it, queries only. */
export function languageOf(service: Service): JsonObject {
  const all = service.call("GetLanguageOptions", { maximumFeatures: true }) as { enabledLanguageFeatures: string[] };
  return {
    ...all,
    enabledLanguageFeatures: [
      ...all.enabledLanguageFeatures.filter((feature) => !notInBigQuery.test(feature)),
      // BigQuery has it, though it is not among what ZetaSQL counts as ready.
      "FEATURE_DIFFERENTIAL_PRIVACY",
    ],
    supportedStatementKinds: ["RESOLVED_QUERY_STMT"],
    productMode: "PRODUCT_EXTERNAL",
  };
}

/** What the analyser knows and BigQuery does not have. */
const notInBigQuery =
  /GRAPH|MEASURE|MATCH_RECOGNIZE|MODULES|PROTO|PIPE_(INSERT|EXPORT|CREATE|TEE|FORK|IF|LOG|CALL|DESCRIBE|STATIC)|LATERAL|MAP_TYPE|UUID|ROW_TYPE|TIMESTAMP_(PICOS|NANOS)|SPANNER|TTL|WITH_EXPRESSION|GROUP_ROWS|BARE_ARRAY|MULTILEVEL|ENUM/;

interface Catalog {
  readonly tables: Map<string, CatalogTable>;
  readonly catalogs: Map<string, Catalog>;
}

/** The tables as nested catalogs, once for each way to write a name. */
export function catalogJson(tables: readonly CatalogTable[]): JsonObject {
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
