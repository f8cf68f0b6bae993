import { listOf, type Node } from "../analyser/node.ts";
import type { Type } from "../analyser/types.ts";
import { type Evaluated, nameFor } from "../evaluate/evaluator.ts";
import { functionName } from "./call.ts";
import { expression } from "./expressions.ts";
import { withoutF } from "./functions/date-formats.ts";
import { functions } from "./functions.ts";
import type { Scope } from "./scope.ts";
import { text } from "./sql.ts";
import { duckDbType, isNested, typeName } from "./types.ts";

/* Expressions that Google's own implementation computes: a call of a function that evaluate/evaluator.ts registers with DuckDB. */

/** BigQuery's functions that have no translation, by their names in the tree. */
export const evaluatedFunctions: ReadonlySet<string> = new Set(
  `
  parse_json to_json to_json_string json_query json_value json_extract json_extract_scalar json_query_array json_value_array
  json_extract_array json_extract_string_array json_type json_array json_object json_array_append json_array_insert json_remove json_set
  json_strip_nulls json_keys json_flatten json_contains bool int64 float64 bool_array int64_array float64_array string_array
  lax_bool lax_int64 lax_float64 lax_string lax_bool_array lax_int64_array lax_float64_array lax_string_array
  $subscript
  ascii chr code_points_to_bytes code_points_to_string edit_distance from_base64 from_hex initcap
  regexp_instr regexp_extract_groups safe_convert_bytes_to_string soundex to_code_points translate unicode
  cbrt cot coth csc csch sec sech sinh cosh tanh asinh acosh atanh atan2 cosine_distance euclidean_distance is_inf is_nan
  parse_numeric parse_bignumeric
  farm_fingerprint sha512 error typeof
  $bitwise_left_shift $bitwise_right_shift
  parse_datetime parse_time parse_timestamp format_time time_add time_sub time_diff time_trunc date_bucket datetime_bucket timestamp_bucket
  $interval make_interval justify_days justify_hours justify_interval
  array_slice array_first array_last array_includes_all array_includes_any array_is_distinct array_max array_min array_sum array_avg
  range range_start range_end range_contains range_overlaps range_intersect generate_range_array
  nullifzero zeroifnull pi pi_numeric pi_bignumeric split_substr
  timestamp_from_unix_micros timestamp_from_unix_millis timestamp_from_unix_seconds
  net.host net.ip_from_string net.ip_net_mask net.ip_to_string net.ip_trunc net.ipv4_from_int64 net.ipv4_to_int64 net.safe_ip_from_string
  `
    .trim()
    .split(/\s+/),
);

/** Functions that Google's implementation must not compute: they are random, depend on the time, or their translation decides, or it lacks them. */
const neverEvaluated =
  /^(contains_substr|rand|generate_.*|current_.*|[$](equal|not_equal|in|in_array|less.*|greater.*|between|is_.*distinct.*))$/;

/** Functions whose result may be much longer than their arguments. Running out of memory would reveal a protected row. */
const growing = /^(repeat|[lr]pad|array_concat|array_to_string|regexp_extract_all)$/;

/** True if Google's implementation may compute a call in this query though a translation of the function refuses it. */
export function mayEvaluate(node: Node, scope: Scope): boolean {
  const name = functionName(node);
  if (neverEvaluated.test(name)) return false;
  return !scope.safe || !(growing.test(name) || isNested(node.type as Type));
}

/** The name in DuckDB of the parts of an expression that it takes. */
interface Parameters {
  readonly names: Map<Node, string>;
  readonly sql: string[];
  readonly types: Type[];
}

/**
 * Translates an expression to a call of Google's implementation; undefined if it cannot be written as GoogleSQL again.
 * @param given the translations of parts that are translated already
 */
export function evaluated(node: Node, scope: Scope, given?: ReadonlyMap<Node, string>): string | undefined {
  const result = node.type as Type;
  // An array grows with its row, and running out of memory would reveal the row.
  if (scope.safe && isNested(result))
    scope.refuse(
      "a function that makes an ARRAY or a STRUCT over rows of a view with a rule",
      "Use a function that returns one value, such as JSON_VALUE or REGEXP_EXTRACT.",
    );
  const parameters: Parameters = { names: new Map(), sql: [], types: [] };
  collectParts(node, parameters, scope, given);
  const written = scope.write(node, parameters.names);
  if (written === undefined) return undefined;
  const call: Evaluated = { text: written, parameters: parameters.types, result, sensitive: scope.safe };
  return `${nameFor(call, scope.evaluator)}(${parameters.sql.join(", ")})`;
}

function collectParts(node: Node, parameters: Parameters, scope: Scope, given?: ReadonlyMap<Node, string>): void {
  const all = new Map([...(given ?? []), ...spelledOut(node)]);
  for (const part of partsOf(node)) collect(part, parameters, scope, all);
}

/** The library reads every element of a format but %F. */
function spelledOut(node: Node): [Node, string][] {
  if (node.kind !== "FunctionCall" || !/^parse_(date|datetime|timestamp)$/.test(functionName(node))) return [];
  const [format] = listOf(node.argumentList);
  const { stringValue } = (format?.value as { value?: { stringValue?: string } } | undefined)?.value ?? {};
  return format && stringValue?.includes("%F") ? [[format, text(withoutF(stringValue))]] : [];
}

/** Makes a part a parameter, unless it is a literal or computed by Google's implementation too. */
function collect(node: Node, parameters: Parameters, scope: Scope, given: ReadonlyMap<Node, string>): void {
  if (node.kind === "Literal" && !given.has(node)) return;
  // Over protected rows each call's result is limited, so that nested calls cannot outgrow the memory.
  if (!scope.safe && !given.has(node) && isEvaluated(node)) {
    collectParts(node, parameters, scope);
    return;
  }
  const type = node.type as Type;
  if (duckDbType(type) === undefined) scope.refuse(`a value of type ${typeName(type)}`);
  const sql = given.get(node) ?? expression(node, scope);
  const same = parameters.sql.indexOf(sql);
  const at = same < 0 || JSON.stringify(parameters.types[same]) !== JSON.stringify(type) ? parameters.sql.length : same;
  parameters.names.set(node, `p${at}`);
  if (at < parameters.sql.length) return;
  parameters.sql.push(sql);
  parameters.types.push(type);
}

/** True if no translation of DuckDB's exists for this kind of expression. */
function isEvaluated(node: Node): boolean {
  if (node.kind === "GetJsonField") return true;
  return (
    node.kind === "FunctionCall" && evaluatedFunctions.has(functionName(node)) && !(functionName(node) in functions)
  );
}

function partsOf(node: Node): readonly Node[] {
  if (node.kind === "FunctionCall") return listOf(node.argumentList);
  return [node.expr, node.format, node.timeZone].filter((part) => part !== undefined) as Node[];
}
