import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import type { Table } from "../../generator/tables/table.ts";
import { childOf, type Place } from "./place.ts";

export interface DatasetArgs {
  /** Project, location and labels. */
  readonly place: Place;
  /** The dataset's id. */
  readonly dataset: string;
  /** The description that the console shows. */
  readonly description: string;
  /** Its tables, parents before children. @default none: dbt or a view creates them */
  readonly tables?: readonly Table[];
}

/** A BigQuery dataset, and its tables as `generator/tables` defines them. The jobs that fill the tables change rows and nothing else. */
export class Dataset extends pulumi.ComponentResource {
  /** The dataset's id. */
  readonly datasetId: pulumi.Output<string>;
  /** Changes when the dataset or a table was created again, and so is empty. */
  readonly made: pulumi.Output<string>;

  constructor(name: string, args: DatasetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Dataset", name, {}, opts);
    const { place, dataset: datasetId, description, tables = [] } = args;
    const { project, location, labels } = place;
    const dataset = new gcp.bigquery.Dataset(
      `${name}-dataset`,
      { project, datasetId, location, description, labels, deleteContentsOnDestroy: true },
      {
        ...childOf(this, opts),
        // A dataset that moves to another location keeps its id, so delete the old one first.
        deleteBeforeReplace: true,
        // An update sends the access list in the state, which silently removes grants and authorised datasets:
        // https://github.com/pulumi/pulumi-gcp/issues/3908
        ignoreChanges: ["labels", "description"],
      },
    );

    const made = new Map<string, gcp.bigquery.Table>();
    for (const table of tables) {
      const foreignKeys = foreignKeysWithin(table).map(({ column, references }) => ({
        // If BigQuery answers with a name of its own for a key without one, every refresh shows a change.
        name: `fk_${column}`,
        columnReferences: { referencingColumn: column, referencedColumn: references.column },
        referencedTable: { projectId: project, datasetId, tableId: parentOf(made, references.table).tableId },
      }));
      const { partitioning, clustering } = table;
      const declared = new gcp.bigquery.Table(
        `${name}-${table.table}`,
        {
          project,
          datasetId: dataset.datasetId,
          tableId: table.table,
          description: table.description,
          labels,
          deletionProtection: false,
          schema: JSON.stringify(bigquerySchema(table)),
          ...(partitioning && { timePartitioning: partitioning }),
          ...(clustering && { clusterings: [...clustering] }),
          tableConstraints: {
            primaryKey: { columns: [...table.primaryKey] },
            ...(foreignKeys.length > 0 && { foreignKeys }),
          },
        },
        childOf(this, opts),
      );
      made.set(table.table, declared);
    }

    this.datasetId = dataset.datasetId;
    const times = [dataset, ...made.values()].map(({ creationTime }) => creationTime);
    this.made = pulumi.all(times).apply((created) => created.join());
    this.registerOutputs({ datasetId: this.datasetId, made: this.made });
  }
}

/** The foreign keys within the dataset. BigQuery accepts no others. */
export function foreignKeysWithin(table: Table) {
  return (table.foreignKeys ?? []).filter(({ references }) => references.dataset === table.dataset);
}

function parentOf(made: ReadonlyMap<string, gcp.bigquery.Table>, name: string): gcp.bigquery.Table {
  const parent = made.get(name);
  if (parent === undefined) throw new Error(`${name} is referenced before it is declared: list parents first`);
  return parent;
}
