import { createHash } from "node:crypto";
import { BIGINT, BOOLEAN, type DuckDBConnection, DuckDBScalarFunction, type DuckDBValue } from "@duckdb/node-api";
import type { JsonObject } from "../analyser/protobuf.ts";
import { catalogRequest, type Ready, type Service } from "../analyser/service.ts";
import type { Type } from "../analyser/types.ts";
import { messageOf, SqlError } from "../errors.ts";
import { type OwnFunction, ownFunctions } from "./own.ts";
import { columnType, ofMessage, toMessage } from "./values.ts";

/*
 * Functions that DuckDB lacks, or computes in another way, are computed by Google's own implementation of GoogleSQL, which the analyser's
 * library includes. DuckDB calls it as a function of its own: with thousands of rows at a time, at about 0.1 ms a row.
 */

/** An expression for Google's implementation. */
export interface Evaluated {
  /** GoogleSQL, with the parameters as columns p0, p1 and so on. */
  readonly text: string;
  readonly parameters: readonly Type[];
  readonly result: Type;
  /** Whether it reads protected rows: then it returns NULL instead of failing. */
  readonly sensitive: boolean;
}

/** Google's implementation. It starts with the first row. */
export interface Evaluator {
  /**
   * Evaluates an expression for rows of parameters.
   * @throws SqlError if it fails on a row
   */
  evaluate(call: Evaluated, rows: readonly JsonObject[][]): JsonObject[];
  /** Ends its instance of the library. */
  stop(): void;
}

/** Makes an evaluator from a running library. It works in an instance of its own, which a failure does not take along. */
export function evaluatorOf(service: Service, languageOptions: JsonObject): Evaluator {
  let started: { service: Service; catalog: string; restarts: number; prepared: Map<Evaluated, string> } | undefined;
  const start = () => {
    started?.service.stop();
    const own = service.another();
    const { registeredId } = own.call("RegisterCatalog", catalogRequest(languageOptions));
    started = { service: own, catalog: registeredId as string, restarts: own.restarts, prepared: new Map() };
    return started;
  };
  const prepare = (call: Evaluated) => {
    const isFit = started && started.restarts === started.service.restarts && started.prepared.size < MOST_PREPARED;
    const state = started && isFit ? started : start();
    const known = state.prepared.get(call);
    if (known !== undefined) return { ...state, id: known };
    const expression = call.sensitive ? `IFERROR(${call.text}, NULL)` : call.text;
    const { prepared } = state.service.call(
      "PrepareQuery",
      {
        // To sort the rows would double the time.
        sql: `SELECT row_number, ${expression} FROM UNNEST(@rows) WITH OFFSET AS row_number`,
        registeredCatalogId: state.catalog,
      },
      { options: optionsOf(state.service, call, languageOptions) },
    ) as { prepared: { preparedQueryId: string } };
    state.prepared.set(call, prepared.preparedQueryId);
    return { ...state, id: prepared.preparedQueryId };
  };
  const evaluate = (call: Evaluated, rows: readonly JsonObject[][]): JsonObject[] => {
    const { service: own, id } = prepare(call);
    // A STRUCT must have a field.
    const element = rows.map((fields) => ({
      structValue: { field: fields.length > 0 ? fields : [{ boolValue: true }] },
    }));
    const { content } = own.call("EvaluateQuery", {
      preparedQueryId: id,
      params: [{ name: "rows", value: { arrayValue: { element } } }],
    }) as { content?: { tableData?: { row?: { cell: JsonObject[] }[] } } };
    const found = content?.tableData?.row ?? [];
    if (found.length !== rows.length) throw new Error("Google's implementation returned other rows than it was given");
    const results: JsonObject[] = [];
    for (const { cell } of found) results[Number(cell[0]?.int64Value)] = cell[1] ?? {};
    return results;
  };
  return {
    stop: () => started?.service.stop(),
    evaluate(call, rows) {
      try {
        return evaluate(call, rows);
      } catch (error) {
        if (!call.sensitive) throw error;
        // Not even a failure of the library may reveal a row.
        if (rows.length === 1) return [{}];
        return rows.flatMap((row) => this.evaluate(call, [row]));
      }
    },
  };
}

/** Prepared expressions take memory, so a new instance starts after so many. */
const MOST_PREPARED = 200;

