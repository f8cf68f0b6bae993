import { expect } from "chai";
import type { Declaration, Declared } from "../../local/declaration.ts";
import { userError } from "../support/user-error.ts";
import { type Draft, declareStack, find, forget, partOf, rehearsed } from "./support.ts";

const types = {
  bucket: "gcp:storage/bucket:Bucket",
  object: "gcp:storage/bucketObject:BucketObject",
  bucketGrant: "gcp:storage/bucketIAMMember:BucketIAMMember",
  datasetGrant: "gcp:bigquery/datasetAccess:DatasetAccess",
  projectGrant: "gcp:projects/iAMMember:IAMMember",
  callGrant: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
  jobGrant: "gcp:cloudrunv2/jobIamMember:JobIamMember",
  table: "gcp:bigquery/table:Table",
  job: "gcp:cloudrunv2/job:Job",
  run: "pulumi-nodejs:dynamic/demo:JobRun",
  function: "gcp:cloudfunctionsv2/function:Function",
  schedule: "gcp:cloudscheduler/job:Job",
};

interface Container {
  args: string[];
  envs: { name: string; value: string }[];
}
const containerOf = (job: Declared) =>
  (job.inputs.template as { template: { containers: Container[] } }).template.containers[0] as Container;
const variable = (job: Declared, name: string) =>
  containerOf(job).envs.find((each) => each.name === name) as Container["envs"][number];
const variables = (fn: Declared) =>
  (fn.inputs.serviceConfig as { environmentVariables: Record<string, string> }).environmentVariables;
const targetOf = (schedule: Declared) =>
  schedule.inputs.httpTarget as { uri: string; oidcToken: { audience: string; serviceAccountEmail: string } };

/** The schedule that generates, with the function in between. */
const triggered = ["daily-generate-schedule", "daily-trigger-job", "coffee-generated"];

