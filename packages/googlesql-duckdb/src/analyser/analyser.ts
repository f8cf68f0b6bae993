import type { JsonObject } from "@bufbuild/protobuf";
import { SqlError } from "../errors.ts";
import { unlessMissing } from "./missing.ts";
import { flatten, type Node } from "./node.ts";
import { type Service, startService } from "./service.ts";

/*
 * Google's own analyser of GoogleSQL, the language of BigQuery. It parses a query, resolves every name, finds the type of every
 * expression, and returns the resolved tree. It runs inside this process, compiled to WebAssembly.
 */

/** The types that a table's column can have. */
export type ColumnKind =
  | "INT64"
  | "FLOAT64"
  | "NUMERIC"
  | "STRING"
  | "BYTES"
  | "BOOL"
  | "DATE"
  | "DATETIME"
  | "TIMESTAMP"
  | "TIME";

/** A table that a query may name. */
export interface CatalogTable {
  /** A scan of the table carries this id in its field `table`. */
  readonly id: string;
  /** The ways to write its name, each a path such as ["shop", "orders"]. A part that is quoted may contain dots: ["shop.orders"]. */
  readonly paths: readonly (readonly string[])[];
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind | "OTHER" }[];
}

/** A resolved query. See node.ts for the form of its nodes. */
export interface Analysed {
  /** The columns of the answer. One that the query does not name is called "$col1", and so on. */
  readonly outputs: readonly { readonly name: string; readonly column: Column }[];
  readonly query: Node;
  /** The query's text, in which `placeOf` finds a node. */
  readonly sql: string;
}

/** A column of a scan. Its id is unique in the query. */
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
  /**
   * The tables that a query names, each as the path that it writes, without the names of its WITH clauses.
   * @throws SqlError
   */
  tablesOf(sql: string): string[][];
  /**
   * Parses and resolves a query. Other statements are refused.
   * @throws SqlError, and UnsupportedSql for a function of BigQuery that the analyser lacks
   */
  analyse(sql: string): Analysed;
}

/**
 * Loads the analyser, which takes half a second the first time, and registers the tables with it.
 * @param description the file `googlesql.json` to read instead of the package's own
 * @throws UserError if the analyser is not installed
 */
export async function loadAnalyser(tables: readonly CatalogTable[], description?: string): Promise<Analyser> {
  const service = await startService(description);
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
    // Keep all columns of a scan: analysis rules count distinct privacy units by a column that the query may not use.
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
      if (statement.kind !== "QueryStmt") throw new SqlError("Only queries can be run: SELECT, WITH or FROM.");
      return { outputs: statement.outputColumnList, query: statement.query, sql };
    },
  };
}

/** The language features that BigQuery has, for queries only. */
export function languageOf(service: Service): JsonObject {
  const all = service.call("GetLanguageOptions", { maximumFeatures: true }) as { enabledLanguageFeatures: string[] };
  return {
    ...all,
    enabledLanguageFeatures: [
      ...all.enabledLanguageFeatures.filter((feature) => !notInBigQuery.test(feature)),
      // BigQuery has this one, and the library does not count it as ready.
      "FEATURE_DIFFERENTIAL_PRIVACY",
    ],
    supportedStatementKinds: ["RESOLVED_QUERY_STMT"],
    productMode: "PRODUCT_EXTERNAL",
  };
}

/** Features that the analyser has and BigQuery lacks. */
const notInBigQuery =
  /GRAPH|MEASURE|MATCH_RECOGNIZE|MODULES|PROTO|PIPE_(INSERT|EXPORT|CREATE|TEE|FORK|IF|LOG|CALL|DESCRIBE|STATIC)|LATERAL|MAP_TYPE|UUID|ROW_TYPE|TIMESTAMP_(PICOS|NANOS)|SPANNER|TTL|WITH_EXPRESSION|GROUP_ROWS|BARE_ARRAY|MULTILEVEL|ENUM/;

/**
 * The analyser's own names of types. OTHER stands for a type of DuckDB that GoogleSQL lacks: JSON can be neither compared nor grouped
 * by, and the translation refuses every expression of it.
 */
const typeKinds: Readonly<Record<string, string>> = { FLOAT64: "TYPE_DOUBLE", OTHER: "TYPE_JSON" };

interface Catalog {
  readonly tables: Map<string, CatalogTable>;
  readonly catalogs: Map<string, Catalog>;
}

/** The tables as nested catalogs. Each table is entered once for each way to write its name. */
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
        type: { typeKind: typeKinds[column.kind] ?? `TYPE_${column.kind}` },
      })),
    })),
    catalog: [...catalogs].map(([called, catalog]) => json(called, catalog)),
  });
  return json("", top);
}
