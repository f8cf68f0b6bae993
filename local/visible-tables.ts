import type { Room, RoomTable } from "analysis-rules";
import type { Party } from "../cleanroom/party.ts";
import { UserError } from "../generator/errors.ts";
import { ruleOf } from "../report/clean-room/sharing.ts";
import { formatTable, WIDTH, wrap } from "./terminal.ts";

/** Everything that a party can name: its own tables and views, the views that are shared with it, and the query templates it can call. */
export function visibleTables(room: Room, party: Party): string {
  const { tables = [], functions = [] } = room.parties[party] ?? {};
  const lines = tables.map((table) => `  ${nameOf(table)}\n${wrap(whatIs(table, party), "      ", WIDTH)}`);
  const calls = functions.map(({ id, dataset, name }) => {
    const { parameters, guards } = room.templates?.[id] ?? { parameters: [], guards: "" };
    const call = `${dataset}.${name}(${parameters.map(({ name, type }) => `${name} ${type}`).join(", ")})`;
    return `  ${call}\n${wrap(guards, "      ", WIDTH)}`;
  });
  return [
    ...lines,
    ...(calls.length === 0 ? [] : ["", "Query templates, called as SELECT … FROM name(TABLE mine, …)", ...calls]),
    "",
    `Columns: npm run -s query -- --as ${party} "DESCRIBE ${tables[0] === undefined ? "name" : nameOf(tables[0])}"`,
  ].join("\n");
}

/** The columns of one table or view. Throws UserError with the names that the party can write if it cannot name this one. */
export function describeTable(room: Room, party: Party, name: string): string {
  const { tables = [], functions = [] } = room.parties[party] ?? {};
  const wanted = name.replaceAll("`", "").toLowerCase();
  const fits = (project: string, dataset: string, table: string) =>
    [`${dataset}.${table}`, `${project}.${dataset}.${table}`].some((each) => each.toLowerCase() === wanted);
  const called = functions.find(({ project, dataset, name }) => fits(project, dataset, name));
  const template = called === undefined ? undefined : room.templates?.[called.id];
  if (template !== undefined) {
    const parameters = template.parameters.map(({ name, type }) => ({ parameter: name, type }));
    const columns = template.columns.map(({ name, kind }) => ({ column: name, type: kind }));
    return [formatTable(parameters), "", formatTable(columns), "", wrap(template.guards, "  ")].join("\n");
  }
  const found = tables.find(({ project, dataset, table }) => fits(project, dataset, table));
  if (found === undefined)
    throw new UserError(
      `there is no ${name} that you can name; you can name ${[...tables.map(nameOf), ...functions.map(({ dataset, name }) => `${dataset}.${name}`)].join(", ")}`,
    );
  const columns = found.columns.map(({ name, kind }) => ({ column: name, type: kind }));
  return `${formatTable(columns)}\n\n${wrap(whatIs(found, party), "  ")}`;
}

/** The name in a statement that asks for tables, which BigQuery does not have: undefined for a query, "" for all tables. */
export function askedTable(sql: string): string | undefined {
  const [, name] = /^\s*(?:SHOW\s+TABLES|DESCRIBE|DESC)\b\s*(?:TABLE\s+)?([\w.`-]*)\s*;?\s*$/i.exec(sql) ?? [];
  return name;
}

function nameOf({ dataset, table }: RoomTable): string {
  return `${dataset}.${table}`;
}

function whatIs({ owner, rule, metadataOnly }: RoomTable, party: Party): string {
  const whose = owner === party ? "yours" : "shared";
  if (metadataOnly) return `${whose}, its columns only: query templates read its rows`;
  if (rule === undefined) return `${whose}, without a rule`;
  const { name, shows } = ruleOf(rule);
  const condition = rule.joinRestriction?.condition;
  const columns = rule.joinRestriction?.columns.join(", ");
  const join = {
    JOIN_ANY: `; join it on ${columns}`,
    JOIN_ALL: `; join it on all of ${columns}`,
    JOIN_NOT_REQUIRED: `; join it on ${columns} or not at all`,
    JOIN_BLOCKED: "; no joins",
  };
  return `${whose}. ${name}: ${shows}${condition === undefined || name === "List overlap" ? "" : join[condition]}`;
}
