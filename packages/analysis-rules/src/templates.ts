import { randomUUID } from "node:crypto";
import {
  type Analysed,
  type CatalogFunction,
  type Column,
  copyOf,
  type FunctionParameter,
  listOf,
  type Node,
  nodesIn,
  placeOf,
  SqlError,
  type Type,
  tableColumns,
  typeName,
  UnsupportedSql,
} from "googlesql-duckdb/tree";
import { Refusal } from "./refusal.ts";
import {
  calledName,
  groupings,
  partyOf,
  type Room,
  RoomError,
  type RoomFunction,
  type RoomParty,
  type RoomTemplate,
} from "./room.ts";
import { columnIdsIn } from "./tree-parts.ts";

/*
 * Query templates: table functions that run with the rights of the party that owns the data. A query's tree contains only a call. This file
 * replaces the call by the template's own tree, and its parameters by the caller's tables. So one tree is checked and translated,
 * in which some scans are the caller's and some are the owner's.
 */

/** A call of a template. */
export interface TemplateCall {
  readonly called: RoomFunction;
  readonly template: RoomTemplate;
  /** True unless the owner itself asks: the caller may learn nothing about the template's query. */
  readonly hidden: boolean;
}

/** A query with the templates' trees in the places of their calls. */
export interface Inlined {
  readonly query: Analysed;
  /** The calls, by the scan that took a call's place. Everything below is the owner's, except `tables`. */
  readonly calls: ReadonlyMap<Node, TemplateCall>;
  /** The scans of the tables that the caller passes in. */
  readonly tables: ReadonlySet<Node>;
}

/** The functions as a catalog for the analyser. */
export function functionsOf(room: Room, { functions = [] }: RoomParty): CatalogFunction[] {
  return functions.map((called) => {
    const { project, dataset, name } = called;
    const { parameters, columns } = templateOf(room, called);
    return { paths: [...groupings([dataset, name]), ...groupings([project, dataset, name])], parameters, columns };
  });
}

/** The template behind a function. Throws RoomError if the room has none. */
export function templateOf({ templates = {} }: Room, { id }: RoomFunction): RoomTemplate {
  const found = Object.hasOwn(templates, id) ? templates[id] : undefined;
  if (found === undefined) throw new RoomError("wrong", `the room describes no template ${id}`);
  return found;
}

/** The functions that a query calls, in the order of the tree. */
export function callsIn(query: Analysed, { functions = [] }: RoomParty): RoomFunction[] {
  return nodesIn(query.query, (kind) => kind === CALL).map((node) => {
    const { name } = node.tvf as { name: string };
    const found = functions.find(({ project, dataset, name: called }) =>
      [`${dataset}.${called}`, `${project}.${dataset}.${called}`].includes(name),
    );
    if (found === undefined) throw new UnsupportedSql(`the table function ${name}`, placeOf(query.sql, node));
    return found;
  });
}

