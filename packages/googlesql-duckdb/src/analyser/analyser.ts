import { SqlError, UnsupportedSql } from "../errors.ts";
import { type Evaluator, evaluatorOf } from "../evaluate/evaluator.ts";
import { FIRST_CATALOG, keep } from "./kept.ts";
import { reworded, unlessMissing } from "./missing.ts";
import { flatten, messageFor, type Node, nodesIn, tableOf } from "./node.ts";
import type { JsonObject } from "./protobuf.ts";
import { catalogRequest, type Ready, type Service, startService } from "./service.ts";
import { type CatalogFunction, definition, type FunctionParameter, functionJson } from "./table-functions.ts";
import type { Column, ColumnKind } from "./types.ts";

/*
 * Google's own analyser of GoogleSQL, the language of BigQuery. It parses a query, resolves every name, finds the type of every
 * expression, and returns the resolved tree. It runs inside this process, compiled to WebAssembly.
 */

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
  /**
   * Writes an expression as GoogleSQL again, with columns in place of some of its parts; undefined for one that was made or changed since.
   * @param columns the parts to replace, with the names of the columns
   */
  write(expression: Node, columns: ReadonlyMap<Node, string>): string | undefined;
  /** Computes what DuckDB cannot. */
  readonly evaluator: Evaluator;
}

/** Google's analyser of GoogleSQL, with a catalogue of tables. */
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
  /**
   * Parses and resolves a query as `analyse` does, without blocking this thread.
   * @param signal stops the analyser, and starts it again
   * @throws what `analyse` throws; RunError if the call is cancelled
   */
  analyseSoon(sql: string, signal?: AbortSignal): Promise<Analysed>;
  /**
   * Parses and resolves the query of a table function. In its tree, a RelationArgumentScan reads a table that the caller passes in, and
   * an ArgumentRef is a value.
   * @throws SqlError, with a place in the query; UserError for a parameter's type
   */
  analyseFunction(parameters: readonly FunctionParameter[], query: string): Analysed;
  /**
   * Keeps the machine code of what ran until now, or the memory as it is now, so that later processes start sooner: see kept.ts. A memory is
   * kept for this catalog.
   */
  keep(what: "code" | "image"): void;
  /** Ends the analyser's thread, and frees its memory of some 100 MB. */
  close(): void;
}

/**
 * Loads the analyser and registers the tables and table functions with it. That takes a second, or a tenth of one after another one in this
 * process, or with what an earlier process kept.
 * @param description the file `googlesql.json` to read instead of the package's own
 * @throws UserError if the analyser is not installed
 */