function optionsOf(service: Service, { parameters }: Evaluated, languageOptions: JsonObject): Ready {
  const field = parameters.map((fieldType, at) => ({ fieldName: `p${at}`, fieldType }));
  const none = [{ fieldName: "p0", fieldType: { typeKind: "TYPE_BOOL" } }];
  const structType = { field: field.length > 0 ? field : none };
  const type = {
    typeKind: "TYPE_ARRAY",
    arrayType: { elementType: { typeKind: "TYPE_STRUCT", structType } },
  } as unknown as JsonObject;
  return service.message("zetasql.AnalyzerOptionsProto", {
    languageOptions,
    defaultTimezone: "UTC",
    errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
    queryParameters: [{ name: "rows", type }],
  });
}

/** The functions that translations name, by their names in DuckDB. */
const defined = new Map<string, { readonly call: Evaluated; readonly evaluator: Evaluator }>();

/** The name of DuckDB's function for an expression. It is the same for the same expression. */
export function nameFor(call: Evaluated, evaluator: Evaluator): string {
  const key = createHash("sha256").update(JSON.stringify(call)).digest("hex").slice(0, 24);
  const name = `googlesql_${key}`;
  // The evaluator of an earlier translation may have stopped with its analyser.
  defined.set(name, { call, evaluator });
  return name;
}

/** A call of one of the functions in own.ts. It returns NULL instead of failing if it is `safe`. */
export function ownCall(
  name: OwnFunction,
  args: readonly string[],
  { safe, sensitive }: { readonly safe: boolean; readonly sensitive: boolean },
): string {
  return `googlesql_${name}${sensitive ? "_sensitive" : safe ? "_safe" : ""}(${args.join(", ")})`;
}

/** The checks of the queries that run, by the queries' numbers. A check throws an error if its query must stop. */
const running = new Map<bigint, () => void>();
let started = 0n;

/** A condition that is true until its query must stop, and then fails. DuckDB itself does not stop within an expression, such as a lambda. */
export const goesOn = "googlesql_goes_on('0')";

/**
 * Lets the functions of a query call a check of the query. No text of the query looks like `goesOn`: in a text, quotes are doubled.
 * @param id the number of an earlier run whose statement runs again
 */
export function withCheck(
  select: string,
  check: () => void,
  id = ++started,
): { readonly sql: string; readonly id: bigint; end(): void } {
  running.set(id, check);
  return { sql: select.replaceAll(goesOn, `googlesql_goes_on(${id})`), id, end: () => running.delete(id) };
}

/** A check for a function that takes long: while it runs, no timer does. It does not know its query, so it fails when every query must stop. */
function stopIfAllMust(): void {
  if (performance.now() - lastCheck < 100 || running.size === 0) return;
  let going = 0;
  let reason: unknown;
  for (const check of running.values())
    try {
      check();
      going += 1;
    } catch (error) {
      reason = error;
    }
  if (going === 0) throw reason;
  lastCheck = performance.now();
}

let lastCheck = 0;

const goingOn = () =>
  DuckDBScalarFunction.create({
    name: "googlesql_goes_on",
    parameterTypes: [BIGINT],
    returnType: BOOLEAN,
    // DuckDB would call it once for the whole query.
    volatile: true,
    mainFunction(info, input, output) {
      try {
        running.get(input.getColumnVector(0).getItem(0) as bigint)?.();
        for (let row = 0; row < input.rowCount; row += 1) output.setItem(row, true);
        output.flush();
      } catch (error) {
        info.setError(messageOf(error));
      }
    },
  });

/** Registers the functions that a translation names on DuckDB, unless they are among `done`. */
export function registerFunctions(connection: DuckDBConnection, select: string, done: Set<string>): void {
  if (select.includes(goesOn) && !done.has(goesOn)) {
    connection.registerScalarFunction(goingOn());
    done.add(goesOn);
  }
  for (const [name, own, kind] of select.matchAll(ownNames)) {
    if (done.has(name)) continue;
    connection.registerScalarFunction(ownFunction(name, own as OwnFunction, kind));
    done.add(name);
  }
  for (const [name] of select.matchAll(/googlesql_[0-9a-f]{24}/g)) {
    const found = defined.get(name);
    if (found === undefined || done.has(name)) continue;
    connection.registerScalarFunction(scalarFunction(name, found.call));
    done.add(name);
  }
}

const ownNames = new RegExp(`\\bgooglesql_(${Object.keys(ownFunctions).join("|")})(_safe|_sensitive)?\\b`, "g");

