import { mkdtempSync, writeFileSync } from "node:fs";
import { cp, rename } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { catalogOf, type Room, type RoomTable, type RoomTemplate, tablesOf } from "analysis-rules";
import { type ColumnKind, loadAnalyser, toDuckDb } from "googlesql-duckdb/tree";
import type { Overrides } from "../../cleanroom/overrides.ts";
import { otherParty, PARTIES, type Party, parties } from "../../cleanroom/party.ts";
import { type QueryTemplate, templates } from "../../cleanroom/templates.ts";
import { type SharedView, shareViews, viewId } from "../../cleanroom/views.ts";
import { fill } from "../../generator/fill.ts";
import type { Table } from "../../generator/tables/table.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { ROOM_FILE } from "../../local/rehearsed-room.ts";
import { filledTables, syntheticExport } from "../generator/thelook/merchant.ts";
import { madeOnce } from "../support/made-once.ts";

/**
 * Copies the clean room of most tests to a new folder below `folder`: that of a fifth of the synthetic thelook, in which more payments disagree
 * with their orders than by default. It is made once for all of them.
 * @returns the folder, for `openRehearsedRoom`
 */
export async function usualRoom(folder: string): Promise<string> {
  const made = await madeOnce("usual-room", async (half) => {
    await rename(await filledRoom(half, await syntheticExport(0.2), { discrepancyShare: 0.06 }), join(half, "room"));
  });
  const room = mkdtempSync(join(folder, "room-"));
  await cp(join(made, "room"), room, { recursive: true });
  return room;
}

const projects: Readonly<Record<Party, string>> = { merchant: "the-merchant", wallet: "the-wallet" };

/**
 * Makes a clean room in a new folder below `folder`, as a rehearsal does: the tables filled from an export, and all views shared.
 * @returns the folder, for `openRehearsedRoom`
 */
export async function filledRoom(
  folder: string,
  source: string,
  {
    seed = 42,
    overrides = {},
    discrepancyShare,
  }: { seed?: number; overrides?: Overrides; discrepancyShare?: number } = {},
): Promise<string> {
  const room = mkdtempSync(join(folder, "room-"));
  const url = pathToFileURL(join(room, "clean-room.duckdb")).href.replace("file:", "duckdb:");
  await createTables(url, filledTables);
  const warehouse = await openWarehouse(url);
  try {
    await fill(warehouse, { source, seed, discrepancyShare });
    const own = filledTables.map(ownTable);
    const { views } = shareViews(overrides);
    const shared: RoomTable[] = [];
    const analyser = await loadAnalyser(catalogOf(own));
    const relation = (id: string) => tablesOf(own)(id).relation;
    for (const view of views) {
      const query = analyser.analyse(view.query(projects));
      const table = sharedTable(
        view,
        query.outputs.map(({ name, column }) => ({ name, kind: kindOf(column.type.typeKind) })),
      );
      const sql = toDuckDb(query, { relation, notes: new Map(), sensitive: false });
      await warehouse.run(`CREATE SCHEMA IF NOT EXISTS ${table.dataset}; CREATE VIEW ${table.relation} AS ${sql}`);
      shared.push(table);
    }
    analyser.close();
    const seenBy = (party: Party): RoomTable[] => [
      ...[...own, ...shared].filter(({ owner }) => owner === party),
      ...shared
        .filter(({ owner }) => owner === otherParty(party))
        .map((table) => ({ ...table, project: projects[party], dataset: parties[party].linked })),
    ];
    const describe = (party: Party) => ({
      title: parties[party].title,
      project: projects[party],
      tables: seenBy(party),
      functions: templates.map(({ name, owner }) => {
        const dataset = owner === party ? parties[party].shared : parties[party].linked;
        return { id: templateId(owner, name), project: projects[party], dataset, name };
      }),
    });
    const found: Room = {
      parties: { merchant: describe("merchant"), wallet: describe("wallet") },
      templates: Object.fromEntries(
        templates.map((template) => [templateId(template.owner, template.name), sharedTemplate(template)]),
      ),
    };
    writeFileSync(join(room, ROOM_FILE), JSON.stringify(found));
  } finally {
    await warehouse.close();
  }
  return room;
}

function ownTable({ dataset, table, columns }: Table): RoomTable {
  const owner = PARTIES.find((party) => parties[party].dataset === dataset) as Party;
  const project = projects[owner];
  return {
    id: `${project}.${dataset}.${table}`,
    project,
    dataset,
    table,
    owner,
    columns: Object.entries(columns).map(([name, { type }]) => ({ name, kind: kindOf(type) })),
    relation: `${dataset}.${table}`,
  };
}

function sharedTable(view: SharedView, columns: RoomTable["columns"]): RoomTable {
  const dataset = parties[view.party].shared;
  const { party: owner, name: table, rule } = view;
  const relation = `${dataset}.${table}`;
  return { id: viewId(view, projects), project: projects[owner], dataset, table, owner, columns, rule, relation };
}

function templateId(owner: Party, name: string): string {
  return `${projects[owner]}.${parties[owner].shared}.${name}`;
}

function sharedTemplate({ owner, parameters, columns, guards, body }: QueryTemplate): RoomTemplate {
  const kinds = columns.map(({ name, type }) => ({ name, kind: type as ColumnKind }));
  return { owner, parameters, columns: kinds, guards, query: body(projects) };
}

/** The kind of a column, from the type that its table or the analyser gives it. */
function kindOf(type: string): ColumnKind {
  const kind = type.replace("TYPE_", "");
  const others: Readonly<Record<string, ColumnKind>> = { INTEGER: "INT64", BOOLEAN: "BOOL", DOUBLE: "FLOAT64" };
  return others[kind] ?? (kind as ColumnKind);
}