export async function loadAnalyser(
  tables: readonly CatalogTable[],
  description?: string,
  functions: readonly CatalogFunction[] = [],
): Promise<Analyser> {
  const service = startService(description);
  const languageOptions = languageOf(service);
  const request = catalogRequest(languageOptions, catalogJson(tables, functions));
  const registration = JSON.stringify(request);
  const optionsFor = (kind: string) =>
    service.message("zetasql.AnalyzerOptionsProto", {
      languageOptions: { ...languageOptions, supportedStatementKinds: [kind] },
      defaultTimezone: "UTC",
      errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
      parseLocationRecordType: "PARSE_LOCATION_RECORD_FULL_NODE_SCOPE",
      // Keep all columns of a scan: analysis rules count distinct privacy units by a column that the query may not use.
      pruneUnusedColumns: false,
      enabledRewrites: ["REWRITE_PIVOT", "REWRITE_UNPIVOT", "REWRITE_LIKE_ANY_ALL"],
    });
  const forQueries = optionsFor("RESOLVED_QUERY_STMT");
  const forFunctions = optionsFor("RESOLVED_CREATE_TABLE_FUNCTION_STMT");
  // To ask the library for its language, it was started without an image.
  const image = service.kept.language() === undefined ? undefined : service.kept.image(registration);
  if (image !== undefined) service.start(image);
  else if (!service.isShared) share(service, languageOptions, forQueries);
  const register = () => {
    const { registeredId } = service.call("RegisterCatalog", request);
    return { id: registeredId as string, restarts: service.restarts };
  };
  let catalog = image === undefined ? register() : { id: FIRST_CATALOG, restarts: 0 };
  const catalogId = (): string => {
    if (service.restarts > catalog.restarts) catalog = register();
    return catalog.id;
  };
  const requestFor = (sqlStatement: string): JsonObject => ({ registeredCatalogId: catalogId(), sqlStatement });
  const statementIn = ({ resolvedStatement }: JsonObject) =>
    flatten(resolvedStatement) as { kind: string; outputColumnList: Analysed["outputs"]; query: Node };
  const language = service.message("zetasql.LanguageOptionsProto", languageOptions);
  const evaluator = evaluatorOf(service, languageOptions);
  const write: Analysed["write"] = (expression, columns) => {
    const message = messageFor(expression);
    if (message === undefined) return undefined;
    const parts = [...columns].flatMap(([node, name]) => [messageFor(node), name]);
    const known = texts.get(message);
    if (known?.parts.length === parts.length && parts.every((part, at) => part === known.parts[at])) return known.sql;
    const replaced = new Map([...columns].map(([node, name]) => [messageFor(node), columnJson(node, name)]));
    const { sql } = service.call("BuildSql", {
      registeredCatalogId: catalogId(),
      descriptorPoolList: { definitions: [{ builtin: {} }] },
      resolvedExpression: withReplaced(message, replaced) as JsonObject,
    });
    texts.set(message, { parts, sql: sql as string });
    return sql as string;
  };
  const analysed = (response: JsonObject, sql: string): Analysed => {
    const { kind, outputColumnList: outputs, query } = statementIn(response);
    if (kind !== "QueryStmt") throw new SqlError("Only queries can be run: SELECT, WITH or FROM.");
    return { outputs, query, sql, write, evaluator };
  };
  const checkLength = (sql: string) => {
    if (sql.length > MOST_CHARACTERS) throw new SqlError("The query is too large: at most 1,048,576 characters");
  };
  /** The query to analyse instead of one that failed. Throws the error, as it is shown, if there is none. */
  const instead = (sql: string, error: unknown): string => {
    if (!(error instanceof SqlError)) throw error;
    const typed = reworded(sql, error);
    if (typed === undefined) throw unlessMissing(error, sql);
    return typed;
  };
  // Editors on Windows begin a file with a byte order mark.
  const analyse = (text: string): Analysed => {
    const sql = text.replace(/^\uFEFF/, "");
    checkLength(sql);
    try {
      return analysed(service.call("Analyze", requestFor(sql), { options: forQueries }), sql);
    } catch (error) {
      return analyse(instead(sql, error));
    }
  };
  const analyseSoon = async (text: string, signal?: AbortSignal): Promise<Analysed> => {
    const sql = text.replace(/^\uFEFF/, "");
    checkLength(sql);
    try {
      return analysed(await service.callSoon("Analyze", requestFor(sql), { options: forQueries }, signal), sql);
    } catch (error) {
      return analyseSoon(instead(sql, error), signal);
    }
  };
  const registered = new Set(tables.map((table) => JSON.stringify(table)));
  const functionTree = (sql: string): FunctionTree => {
    const known = trees.get(sql);
    if (known?.tables.every((table) => registered.has(table))) return known;
    const { outputColumnList: outputs, query } = statementIn(
      service.call("Analyze", requestFor(sql), { options: forFunctions }),
    );
    const scanned = new Set(nodesIn(query, (kind) => kind === "TableScan").map(tableOf));
    const read = tables.filter(({ id }) => scanned.has(id)).map((table) => JSON.stringify(table));
    const tree = { outputs, query, tables: read };
    trees.delete(sql);
    for (const oldest of [...trees.keys()].slice(0, 1 - MOST_FUNCTIONS)) trees.delete(oldest);
    // A table function that it calls can be another one in the next catalog.
    if (nodesIn(query, (kind) => kind === "Tvfscan").length === 0) trees.set(sql, tree);
    return tree;
  };
  return {
    tablesOf(sql) {
      const request = { sqlStatement: sql };
      const { tableName = [] } = service.call("ExtractTableNamesFromStatement", request, { options: language }) as {
        tableName?: { tableNameSegment: string[] }[];
      };
      return tableName.map(({ tableNameSegment }) => tableNameSegment);
    },
    keep: (what) => keep(what, service, registration, catalog.id),
    close() {
      service.stop();
      evaluator.stop();
    },
    analyse,
    analyseSoon,
    analyseFunction(parameters, query) {
      const sql = definition(parameters, query);
      try {
        const { outputs, query: body } = functionTree(sql);
        return { outputs, query: body, sql, write, evaluator };
      } catch (error) {
        const shown = error instanceof SqlError ? unlessMissing(error, sql) : error;
        if (!(shown instanceof SqlError || shown instanceof UnsupportedSql) || shown.line === undefined) throw shown;
        const { line, column = 1 } = shown;
        if (shown instanceof UnsupportedSql)
          throw new UnsupportedSql(shown.what, { line: line - 1, column }, shown.advice);
        throw new SqlError(shown.message, line - 1, shown.column);
      }
    },
  };
}

interface FunctionTree extends Pick<Analysed, "outputs" | "query"> {
  /** The catalog's entries of the tables that it reads. In a catalog with the same entries, the text has the same tree. */
  readonly tables: readonly string[];
}

/** Expressions as GoogleSQL, by their messages, with the messages and names of the columns in it. A table function's are written with each call. */
const texts = new WeakMap<object, { readonly parts: readonly unknown[]; readonly sql: string }>();

/** The trees of the last table functions, by text. A program checks a function, and then opens rooms that call it. */
const trees = new Map<string, FunctionTree>();
const MOST_FUNCTIONS = 64;

/**
 * Lets further instances in this process start as copies of this one, after its first query: the library prepares its functions for it, which
 * takes most of a start.
 */
