import { SqlError } from "../googlesql/analyser.ts";
import type { Party } from "../party.ts";
import { shortName } from "./relation.ts";
import type { Room, RoomTable } from "./room.ts";

/** A table that is not there, or that the party cannot see: it is not told which. */
export class NotFound extends SqlError {
  /** The names that the party can write. */
  readonly visible: readonly string[];

  constructor(message: string, visible: readonly string[], place?: SqlError) {
    super(message, place?.line, place?.column);
    this.name = "NotFound";
    this.visible = visible;
  }
}

/** The table that a query names by a path; datasets and tables are told apart by case, and any part may be quoted with its dots. */
export function tableNamed(tables: readonly RoomTable[], path: readonly string[]): RoomTable | undefined {
  const written = path.join(".");
  return tables.find((table) => [shortName(table), `${table.project}.${shortName(table)}`].includes(written));
}

/** The error about a path that names nothing which the party can see. */
export function notFound(room: Room, party: Party, path: readonly string[], place?: SqlError): NotFound {
  const visible = room.tables[party].map(shortName).sort();
  const [table = "", dataset, ...more] = path.join(".").split(".").reverse();
  if (dataset === undefined)
    return new NotFound(`Table "${table}" must be qualified with a dataset (e.g. dataset.table).`, visible, place);
  const project = more.length > 0 ? more.reverse().join(".") : room.projects[party];
  return new NotFound(`Not found: Table ${project}:${dataset}.${table}`, visible, place);
}