describe("A mistake in the declaration fails the rehearsal", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareStack();
  });

  /** Rehearses what some resources need after a change, and expects the failure to name these. */
  async function fails(names: string[], change: (draft: Draft) => void, ...said: string[]): Promise<void> {
    const draft = partOf(declaration, ...names);
    change(draft);
    const message = await userError(() => rehearsed(draft));
    for (const words of said) expect(message).to.contain(words);
  }

  it("and what is declared does not", () => rehearsed(partOf(declaration, "clean-room-filled", "coffee-loaded")));

  it("and people who are let in do not", () => {
    const draft = partOf(declaration, "coffee-generated");
    for (const member of ["user:ann@example.com", "group:owners@example.com", "domain:example.com"]) {
      const { inputs, ...granted } = structuredClone(
        find(draft, types.bucketGrant, { role: "roles/storage.objectUser" }),
      );
      draft.resources.push({
        ...granted,
        urn: `urn:${member}`,
        inputs: { ...inputs, role: "roles/storage.objectViewer", member },
      });
    }
    return rehearsed(draft);
  });

  describe("in a job", () => {
    const generated = ["coffee-generated"];
    const data = (draft: Draft) => find(draft, types.job, { name: "coffee-data-job" });

    it("a variable that it cannot do without, misspelt", () =>
      fails(
        generated,
        (draft) => {
          variable(data(draft), "LAKE_URL").name = "LAKE_URI";
        },
        "coffee-data-job",
        "LAKE_URL is missing",
      ));

    it("a variable with a default, misspelt", () =>
      fails(
        generated,
        (draft) => {
          variable(data(draft), "SEED").name = "SEEED";
        },
        "coffee-data-job",
        "declares SEEED, which what it runs never reads",
      ));

    it("a location, and a project, that no dataset is in", async () => {
      for (const [url, said] of [
        ["bigquery://demo-project?location=EU", "no dataset is declared in EU"],
        ["bigquery://other-project?location=US", "no dataset is declared in project other-project"],
      ] as const)
        await fails(
          ["coffee-loaded"],
          (draft) => {
            variable(find(draft, types.job, { name: "coffee-load-job" }), "WAREHOUSE_URL").value = url;
          },
          "coffee-load-job",
          said,
        );
    });

    it("a bucket of another name", () =>
      fails(
        generated,
        (draft) => {
          variable(data(draft), "LAKE_URL").value = "gs://demo-project-cofee-demo";
        },
        "coffee-data-job",
        "the bucket gs://demo-project-cofee-demo does not exist",
      ));

    it("a program that is no object of its bucket", () =>
      fails(
        generated,
        (draft) => {
          containerOf(data(draft)).args[0] = "/mnt/bucket/runtime/main-00000000.mjs";
        },
        "coffee-data-job",
        "needs /mnt/bucket/runtime/main-00000000.mjs, and no object",
      ));

    it("another command", () =>
      fails(
        generated,
        (draft) => {
          containerOf(data(draft)).args[1] = "generat";
        },
        "coffee-data-job",
        '"generat" is not a command',
      ));

    it("an account that is not declared", () =>
      fails(
        generated,
        (draft) => {
          const template = data(draft).inputs.template as { template: { serviceAccount: string } };
          template.template.serviceAccount = "coffee-date@demo-project.iam.gserviceaccount.com";
        },
        "coffee-data-job",
        "acts as coffee-date@demo-project.iam.gserviceaccount.com, and no such service account is declared",
      ));
  });

  describe("in a grant that is missing", () => {
    it("to write to the bucket", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          find(draft, types.bucketGrant, { role: "roles/storage.objectUser" }).inputs.role =
            "roles/storage.objectViewer";
        },
        "coffee-data-job",
        "writes to bucket/demo-project-coffee-demo as coffee-data@demo-project.iam.gserviceaccount.com",
        "roles/storage.objectUser",
      ));

    it("to read the code in the bucket", () =>
      fails(
        ["clean-room-filled"],
        (draft) => forget(draft, find(draft, types.bucketGrant)),
        "thelook-fill-job",
        "reads from bucket/demo-project-coffee-demo as thelook-fill@demo-project.iam.gserviceaccount.com",
      ));

    it("to write to a dataset", () =>
      fails(
        ["coffee-loaded"],
        (draft) => forget(draft, find(draft, types.datasetGrant)),
        "coffee-load-job",
        "writes to dataset/coffee_shop as coffee-load@demo-project.iam.gserviceaccount.com",
        "declare WRITER",
      ));

    it("to write the reports", () =>
      fails(
        ["dashboards-written"],
        (draft) => {
          forget(draft, find(draft, types.bucketGrant, { bucket: "demo-project-coffee-demo-reports" }));
          // Reports are written without marts too, and say so: nothing else has to run.
          for (const run of draft.resources.filter(({ type, name }) => /JobRun$/.test(type) && !/written/.test(name)))
            forget(draft, run);
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

    it("to call a function", () =>
      fails(
        ["coffee-generated", "daily-load-schedule"],
        (draft) => forget(draft, find(draft, types.callGrant)),
        "load-bq-daily",
        "coffee-scheduler@demo-project.iam.gserviceaccount.com",
        "declare roles/run.invoker on service/load-bq-from-csv",
      ));

    it("to start a job from a function", () =>
      fails(
        triggered,
        (draft) => forget(draft, find(draft, types.jobGrant, { name: "coffee-data-job" })),
        "trigger-job",
        "calls job/coffee-data-job as coffee-trigger@demo-project.iam.gserviceaccount.com",
        "declare roles/run.jobsExecutor on job/coffee-data-job",
      ));

    it("to start a job from a schedule", () =>
      fails(
        ["daily-dbt-schedule"],
        (draft) => forget(draft, find(draft, types.jobGrant, { name: "coffee-dbt-job" })),
        "dbt-daily",
        "coffee-scheduler@demo-project.iam.gserviceaccount.com may not run job/coffee-dbt-job",
      ));

    it("since it is given to everybody", () =>
      fails(
        ["coffee-generated"],
        (draft) => {
          find(draft, types.bucketGrant).inputs.member = "allUsers";
        },
        'grants roles/storage.objectUser to "allUsers", which is no service account, person or group',
      ));
  });

  describe("in a schedule", () => {
    const both = ["daily-load-schedule", ...triggered];
    const load = (draft: Draft) => find(draft, types.schedule, { name: "load-bq-daily" });
    const generate = (draft: Draft) => find(draft, types.schedule, { name: "coffee-job-schedule" });

    it("aimed at the wrong function", () =>
      fails(
        both,
        (draft) => {
          targetOf(load(draft)).uri = targetOf(generate(draft)).uri;
        },
        "load-bq-daily",
        "calls trigger-job",
        "give it that audience",
      ));

    it("aimed at the wrong function with a token for it", () =>
      fails(
        both,
        (draft) => {
          load(draft).inputs.httpTarget = generate(draft).inputs.httpTarget;
        },
        "nothing declared runs these",
        "load-bq-from-csv",
      ));

    it("aimed at nothing", () =>
      fails(
        triggered,
        (draft) => {
          targetOf(generate(draft)).uri = "https://trigger-jobs-rehearsed-uc.a.run.app";
        },
        "coffee-job-schedule",
        "where no declared function or job answers",
      ));

    it("by a method that the function does not know", () =>
      fails(
        triggered,
        (draft) => {
          Object.assign(targetOf(generate(draft)), { httpMethod: "GET", body: undefined });
        },
        "coffee-job-schedule",
        "answered 405",
      ));

    it("at no time of day", () =>
      fails(
        triggered,
        (draft) => {
          generate(draft).inputs.schedule = "0 27 * * *";
        },
        "coffee-job-schedule",
        "its hour cannot be read",
      ));
  });

  describe("in a function", () => {
    it("a job that is not declared", () =>
      fails(
        triggered,
        (draft) => {
          variables(find(draft, types.function)).JOB = "coffee-date-job";
        },
        "trigger-job",
        "writes to job/coffee-date-job, which is not declared",
      ));

    it("a variable that is misspelt", () =>
      fails(
        ["coffee-generated", "daily-load-schedule"],
        (draft) => {
          const env = variables(find(draft, types.function));
          env.DATA_SET = env.DATASET ?? "";
          delete env.DATASET;
        },
        "load-bq-daily",
        "this function is deployed without DATASET",
      ));

    it("an entry point that the bundle does not have", () =>
      fails(
        triggered,
        (draft) => {
          (find(draft, types.function).inputs.buildConfig as { entryPoint: string }).entryPoint = "triggerJobs";
        },
        "trigger-job",
        "does not start",
      ));
  });

  it("in a schema that lost a column", () =>
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

  it("in a schema that lost the column of its partitions", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const customers = find(draft, types.table, { tableId: "customers" });
        const fields = JSON.parse(String(customers.inputs.schema)) as { name: string }[];
        customers.inputs.schema = JSON.stringify(fields.filter(({ name }) => name !== "customer_id"));
      },
      "coffee_shop.customers",
      "clusterings names the column customer_id, which its schema has not",
    ));

  it("in a schema with a type that the rehearsal does not know", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const stores = find(draft, types.table, { tableId: "stores" });
        stores.inputs.schema = String(stores.inputs.schema).replace('"FLOAT64"', '"GEOGRAPHY"');
      },
      "coffee_shop.stores",
      "column latitude is GEOGRAPHY",
    ));

  it("in the name of the bucket that other resources use", () =>
    fails(
      ["coffee-generated"],
      (draft) => {
        find(draft, types.bucket).inputs.name = "demo-project-cofee-demo";
      },
      types.object,
      "is to be in the bucket demo-project-coffee-demo, which is not declared",
    ));

  it("in a run that does not wait for the tables it fills", () =>
    fails(
      ["coffee-loaded"],
      (draft) => {
        const run = find(draft, types.run, { job: "projects/demo-project/locations/us-central1/jobs/coffee-load-job" });
        const orders = find(draft, types.table, { tableId: "orders" });
        for (const each of draft.resources) each.dependencies = each.dependencies.filter((urn) => urn !== orders.urn);
        expect(run.dependencies).not.to.contain(orders.urn);
      },
      "coffee-loaded",
      "may run before coffee_shop.orders",
    ));

  it("in a resource of a type that the rehearsal does not know", () =>
    fails(
      ["coffee-generated"],
      (draft) => {
        find(draft, types.bucket).type = "gcp:pubsub/topic:Topic";
      },
      "gcp:pubsub/topic:Topic",
      "lake-bucket",
    ));
});