function share(service: Service, languageOptions: JsonObject, options: Ready): void {
  const { registeredId } = service.call("RegisterCatalog", catalogRequest(languageOptions));
  service.call("Analyze", { registeredCatalogId: registeredId, sqlStatement: "SELECT 1" } as JsonObject, { options });
  service.call("UnregisterCatalog", { registeredId } as JsonObject);
  service.share();
}

/** BigQuery's limit, in bytes there. */
const MOST_CHARACTERS = 1_048_576;

/** A reference to a column that no scan has. */
function columnJson({ type }: Node, name: string): JsonObject {
  return { resolvedExpressionColumnNode: { parent: { type: type as JsonObject }, name } };
}

/** A copy of a message with some of the messages in it replaced. */
function withReplaced(part: unknown, replaced: ReadonlyMap<object | undefined, JsonObject>): unknown {
  if (Array.isArray(part)) return part.map((each) => withReplaced(each, replaced));
  if (typeof part !== "object" || part === null) return part;
  return (
    replaced.get(part) ??
    Object.fromEntries(Object.entries(part).map(([field, value]) => [field, withReplaced(value, replaced)]))
  );
}

/** The language features that BigQuery has, for queries only. */
export function languageOf(service: Service): JsonObject {
  const all = service.language() as { enabledLanguageFeatures: string[] };
  return {
    ...all,
    enabledLanguageFeatures: [
      ...all.enabledLanguageFeatures.filter((feature) => !notInBigQuery.test(feature)),
      // BigQuery has these, and the library does not count them as ready.
      "FEATURE_DIFFERENTIAL_PRIVACY",
      "FEATURE_LIKE_ANY_SOME_ALL_ARRAY",
    ],
    supportedStatementKinds: ["RESOLVED_QUERY_STMT"],
    productMode: "PRODUCT_EXTERNAL",
  };
}

/** Features that the analyser has and BigQuery lacks. */
const notInBigQuery =
  /GRAPH|JSON_TYPE_COMPARISON|MEASURE|MATCH_RECOGNIZE|MODULES|PROTO|PIPE_(INSERT|EXPORT|CREATE|TEE|FORK|IF|LOG|CALL|DESCRIBE|STATIC)|LATERAL|MAP_TYPE|UUID|ROW_TYPE|TIMESTAMP_(PICOS|NANOS)|SPANNER|TTL|GROUP_ROWS|ARRAY_EQUALITY|ENUM/;

/**
 * The analyser's own names of types. OTHER stands for a type of DuckDB that GoogleSQL lacks: GEOGRAPHY can be neither compared nor
 * grouped by, and the translation refuses every expression of it.
 */
const typeKinds: Readonly<Record<string, string>> = { FLOAT64: "TYPE_DOUBLE", OTHER: "TYPE_GEOGRAPHY" };

interface Catalog {
  readonly tables: Map<string, CatalogTable>;
  readonly functions: JsonObject[];
  readonly catalogs: Map<string, Catalog>;
}

/** The tables and functions as nested catalogs. Each is entered once for each way to write its name. */
export function catalogJson(tables: readonly CatalogTable[], functions: readonly CatalogFunction[] = []): JsonObject {
  const empty = (): Catalog => ({ tables: new Map(), functions: [], catalogs: new Map() });
  const top = empty();
  const catalogOf = (path: readonly string[]) =>
    path.slice(0, -1).reduce((at, part) => {
      const next = at.catalogs.get(part) ?? empty();
      at.catalogs.set(part, next);
      return next;
    }, top);
  for (const table of tables) for (const path of table.paths) catalogOf(path).tables.set(path.at(-1) ?? "", table);
  for (const called of functions)
    for (const path of called.paths) catalogOf(path).functions.push(functionJson(path, called));
  const json = (name: string, { tables, functions, catalogs }: Catalog): JsonObject => ({
    name,
    table: [...tables].map(([called, { id, columns }]) => ({
      name: called,
      fullName: id,
      column: columns.map((column) => ({
        name: column.name,
        type: { typeKind: typeKinds[column.kind] ?? `TYPE_${column.kind}` },
      })),
    })),
    customTvf: functions,
    catalog: [...catalogs].map(([called, catalog]) => json(called, catalog)),
  });
  return { ...json("", top), customFunction: [containsSubstr] };
}

/** CONTAINS_SUBSTR(any value, STRING), which BigQuery has and the library lacks. */
const containsSubstr: JsonObject = {
  namePath: ["contains_substr"],
  group: "ZetaSQL",
  mode: "SCALAR",
  signature: [
    {
      argument: [
        { kind: "ARG_TYPE_ARBITRARY", numOccurrences: 1 },
        { kind: "ARG_TYPE_FIXED", type: { typeKind: "TYPE_STRING" }, numOccurrences: 1 },
      ],
      returnType: { kind: "ARG_TYPE_FIXED", type: { typeKind: "TYPE_BOOL" }, numOccurrences: 1 },
    },
  ],
};
