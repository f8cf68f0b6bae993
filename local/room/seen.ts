import { type Problem, type Room, type RoomTable, ruleInWords } from "analysis-rules";
import { otherParty, type Party } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { ruleOf } from "../../report/clean-room/sharing.ts";

/** A column of a table, a view, or a template's answer. */
export interface SeenColumn {
  readonly name: string;
  /** GoogleSQL's type, such as "INT64". */
  readonly type: string;
  readonly description?: string;
}

/** A table or view that a party can name. */
export interface SeenTable {
  readonly kind: "table";
  /** As a query writes it, "dataset.table". */
  readonly name: string;
  readonly owner: Party;
  /** "own": the party's own table. "offered": a view that the party shares. "linked": a view that the other party shares with it. */
  readonly whose: "own" | "offered" | "linked";
  readonly columns: readonly SeenColumn[];
  /** True if only query templates may read its rows. */
  readonly columnsOnly: boolean;
  /** Left out if the party reads the table freely. */
  readonly rule?: SeenRule;
}

/** The rule of a view. */
export interface SeenRule {
  /** BigQuery's name for it, such as "Aggregation threshold". */
  readonly name: string;
  /** The rows or figures that the rule lets a reader see, in a few words. */
  readonly shows: string;
  /** How the view may be joined, in a few words; left out if the rule does not restrict joins. */
  readonly joins?: string;
  /** The column that identifies a person. */
  readonly privacyUnit?: string;
  /** The whole rule in words. */
  readonly text: string;
}

/** A query template that a party can call. */
export interface SeenTemplate {
  readonly kind: "template";
  /** As a query writes it, "dataset.name". */
  readonly name: string;
  readonly owner: Party;
  readonly parameters: readonly SeenColumn[];
  readonly columns: readonly SeenColumn[];
  /** How it protects the owner's data, in the owner's words. */
  readonly guards: string;
  /** The question that it answers. */
  readonly question?: string;
  /** A call to try, as the other party. */
  readonly example?: string;
}

/** A table, view or template. */
export type Seen = SeenTable | SeenTemplate;

/** The tables and views that a party can name. */
export function seenTables(room: Room, party: Party): SeenTable[] {
  return (room.parties[party]?.tables ?? []).map((table) => seenTable(table, party));
}

function seenTable(table: RoomTable, party: Party): SeenTable {
  const { dataset, table: name, owner, columns, rule, metadataOnly = false } = table;
  const joinRestriction = rule?.joinRestriction;
  const privacyUnit = rule?.aggregationThreshold?.privacyUnitColumn ?? rule?.differentialPrivacy?.privacyUnitColumn;
  return {
    kind: "table",
    name: `${dataset}.${name}`,
    owner: owner as Party,
    whose: owner !== party ? "linked" : rule === undefined ? "own" : "offered",
    columns: columns.map(({ name, kind }) => ({ name, type: kind })),
    columnsOnly: metadataOnly,
    ...(rule && {
      rule: {
        ...ruleOf(rule),
        ...(joinRestriction && { joins: joinsOf(joinRestriction) }),
        ...(privacyUnit && { privacyUnit }),
        text: ruleInWords(rule),
      },
    }),
  };
}

function joinsOf({ condition, columns }: { condition: string; columns: readonly string[] }): string {
  const list = columns.join(", ");
  switch (condition) {
    case "JOIN_ANY":
      return `must be joined on ${columns.length > 1 ? "one of " : ""}${list}`;
    case "JOIN_ALL":
      return `must be joined on ${columns.length > 1 ? "all of " : ""}${list}`;
    case "JOIN_NOT_REQUIRED":
      return `may be joined on ${list} only`;
    default:
      return "must not be joined";
  }
}

/** The query templates that a party can call. */
export function seenTemplates(room: Room, party: Party): SeenTemplate[] {
  return (room.parties[party]?.functions ?? []).flatMap(({ id, dataset, name }) => {
    const template = room.templates?.[id];
    if (template === undefined) return [];
    const { owner, guards } = template;
    const known = templates.find((each) => each.name === name && each.owner === owner);
    const described = (columns: readonly SeenColumn[], by: readonly { name: string; description: string }[] = []) =>
      columns.map(({ name, type }) => {
        const description = by.find((each) => each.name === name)?.description;
        return { name, type, ...(description && { description }) };
      });
    return {
      kind: "template" as const,
      name: `${dataset}.${name}`,
      owner: owner as Party,
      parameters: described(template.parameters, known?.parameters),
      columns: described(
        template.columns.map(({ name, kind }) => ({ name, type: kind })),
        known?.columns,
      ),
      guards,
      ...(known && { question: known.question }),
      // The example reads the other party's tables, which the owner cannot name.
      ...(known && party === otherParty(known.owner) && { example: known.example(dataset) }),
    };
  });
}

/** The table, view or template of a name that a person wrote; a problem with the names that there are if there is none. */
export function seenNamed(room: Room, party: Party, name: string): Seen | Problem {
  const all: Seen[] = [...seenTables(room, party), ...seenTemplates(room, party)];
  const project = room.parties[party]?.project;
  const wanted = name.replaceAll("`", "").trim().toLowerCase();
  const short = wanted.startsWith(`${project?.toLowerCase()}.`) ? wanted.slice(`${project}.`.length) : wanted;
  const found = all.find((each) => [short, wanted].includes(each.name.toLowerCase()));
  if (found) return found;
  const last = all.filter((each) => each.name.toLowerCase().endsWith(`.${wanted}`));
  if (last.length === 1 && last[0]) return last[0];
  const names = (last.length > 0 ? last : all).map((each) => each.name);
  return {
    rule: "names",
    message: last.length > 0 ? `${name} is more than one` : `Nothing that you can name is called ${name}`,
    advice: `You can name: ${names.join(", ")}`,
  };
}
