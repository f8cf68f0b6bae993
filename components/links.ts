import { otherParty, PARTIES, type Party, parties } from "../cleanroom/party.ts";
import type { QueryTemplate } from "../cleanroom/templates.ts";
import type { UseCase } from "../cleanroom/use-cases.ts";
import {
  accounts,
  codeBucketName,
  DBT_ARTIFACTS,
  type Demo,
  datasets,
  dbtBucketName,
  jobs,
  marts,
  reportsBucketName,
  runsOf,
  schedules,
} from "./names.ts";

/*
 * The stack's outputs for people: links to click and commands to run after `pulumi up`. Pure functions of the settings.
 */

/** The names that the links contain. */
export interface Whereabouts {
  /** The stack's own project. */
  readonly project: string;
  /** The location of data. */
  readonly location: string;
  /** The region of jobs, functions and schedules. */
  readonly region: string;
  /** The project of the merchant's datasets. */
  readonly merchantProject: string;
  /** The project of the e-wallet's datasets. */
  readonly walletProject: string;
  /** The bucket of files. */
  readonly bucket: string;
}

const console = "https://console.cloud.google.com";

/** Links to the console's page of each resource of some demos, by kind and name. */
export function consoleLinks(at: Whereabouts, demos: readonly Demo[]): Record<string, Record<string, string>> {
  const { project, region } = at;
  const here = `project=${project}`;
  const dataset = (of: string, name: string) => `${console}/bigquery?project=${of}&ws=!1m4!1m3!3m2!1s${of}!2s${name}`;
  const exchange = (party: Party) => {
    const of = at[`${party}Project`];
    const path = `projects/${of}/locations/${at.location.toLowerCase()}/dataExchanges/${parties[party].room}`;
    return `${console}/bigquery/analytics-hub/exchanges/${path}?project=${of}`;
  };
  const each = (names: readonly string[], link: (name: string) => string) =>
    Object.fromEntries(names.map((name) => [name, link(name)]));
  const bucket = (name: string) => `${console}/storage/browser/${name}?${here}`;
  const { jobs, functions, schedules } = runsOf(demos);
  const [dbt, reports] = [dbtBucketName(at.bucket), reportsBucketName(at.bucket)];
  const room = demos.includes("clean-room");
  const coffee = demos.includes("coffee");
  return {
    datasets: {
      ...(room && Object.fromEntries(Object.entries(projectsOf(at)).map(([name, of]) => [name, dataset(of, name)]))),
      ...(coffee && each([datasets.coffee, datasets.marts], (name) => dataset(project, name))),
    },
    ...(room && { exchanges: Object.fromEntries(PARTIES.map((party) => [parties[party].room, exchange(party)])) }),
    buckets: each([at.bucket, codeBucketName(at.bucket), ...(coffee ? [dbt, reports] : [])], bucket),
    jobs: each(jobs, (name) => `${console}/run/jobs/details/${region}/${name}/executions?${here}`),
    ...(coffee && {
      functions: each(functions, (name) => `${console}/run/detail/${region}/${name}/logs?${here}`),
      docs: { dbt: `https://storage.cloud.google.com/${dbt}/${DBT_ARTIFACTS.docs}/static_index.html` },
      schedules: each(schedules, (name) => `${console}/cloudscheduler/jobs/edit/${region}/${name}?${here}`),
    }),
  };
}

/** Links to the reports. They open for people who may read the reports' bucket. */
export function reportLinks({ bucket }: Whereabouts): Record<string, string> {
  const link = (page: string) => `https://storage.cloud.google.com/${reportsBucketName(bucket)}/${page}.html`;
  return { index: link("index"), sales: link("sales"), customers: link("customers") };
}

/** Links that open a new Looker Studio report on each of the coffee shop's marts. The report belongs to the person who clicks. */
export function lookerStudioLinks({ project }: Whereabouts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(marts).map(([table, title]) => {
      // No data source alias such as ds0: an alias has to exist in a template report, and there is no template.
      const parameters = {
        "c.mode": "edit",
        "r.reportName": title,
        "ds.connector": "bigQuery",
        "ds.datasourceName": table,
        "ds.type": "TABLE",
        "ds.projectId": project,
        "ds.datasetId": datasets.marts,
        "ds.tableId": table,
        "ds.billingProjectId": project,
      };
      const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      return [table, `https://lookerstudio.google.com/reporting/create?${query.join("&")}`];
    }),
  );
}

/** The project of each dataset of the parties and the clean room. A linked dataset is in its subscriber's project. */
function projectsOf(at: Whereabouts): Record<string, string> {
  return Object.fromEntries(
    PARTIES.flatMap((party) => {
      const { dataset, shared, linked } = parties[party];
      return [dataset, shared, linked].map((name) => [name, at[`${party}Project`]]);
    }),
  );
}

/** A call of each query template, for the party that it is offered to. */
export function templateCalls(templates: readonly QueryTemplate[]): Query[] {
  return templates.map(({ name, owner, question, example }) => ({
    name,
    party: otherParty(owner),
    sql: `-- ${question}\n${example()}`,
  }));
}

/** A query that a party runs. */
type Query = Pick<UseCase, "name" | "party" | "sql">;

/** Queries by name, with full table names, so that they run in any project. */
export function pasteable(queries: readonly Query[], at: Whereabouts): Record<string, string> {
  const projects = projectsOf(at);
  const table = new RegExp(`(\\b(?:FROM|JOIN)\\s+|,\\s*)(${Object.keys(projects).join("|")})\\.(\\w+)`, "g");
  return Object.fromEntries(
    queries.map(({ name, party, sql }) => [
      name,
      `-- In project ${at[`${party}Project`]}\n${sql.replace(
        table,
        (_, word, dataset, of) => `${word}\`${projects[dataset]}.${dataset}.${of}\``,
      )}`,
    ]),
  );
}

/** Suggestions of what to do next with some demos, one per line. */
export function nextStepsFor(at: Whereabouts, demos: readonly Demo[]): string[] {
  const { project, region, bucket } = at;
  const job = (name: string) => `gcloud run jobs execute ${name} --project=${project} --region=${region} --wait`;
  const account = `${accounts.merchant}@${at.merchantProject}.iam.gserviceaccount.com`;
  const steps: Readonly<Record<Demo, readonly string[]>> = {
    "clean-room": [
      "Ask the clean room's questions: paste a query from the output useCases into the BigQuery console, in the project that it names (pulumi stack output useCases)",
      "Call a query template, a query that the other party wrote: paste a call from the output queryTemplates",
      `Ask as the merchant, who sees only what the rules allow: gcloud config set auth/impersonate_service_account ${account}, then bq query (docs/cloud.md)`,
      `Fill the merchant and the e-wallet again: ${job(jobs.fill)}`,
    ],
    coffee: [
      "Look at the coffee shop: click a link in the output reports; a link in lookerStudio opens a new, empty report on a mart",
      `Generate the newest coffee data now: gcloud scheduler jobs run ${schedules.generate} --project=${project} --location=${region}`,
      `Build the marts again: ${job(jobs.dbt)}`,
      `Write the reports again: ${job(jobs.report)}`,
      `See the files: gcloud storage ls --recursive gs://${bucket}`,
    ],
  };
  return [...demos.flatMap((demo) => steps[demo]), "Remove everything: npx pulumi destroy"];
}
