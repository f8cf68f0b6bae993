import type { Analysed } from "./analyser/analyser.ts";
import { typeName } from "./translate/types.ts";

/** A column of an answer. */
export interface AnswerColumn {
  /** As the query names it; `f0_`, `f1_` and so on if it does not; `id_1` for a second `id`. BigQuery names them alike. */
  readonly name: string;
  /** GoogleSQL's type, such as "INT64" or "ARRAY<STRING>". */
  readonly type: string;
}

/** The columns of an answer, with the names that BigQuery gives to those without a name and to those whose name is taken. */
export function columnsOf({ outputs }: Analysed): AnswerColumn[] {
  let unnamed = 0;
  const names = outputs.map(({ name }) => (name.startsWith("$") ? `f${unnamed++}_` : name));
  return distinct(names).map((name, at) => ({
    name,
    type: typeName((outputs[at] as Analysed["outputs"][number]).column.type),
  }));
}

/** Renames repeated names, so that all differ: a second `id` becomes `id_1`. */
export function distinct(names: readonly string[]): string[] {
  // Names differ in more than upper and lower case. A name that the query writes goes before one that is made here.
  const written = new Set(names.map((name) => name.toLowerCase()));
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let count = 1; taken.has(own.toLowerCase()) || (count > 1 && written.has(own.toLowerCase())); count++)
      own = `${name}_${count}`;
    taken.add(own.toLowerCase());
    return own;
  });
}