function ownFunction(name: string, own: OwnFunction, kind?: string): DuckDBScalarFunction {
  const { parameters, result, compute } = ownFunctions[own];
  const sizeOf = (value: DuckDBValue) => (typeof value === "string" ? Buffer.byteLength(value) : 0);
  const isShort = (value: string, from: DuckDBValue | undefined) =>
    kind === "_sensitive" ? value.length <= 4096 : sizeOf(value) <= Math.max(MOST_MADE, sizeOf(from ?? null));
  const valueFor = (values: readonly DuckDBValue[]) => {
    if (values.includes(null)) return null;
    try {
      const value = compute(...values);
      if (typeof value !== "string" || isShort(value, values[0])) return value;
      throw new SqlError(`a text of more than ${MOST_MADE} bytes`);
    } catch (error) {
      if (kind !== undefined) return null;
      throw error;
    }
  };
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: parameters.map(columnType),
    returnType: columnType(result),
    specialHandling: true,
    mainFunction(info, input, output) {
      try {
        const columns = parameters.map((_, at) => input.getColumnVector(at));
        for (let row = 0; row < input.rowCount; row += 1) {
          output.setItem(row, valueFor(columns.map((column) => column.getItem(row))));
          stopIfAllMust();
        }
        output.flush();
      } catch (error) {
        info.setError(messageOf(error));
      }
    },
  });
}

function scalarFunction(name: string, call: Evaluated): DuckDBScalarFunction {
  const known = new Map<string, DuckDBValue>();
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: call.parameters.map(columnType),
    returnType: columnType(call.result),
    specialHandling: true,
    mainFunction(info, input, output) {
      try {
        const columns = call.parameters.map((_, at) => input.getColumnVector(at));
        const count = input.rowCount;
        const rows = Array.from({ length: count }, (_, row) => {
          stopIfAllMust();
          return columns.map((column, at) => toMessage(column.getItem(row), call.parameters[at] as Type));
        });
        const keys = rows.map((row) => {
          stopIfAllMust();
          return JSON.stringify(row);
        });
        if (known.size > MOST_KNOWN) known.clear();
        const unknown = new Map(keys.map((key, at) => [key, rows[at] as JsonObject[]] as const));
        for (const key of known.keys()) unknown.delete(key);
        const { evaluator } = defined.get(name) as { evaluator: Evaluator };
        const results = new Map(computed(unknown, call, evaluator));
        for (const [key, value] of results) if (key.length < MOST_LETTERS) known.set(key, value);
        for (const [at, key] of keys.entries()) output.setItem(at, results.get(key) ?? known.get(key) ?? null);
        output.flush();
      } catch (error) {
        info.setError(messageOf(error));
      }
    },
  });
}

/** The results for rows, which are sent to the library in parts of a moderate size. */
function* computed(
  rows: ReadonlyMap<string, JsonObject[]>,
  call: Evaluated,
  evaluator: Evaluator,
): Iterable<[string, DuckDBValue]> {
  let part: [string, JsonObject[]][] = [];
  let bytes = 0;
  const evaluate = () => {
    stopIfAllMust();
    const messages = evaluator.evaluate(
      call,
      part.map(([, row]) => row),
    );
    return part.map(([key], at): [string, DuckDBValue] => [
      key,
      checked(ofMessage(messages[at] ?? {}, call.result), call),
    ]);
  };
  for (const entry of rows) {
    part.push(entry);
    bytes += entry[0].length;
    if (bytes < MOST_BYTES) continue;
    yield* evaluate();
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield* evaluate();
}

/** Columns repeat their values, so results are kept: so many, of arguments of so many letters. */
const MOST_KNOWN = 10_000;
const MOST_LETTERS = 500;

/** Rows are sent to the library in parts of about this size. */
const MOST_BYTES = 1_000_000;
/** The longest text that a function makes from a row: DuckDB holds those of 2,048 rows. */
const MOST_MADE = 131_072;
/** The longest text of a result: the limit of the translated functions, see translate/functions/growing.ts. */
const longestOf = ({ sensitive }: Pick<Evaluated, "sensitive">) => (sensitive ? 4096 : 1_048_576);

/** Refuses results that the translation cannot use further: DuckDB compares NaN in another way. */
function checked(value: DuckDBValue, call: Evaluated): DuckDBValue {
  const isInfinite = typeof value === "number" && !Number.isFinite(value);
  const isLong = typeof value === "string" && value.length > longestOf(call);
  if (!isInfinite && !isLong) return value;
  if (call.sensitive) return null;
  throw new SqlError(
    isLong ? "a text of more than 1 MB" : "DuckDB cannot go on with NaN or an infinity as BigQuery would",
  );
}