/** The functions whose names stand before a bracket in a query's text. For queries with an error, which have no tree. */
export function callsNamedIn(sql: string, { functions = [] }: RoomParty): RoomFunction[] {
  // A string may contain the signs of a comment, so look at the text both with and without its comments.
  const texts = [sql, sql.replace(/\/\*[\s\S]*?\*\/|(--|#).*/g, " ")].map((text) =>
    text
      .replaceAll("`", "")
      .replace(/\s+/g, " ")
      .replace(/ ?([.(]) ?/g, "$1")
      .toLowerCase(),
  );
  return functions.filter((called) => texts.some((text) => text.includes(`${calledName(called)}(`.toLowerCase())));
}

/** The analyser's name for a scan that calls a table function. */
const CALL = "Tvfscan";

/** Finds the tree of a template, whose parameters have these types. */
type BodyOf = (template: RoomTemplate, parameters: readonly FunctionParameter[]) => Analysed;

/**
 * Puts templates' trees in the places of their calls.
 * @throws Refusal for a call that runs once for each row of another table: it would ask as often as that table has rows
 * @throws SqlError if a template cannot read the table that is passed in
 */
export function inline(query: Analysed, room: Room, asker: string, bodyOf: BodyOf): Inlined {
  const called = callsIn(query, partyOf(room, asker));
  const calls = new Map<Node, TemplateCall>();
  const tables = new Set<Node>();
  if (called.length === 0) return { query, calls, tables };
  let from = Math.max(...[...columnIdsIn(query)].map(Number));
  let next = 0;
  // The caller chooses names too, and one of its WITH clauses must never be taken for one of a template: so nobody can guess these.
  const mark = randomUUID();
  const visit = (part: unknown): unknown => {
    if ((part as Node | null)?.kind !== CALL) return changed(part, visit);
    const template = templateOf(room, called[next] as RoomFunction);
    const use = { called: called[next] as RoomFunction, template, hidden: template.owner !== asker };
    next += 1;
    const number = next;
    // Arguments may hold calls too, and come after this one in `called`.
    const call = { ...(part as Node), argumentList: visit((part as Node).argumentList) } as Node;
    const { scan, passed, last } = expanded(call, use, query, bodyOf, from, `${mark} ${number}`);
    from = last;
    calls.set(scan, use);
    for (const table of passed) tables.add(table);
    return scan;
  };
  const root = visit(query.query) as Node;
  return { query: { ...query, query: root }, calls, tables };
}

/** The scan that takes the place of one call, and those of the tables that it passes in. */
function expanded(call: Node, use: TemplateCall, { sql }: Analysed, bodyOf: BodyOf, from: number, mark: string) {
  const { called, template } = use;
  const place = placeOf(sql, call);
  const args = listOf(call.argumentList);
  for (const argument of args) checkArgument(argument, called, call, sql);
  const parameters = template.parameters.map((parameter, index) =>
    tableColumns(parameter) === "any" ? { ...parameter, type: typeOfTable(call, index, sql) } : parameter,
  );
  let body: Analysed;
  try {
    body = bodyOf(template, parameters);
  } catch (error) {
    if (!use.hidden || !(error instanceof SqlError || error instanceof UnsupportedSql)) throw error;
    throw new SqlError(
      `${calledName(called)} cannot read the table that is passed in, which is ${parameters.map(({ name, type }) => `${name} ${type}`).join(", ")}. Its owner says: ${template.guards}`,
      place?.line,
      place?.column,
    );
  }
  const argumentOf = new Map(parameters.map(({ name }, index) => [name.toLowerCase(), args[index] as Node]));
  const withNameOf = (name: unknown) => `${mark} ${String(name).toLowerCase()}`;
  let last = from;
  let values = 0;
  const id = (old: unknown) => {
    last = Math.max(last, from + Number(old));
    return String(from + Number(old));
  };
  const visit = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part !== "object" || part === null) return part;
    const node = part as Node;
    if (node.kind === "ArgumentRef") {
      values += 1;
      return argumentOf.get(String(node.name).toLowerCase())?.expr;
    }
    const before = values;
    const copy: Record<string, unknown> = {};
    // A place in the owner's text must not be taken for one in the caller's.
    for (const [name, value] of Object.entries(node))
      if (name === "columnId") copy[name] = id(value);
      else if (name === "withQueryName") copy[name] = withNameOf(`with ${value}`);
      else if (name !== "parseLocationRange") copy[name] = visit(value);
    if (node.kind === "RelationArgumentScan")
      return { kind: "WithRefScan", columnList: copy.columnList, withQueryName: withNameOf(`table ${node.name}`) };
    return node.kind === undefined || values > before ? copy : copyOf(node, copy);
  };
  const root = visit(body.query) as Node;
  const passed = parameters.flatMap(({ name }, index): [string, Node][] => {
    const { scan, argumentColumnList } = args[index] as Node;
    if (scan === undefined) return [];
    return [[name, { kind: "ProjectScan", columnList: argumentColumnList, inputScan: scan } as Node]];
  });
  const withEntryList = passed.map(([name, withSubquery]) => ({
    withQueryName: withNameOf(`table ${name}`),
    withSubquery,
  }));
  const inputScan =
    withEntryList.length === 0 ? root : { kind: "WithScan", columnList: root.columnList, withEntryList, query: root };
  const places = listOf<number | string>(call.columnIndexList);
  const exprList = listOf<Column>(call.columnList).map((column, index) => {
    const from = (body.outputs[Number(places[index])] as Analysed["outputs"][number]).column;
    const of = visit(from) as Column;
    return { column, expr: { kind: "ColumnRef", type: of.type, column: of, isCorrelated: false } };
  });
  const { columnList, parseLocationRange } = call;
  const scan: Node = { kind: "ProjectScan", columnList, inputScan, exprList, parseLocationRange };
  return { scan, passed: passed.map(([, table]) => table), last };
}

/** Throws for an argument that is not the same in the whole query. */
function checkArgument(argument: Node, called: RoomFunction, call: Node, sql: string): void {
  // Of an entry with an expression only its own column counts: the expression itself may read a column from outside.
  const computed = (entries: unknown) => listOf<Node>(entries as never).map(({ column }) => column);
  const lambdas = (call: Node) => listOf<{ inlineLambda?: Node }>(call.genericArgumentList as never);
  const made = new Set([
    ...nodesIn(argument, (kind) => kind === "WithExpr" || kind === "FunctionCall").flatMap((named) => [
      ...columnIdsIn([
        computed(named.assignmentList),
        lambdas(named).map(({ inlineLambda }) => inlineLambda?.argumentList),
      ]),
    ]),
    ...nodesIn(argument, (kind) => kind.endsWith("can")).flatMap((scan) => [
      ...columnIdsIn([
        scan.columnList,
        computed(scan.exprList),
        computed(scan.aggregateList),
        computed(scan.groupByList),
        scan.elementColumnList,
        scan.arrayOffsetColumn,
        listOf<Node>(scan.functionGroupList as never).map((group) => computed(group.analyticFunctionList)),
      ]),
    ]),
  ]);
  const read = nodesIn(argument, (kind) => kind === "ColumnRef").map(({ column }) => (column as Column).columnId);
  if (read.some((id) => !made.has(id)))
    throw new Refusal(
      "query template",
      `${calledName(called)} cannot be called once for each row of another table`,
      "Call it once, on a table with all the rows, and join the answer.",
      placeOf(sql, call),
    );
  if (nodesIn(argument.expr, (kind) => kind === "SubqueryExpr" || kind === "ColumnRef").length > 0)
    throw new UnsupportedSql(
      `a subquery as an argument of ${calledName(called)}`,
      placeOf(sql, call),
      "Write the value itself.",
    );
}

/** The type of the table that a call passes in, for a parameter of the type ANY TABLE. */
function typeOfTable(call: Node, index: number, sql: string): string {
  const { argument } = call.signature as {
    argument: { relationArgument?: { column: { name: string; type: Type }[] } }[];
  };
  const columns = (argument[index]?.relationArgument?.column ?? []).map(({ name, type }) => {
    // The names become part of a statement that is analysed with the owner's rights.
    if ([name, ...fieldsIn(type)].every((each) => /^[A-Za-z_]\w*$/.test(each))) return `${name} ${typeName(type)}`;
    const { line, column } = placeOf(sql, call) ?? {};
    throw new SqlError(
      "The columns of a table that is passed in, and the fields of their STRUCTs, need names of letters, digits and _",
      line,
      column,
    );
  });
  return `TABLE<${columns.join(", ")}>`;
}

/** The names of all fields in a type, except of those without a name. */
function fieldsIn({ arrayType, structType }: Type): string[] {
  if (arrayType) return fieldsIn(arrayType.elementType);
  return (structType?.field ?? []).flatMap(({ fieldName, fieldType }) => [
    ...(fieldName ? [fieldName] : []),
    ...fieldsIn(fieldType),
  ]);
}

/**
 * The query with every call replaced by a table of NULLs with the answer's columns, so that nothing of the template is left. The tables
 * that the calls pass in stay, as WITH clauses that nothing reads.
 */
export function withoutBodies({ query, calls, tables }: Inlined): Analysed {
  const visit = (part: unknown): unknown => {
    if (!calls.has(part as Node)) return changed(part, visit);
    const { exprList, inputScan, ...node } = part as Node;
    const entries = listOf<{ withSubquery: Node }>((inputScan as Node).withEntryList as never);
    const passed = entries.filter(({ withSubquery }) => tables.has(withSubquery)).map(visitEntry);
    const values = listOf<{ column: Column }>(exprList).map(({ column }) => ({
      column,
      expr: { kind: "Literal", type: column.type, value: { type: column.type } },
    }));
    const one: Node = { kind: "SingleRowScan", columnList: [] };
    return {
      ...node,
      exprList: values,
      inputScan: passed.length === 0 ? one : { kind: "WithScan", columnList: [], withEntryList: passed, query: one },
    };
  };
  const visitEntry = (entry: object) => changed(entry, visit);
  return { ...query, query: visit(query.query) as Node };
}

/** A part of a tree with its own parts changed; the same object if none changes, so that knowledge about it stays valid. */
function changed(part: unknown, change: (part: unknown) => unknown): unknown {
  if (typeof part !== "object" || part === null) return part;
  const parts = Object.entries(part).map(([name, value]) => [name, change(value)] as const);
  if (parts.every(([name, value]) => value === (part as Node)[name])) return part;
  return Array.isArray(part) ? parts.map(([, value]) => value) : Object.fromEntries(parts);
}
