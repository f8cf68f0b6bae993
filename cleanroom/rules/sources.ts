import { listOf, type Node } from "../googlesql/tree.ts";
import { idsOf } from "./expressions.ts";
import { constant, type Instance, nothing, type Relation, shortName } from "./relation.ts";
import type { Walk } from "./walk.ts";
import { ruleInWords } from "./words.ts";

/** What is known of the rows of a table or view. */
export function table(node: Node, walk: Walk): Relation {
  const { fullName } = node.table as { fullName: string };
  const read = walk.tables(fullName);
  const columns = new Set(idsOf(node));
  if (read.rule === undefined) {
    for (const id of columns) walk.origins.set(id, { ...constant, others: true, key: true });
    return { ...nothing, columns, readsTables: true };
  }
  const instance: Instance = { scan: node, table: read, rule: read.rule };
  if (node.forSystemTimeExpr !== undefined)
    throw walk.refusal(
      "time travel",
      `FOR SYSTEM_TIME AS OF cannot be used on table ${shortName(read)}, for which a privacy policy has been set by a data owner.`,
      "Read the view as it is now.",
      node,
    );
  walk.onlyKnows(node, ["table", "columnIndexList", "alias"]);
  walk.views.push({ table: read, scan: node, rule: ruleInWords(read.rule) });
  listOf<number | string>(node.columnIndexList).forEach((index, place) => {
    const name = read.columns[Number(index)]?.name.toLowerCase();
    if (name === undefined) throw walk.unknown("a column that the view does not have", node);
    const id = idsOf(node)[place] as string;
    walk.origins.set(id, { from: new Set([instance]), others: false, column: { of: instance, name }, key: true });
  });
  const instances = new Set([instance]);
  return {
    ...{ columns, instances, unjoined: instances, alone: instances },
    ...{ readsTables: true, views: new Set([read]), faults: [] },
  };
}

/** What is known of the rows of a WITH clause, where the query refers to it: what it is joined with here tells nothing of it elsewhere. */
export function withReference(node: Node, walk: Walk): Relation {
  walk.onlyKnows(node, ["withQueryName", "recursive"]);
  const clause = walk.clauses.get(String(node.withQueryName));
  const ids = idsOf(node);
  if (clause === undefined) throw walk.unknown(`the WITH clause ${String(node.withQueryName)}`, node);
  const { relation, columnIds } = clause;
  if (columnIds.length !== ids.length) throw walk.unknown("a WITH clause with other columns than it is read by", node);
  const copies = new Map([...relation.instances].map((instance): [Instance, Instance] => [instance, { ...instance }]));
  const copy = (instance: Instance) => copies.get(instance) ?? instance;
  ids.forEach((id, place) => {
    const { column, ...origin } = walk.originOf(columnIds[place] as string);
    const from = new Set([...origin.from].map(copy));
    walk.origins.set(id, { ...origin, from, ...(column && { column: { ...column, of: copy(column.of) } }) });
  });
  const all = (instances: ReadonlySet<Instance>) => new Set([...instances].map(copy));
  return {
    ...relation,
    columns: new Set(ids),
    instances: all(relation.instances),
    unjoined: all(relation.unjoined),
    alone: all(relation.alone),
  };
}
