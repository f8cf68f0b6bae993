import type { CatalogTable, ColumnKind } from "../googlesql/analyser.ts";
import type { Party } from "../party.ts";
import type { AnalysisRule } from "../policy.ts";

/** A table or view by one name that a party can write. */
export interface RoomTable {
  /** "project.dataset.table" of the source: a linked view has the id of the view that it shows. */
  readonly id: string;
  /** The name it is reached by. */
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
  readonly owner: Party;
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  /** None for a party's own tables. */
  readonly rule?: AnalysisRule;
  /** DuckDB's name of it, "schema.table". */
  readonly relation: string;
}

/** The rehearsed clean room: what each party can name, and under which rules. */
export interface Room {
  readonly projects: Readonly<Record<Party, string>>;
  readonly tables: Readonly<Record<Party, readonly RoomTable[]>>;
}

/** The name that a table is reached by, "project.dataset.table": unique in a party's catalog, and what a scan of it calls it. */
export function nameOf({ project, dataset, table }: RoomTable): string {
  return `${project}.${dataset}.${table}`;
}

/** The tables that a party can name, for the analyser: each by dataset.table and project.dataset.table, quoted in whole or in parts. */
export function catalogOf(room: Room, party: Party): CatalogTable[] {
  return room.tables[party].map((table) => ({
    id: nameOf(table),
    paths: [...groupings([table.dataset, table.table]), ...groupings([table.project, table.dataset, table.table])],
    columns: table.columns,
  }));
}

/** Finds the table of a scan by what the catalog called it. */
export function tablesOf(room: Room, party: Party): (id: string) => RoomTable {
  const tables = new Map(room.tables[party].map((table) => [nameOf(table), table]));
  return (id) => {
    const table = tables.get(id);
    if (table === undefined) throw new Error(`the catalog of ${party} has no table ${id}`);
    return table;
  };
}

/** All ways to join neighbours by dots: [a, b, c] is also [a.b, c], [a, b.c] and [a.b.c]. */
function groupings([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]];
  if (rest.length === 0) return [[first]];
  return groupings(rest).flatMap(([next = "", ...more]) => [
    [first, next, ...more],
    [`${first}.${next}`, ...more],
  ]);
}
