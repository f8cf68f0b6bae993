import { expect } from "chai";
import type { Declaration, Declared } from "pulumi-rehearsal";
import { JOB_RUN } from "../../local/adapters.ts";
import { type Draft, find, forget, partOf } from "../../packages/pulumi-rehearsal/test/draft.ts";
import { userError } from "../support/user-error.ts";
import { declareStack, rehearsed } from "./support.ts";

/*
 * Mistakes that only the adapters of BigQuery and dbt, or the demos' own programs, find. The tests of pulumi-rehearsal cover the
 * mistakes that it finds in any program.
 */

const types = {
  bucketGrant: "gcp:storage/bucketIAMMember:BucketIAMMember",
  datasetGrant: "gcp:bigquery/datasetAccess:DatasetAccess",
  projectGrant: "gcp:projects/iAMMember:IAMMember",
  jobGrant: "gcp:cloudrunv2/jobIamMember:JobIamMember",
  table: "gcp:bigquery/table:Table",
  job: "gcp:cloudrunv2/job:Job",
  function: "gcp:cloudfunctionsv2/function:Function",
};

interface Container {
  commands: string[];
  args: string[];
  envs: { name: string; value: string }[];
}
const containerOf = (job: Declared) =>
  (job.inputs.template as { template: { containers: Container[] } }).template.containers[0] as Container;
const variable = (job: Declared, name: string) =>
  containerOf(job).envs.find((each) => each.name === name) as Container["envs"][number];

/** Leaves out the runs of all jobs but one, if the mistake is found without them. */
function runsOnly(draft: Draft, name?: string): void {
  for (const run of draft.resources.filter((each) => each.type === JOB_RUN && each.name !== name)) forget(draft, run);
}

