import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { QueryTemplateApproval, templateText } from "bigquery-clean-room";
import { type Party, parties } from "../../cleanroom/party.ts";
import type { QueryTemplate } from "../../cleanroom/templates.ts";
import type { Dataset } from "../google/dataset.ts";
import { childOf, type Place } from "../google/place.ts";
import { retryWhileRefused } from "../google/retry.ts";
import type { Exchange } from "./exchange.ts";
import type { SharedViews } from "./shared-views.ts";

export interface TemplatesArgs {
  /** The party's project, and the location. */
  readonly place: Place;
  /** The party that offers the templates, and owns the data that they read. */
  readonly party: Party;
  /** The parties' projects. */
  readonly projects: Readonly<Record<Party, string>>;
  /** The party's own tables. */
  readonly source: Dataset;
  /** The party's shared views. The templates' functions live in their dataset. */
  readonly shared: SharedViews;
  /** The party's exchange. */
  readonly exchange: Exchange;
  /** The party's templates. */
  readonly templates: readonly QueryTemplate[];
  /** Part of every template's id: a new number submits all templates again. */
  readonly revision: number;
}

/**
 * The query templates that a party offers in its exchange, each submitted, approved and listed as a table function. The party owns the data
 * that they read, so it approves them itself. Let the component depend on all other grants on the datasets: an approval changes their
 * access lists.
 */
export class Templates extends pulumi.ComponentResource {
  constructor(name: string, args: TemplatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:Templates", name, {}, opts);
    const { place, party, projects, source, shared, exchange, templates, revision } = args;
    const { project, location } = place;
    const ids = { [parties[party].dataset]: source.datasetId, [parties[party].shared]: shared.datasetId };
    for (const template of templates) {
      const { name: routine, question, reads } = template;
      const parameters = template.parameters.map(({ name, type }) => ({ name, type }));
      const parts = { routine, parameters, query: template.body(projects) };
      const content = contentOf(template, templateText(parts));
      const queryTemplateId = templateId(routine, content, revision);
      const submitted = new gcp.bigqueryanalyticshub.QueryTemplate(
        `${name}-${routine}`,
        {
          project,
          location: exchange.location,
          dataExchangeId: exchange.dataExchangeId,
          queryTemplateId,
          ...content,
          submit: true,
        },
        // Google may fill in the contact. The provider would then replace the template, which Google refuses.
        { ...childOf(this, opts), ignoreChanges: ["primaryContact"] },
      );
      const room = pulumi.interpolate`projects/${project}/locations/${exchange.location}/dataExchanges/${exchange.dataExchangeId}`;
      const datasets = [...new Set(reads.map((table) => table.slice(0, table.indexOf("."))))];
      new QueryTemplateApproval(
        `${name}-${routine}-approval`,
        {
          ...parts,
          // Build the name here, since a preview does not know the name of a template that has not been submitted yet.
          template: pulumi.interpolate`${room}/queryTemplates/${queryTemplateId}`,
          description: question,
          project,
          dataset: shared.datasetId,
          location,
          reads: datasets.map((dataset) => ({ project, dataset: ids[dataset] ?? dataset })),
        },
        { ...childOf(this, opts, [submitted, source, shared]), ...retryWhileRefused(`${name}-${routine}-approval`) },
      );
    }
    this.registerOutputs({});
  }
}

/** The template as subscribers see it, and its text. Google cannot change a submitted template. */
function contentOf({ name, question, guards, parameters }: QueryTemplate, definitionBody: string) {
  const described = parameters.map(({ name, type, description }) => `${name} ${type}: ${description}`);
  return {
    displayName: name,
    description: question,
    documentation: `${guards}\n${described.join("\n")}`,
    routine: { routineType: "TABLE_VALUED_FUNCTION", definitionBody },
  };
}

/**
 * The id of a template. It ends in a hash of the content, because Google can neither change nor delete a submitted template: another text
 * needs another template. Nobody calls a template by its id.
 */
function templateId(routine: string, content: object, revision: number): string {
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 8);
  return `${routine}_${hash}${revision === 1 ? "" : `_${revision}`}`;
}
