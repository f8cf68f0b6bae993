import { type Analysed, type FunctionParameter, nodesIn, SqlError, tableOf, typeName } from "googlesql-duckdb/tree";
import type { Side } from "./query-plan.ts";
import type { RoomTable, RoomTemplate } from "./room.ts";

/**
 * Analyses a template's query with its owner's rights.
 * @throws SqlError for a wrong query, one that reads another party's tables, and one that calls a table function
 */
export function readTemplate(
  { analyser }: Pick<Side, "analyser">,
  { owner, query, columns }: RoomTemplate,
  parameters: readonly FunctionParameter[],
  tables: (id: string) => RoomTable,
): Analysed {
  const body = analyser.analyseFunction(parameters, query);
  const foreign = nodesIn(body.query, (kind) => kind === "TableScan")
    .map((scan) => tables(tableOf(scan)))
    .find((table) => table.owner !== owner);
  if (foreign) throw new SqlError(`A template reads tables of its owner only, and ${foreign.id} is another party's`);
  if (nodesIn(body.query, (kind) => kind === "Tvfscan").length > 0)
    throw new SqlError("A template cannot call a table function");
  const found = body.outputs.map(({ name, column }) => `${name} ${typeName(column.type)}`).join(", ");
  const declared = columns.map(({ name, kind }) => `${name} ${kind}`).join(", ");
  if (found !== declared) throw new SqlError(`The query returns ${found}, and the template declares ${declared}`);
  return body;
}