describe("A mistake in index.ts fails the rehearsal:", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareStack();
  });

  /** Rehearses some resources after a change, and expects an error with these words. */
  async function fails(names: readonly string[], change: (draft: Draft) => void, ...said: string[]): Promise<void> {
    const draft = partOf(declaration, ...names);
    change(draft);
    const message = await userError(() => rehearsed(draft));
    for (const words of said) expect(message).to.contain(words);
  }

  describe("a job", () => {
    const data = (draft: Draft) => find(draft, types.job, { name: "coffee-data-job" });

    it("with a misspelt variable that its program requires", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          variable(data(draft), "LAKE_URL").name = "LAKE_URI";
        },
        "coffee-data-job",
        "LAKE_URL) is missing",
      ));

    it("whose code differs from the declared code", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          const { args } = containerOf(data(draft));
          args[args.indexOf("generate") - 1] = "0".repeat(64);
        },
        "coffee-data-job",
        "is not the code that was deployed",
      ));

    it("with a misspelt variable that has a default", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          variable(data(draft), "SEED").name = "SEEED";
        },
        "coffee-data-job",
        "declares SEEED, which its program never reads",
      ));

    it("with a location or a project that has no dataset", async () => {
      for (const [url, said] of [
        ["bigquery://demo-project?location=EU", "no dataset is declared in EU"],
        ["bigquery://other-project?location=US", "no dataset is declared in project other-project"],
      ] as const)
        await fails(
          ["coffee-loaded"],
          (draft) => {
            // The load fails before it needs any files.
            runsOnly(draft, "coffee-loaded");
            variable(find(draft, types.job, { name: "coffee-load-job" }), "WAREHOUSE_URL").value = url;
          },
          "coffee-load-job",
          said,
        );
    });

    it("with a misspelt bucket", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          variable(data(draft), "LAKE_URL").value = "gs://demo-project-cofee-demo";
        },
        "coffee-data-job",
        "the bucket gs://demo-project-cofee-demo does not exist",
      ));

    it("with a misspelt command", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          const { args } = containerOf(data(draft));
          args[args.indexOf("generate")] = "generat";
        },
        "coffee-data-job",
        '"generat" is not a command',
      ));
  });

  describe("dbt's job", () => {
    for (const [title, change, said] of [
      [
        "with another target",
        ({ args }) => void args.splice(args.indexOf("--target") + 1, 1, "prod"),
        "runs dbt without --target bigquery",
      ],
      [
        "without its profiles",
        ({ args }) => void args.splice(args.indexOf("--profiles-dir"), 2),
        "runs dbt without --profiles-dir",
      ],
      [
        "without a folder to write to",
        ({ envs }) => remove(envs, "DBT_TARGET_PATH"),
        "runs dbt without DBT_TARGET_PATH",
      ],
      [
        "without a variable of its profiles",
        ({ envs }) => remove(envs, "DBT_BIGQUERY_PROJECT"),
        "runs dbt without the variable DBT_BIGQUERY_PROJECT",
      ],
      [
        "with a misspelt variable",
        ({ envs }) => void envs.push({ name: "DBT_TARGT", value: "x" }),
        "declares DBT_TARGT, which its program never reads",
      ],
      [
        "whose project differs from the declared one",
        ({ commands }) => void commands.splice(commands.indexOf("dbt") - 1, 1, "0".repeat(64)),
        "is not the code that was deployed",
      ],
    ] as const satisfies readonly (readonly [string, (container: Container) => void, string])[])
      it(title, () =>
        fails(
          ["marts-built"],
          (draft) => {
            // The command is checked before dbt needs any data.
            runsOnly(draft, "marts-built");
            const { commands, envs } = containerOf(find(draft, types.job, { name: "coffee-dbt-job" }));
            // The first build has arguments of its own.
            change({ commands, envs, args: find(draft, JOB_RUN).inputs.args as string[] });
          },
          "coffee-dbt-job",
          said,
        ),
      );

    function remove(envs: Container["envs"], name: string): void {
      envs.splice(
        envs.findIndex((each) => each.name === name),
        1,
      );
    }
  });

  describe("a missing grant", () => {
    const folderGrant = (draft: Draft, folder: string) =>
      draft.resources.find(
        ({ inputs }) => inputs.role === "roles/storage.objectUser" && JSON.stringify(inputs).includes(`/${folder}/`),
      ) as Draft["resources"][number];
    for (const folder of ["csv_sources", "ground_truth"])
      it(`to write to the bucket's folder ${folder}`, () =>
        fails(
          ["coffee-generated"],
          (draft) => forget(draft, folderGrant(draft, folder)),
          "coffee-data-job",
          `writes to bucket/demo-project-coffee-demo/${folder} as coffee-data@demo-project.iam.gserviceaccount.com`,
          "roles/storage.objectUser",
        ));

    it("to read from the bucket's folder, since a grant on another folder is none", () =>
      fails(
        ["coffee-loaded"],
        (draft) => {
          const reads = draft.resources.filter(({ inputs }) => inputs.role === "roles/storage.objectViewer");
          for (const { inputs } of reads)
            if (inputs.condition !== undefined)
              inputs.condition = JSON.parse(JSON.stringify(inputs.condition).replaceAll("csv_sources", "ground_truth"));
        },
        "coffee-load-job",
        "reads from bucket/demo-project-coffee-demo/csv_sources as coffee-load@demo-project.iam.gserviceaccount.com",
      ));

    it("to list the bucket, without which Google answers 403 for a file that is missing", () =>
      fails(
        ["coffee-loaded"],
        (draft) => {
          const { inputs } = draft.resources.find(
            ({ name }) => name === "coffee-load-list",
          ) as Draft["resources"][number];
          inputs.member = "user:ann@example.com";
        },
        "coffee-load-job",
        "lists the names in bucket/demo-project-coffee-demo as coffee-load@demo-project.iam.gserviceaccount.com",
        "declare roles/storage.legacyBucketReader",
      ));

    it("to write to a dataset", () =>
      fails(
        ["coffee-loaded"],
        (draft) => forget(draft, find(draft, types.datasetGrant)),
        "coffee-load-job",
        "writes to dataset/coffee_shop as coffee-load@demo-project.iam.gserviceaccount.com",
        "declare WRITER",
      ));

    it("to use the datasets of both demos, which are in two files", () =>
      fails(
        ["coffee-loaded", "parties-filled"],
        (draft) => {
          runsOnly(draft, "coffee-loaded");
          const { inputs } = find(draft, types.datasetGrant, { datasetId: "coffee_shop" });
          draft.resources.push({
            ...find(draft, types.datasetGrant, { datasetId: "merchant" }),
            inputs: { ...inputs, datasetId: "merchant" },
          });
        },
        "coffee-load@demo-project.iam.gserviceaccount.com may use the datasets",
        "use one account for each",
      ));

    it("to write the reports", () =>
      fails(
        ["reports-written"],
        (draft) => {
          forget(draft, find(draft, types.bucketGrant, { bucket: "demo-project-coffee-demo-reports" }));
          // The job writes reports without marts too.
          runsOnly(draft, "reports-written");
        },
        "coffee-report-job",
        "writes to bucket/demo-project-coffee-demo-reports as coffee-report@demo-project.iam.gserviceaccount.com",
        "roles/storage.objectUser",
      ));

    it("to run queries", () =>
      fails(
        ["coffee-loaded"],
        (draft) => forget(draft, find(draft, types.projectGrant)),
        "coffee-load-job",
        "declare roles/bigquery.jobUser on project/demo-project",
      ));

    it("to start a job from a function", () =>
      fails(
        ["daily-generate-schedule"],
        (draft) => {
          forget(draft, find(draft, types.jobGrant, { name: "coffee-data-job", role: "roles/run.jobsExecutor" }));
          // Without a run in the bucket, the function has to start the job.
          runsOnly(draft);
        },
        "trigger-job",
        "calls job/coffee-data-job as coffee-trigger@demo-project.iam.gserviceaccount.com",
        "declare roles/run.jobsExecutor on job/coffee-data-job",
      ));
  });

  it("a function with a misspelt variable", () =>
    fails(
      ["coffee-generated", "daily-load-schedule"],
      (draft) => {
        const { environmentVariables: env } = find(draft, types.function).inputs.serviceConfig as {
          environmentVariables: Record<string, string>;
        };
        env.DATA_SET = env.DATASET ?? "";
        delete env.DATASET;
        runsOnly(draft);
      },
      "load-bq-daily",
      "this function is deployed without DATASET",
    ));

  it("a table whose schema lacks a column of its data", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const orders = find(draft, types.table, { tableId: "orders" });
        const fields = JSON.parse(String(orders.inputs.schema)) as { name: string }[];
        orders.inputs.schema = JSON.stringify(fields.filter(({ name }) => name !== "payment_method"));
      },
      "coffee-load-job",
      "orders",
      "payment_method",
    ));

  it("a table whose schema lacks a column that it is clustered by", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const customers = find(draft, types.table, { tableId: "customers" });
        const fields = JSON.parse(String(customers.inputs.schema)) as { name: string }[];
        customers.inputs.schema = JSON.stringify(fields.filter(({ name }) => name !== "customer_id"));
      },
      "coffee_shop.customers",
      "clusterings names the column customer_id, which is not in its schema",
    ));

  it("a table with a type that the rehearsal does not know", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const stores = find(draft, types.table, { tableId: "stores" });
        stores.inputs.schema = String(stores.inputs.schema).replace('"FLOAT64"', '"GEOGRAPHY"');
      },
      "coffee_shop.stores",
      "column latitude has the type GEOGRAPHY",
    ));

  it("a run that does not depend on the tables that it fills", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const run = find(draft, JOB_RUN, { job: "projects/demo-project/locations/us-central1/jobs/coffee-load-job" });
        const orders = find(draft, types.table, { tableId: "orders" });
        for (const each of draft.resources) each.dependencies = each.dependencies.filter((urn) => urn !== orders.urn);
        expect(run.dependencies).not.to.contain(orders.urn);
      },
      "coffee-loaded",
      "may run before coffee_shop.orders",
    ));
});
