import { readFileSync, writeFileSync } from "node:fs";
import type { Declared } from "./stack.ts";

const file = new URL("../../docs/least-privilege.md", import.meta.url);

/** Reads docs/least-privilege.md, after writing `text` to it if UPDATE_GOLDEN is set. */
export function leastPrivilegePage(text: string): string {
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  return readFileSync(file, "utf8");
}

/** The page about the rights of every service account, in Markdown, from the resources that the stack declares. */
export function leastPrivilege(resources: readonly Declared[]): string {
  const accounts = resources.filter(({ type }) => type === "gcp:serviceaccount/account:Account");
  const rows = accounts.flatMap(({ inputs: { accountId, displayName } }) => {
    const own = resources.flatMap(({ type, inputs }) => {
      const who = `${inputs.member ?? inputs.userByEmail ?? ""}`.replace("serviceAccount:", "");
      return who.startsWith(`${accountId}@`) ? [`\`${inputs.role}\` on ${whereOf(type, inputs)}`] : [];
    });
    return `| \`${accountId}\` | ${displayName} | ${own.sort().join("<br>")} |`;
  });
  return `${HEAD}${rows.sort().join("\n")}\n`;
}

const HEAD = `# Who may do what

This page lists every service account of the stack with all its roles, as \`index.ts\` declares them with the default settings. A test writes the page
(\`UPDATE_GOLDEN=1 npx mocha test/index.test.ts\`), and fails while it is out of date. No account has a key, and none may act as another.

- \`roles/bigquery.jobUser\` lets an account run queries, which the project pays for. The roles on datasets decide what it can read and write.
- \`READER\` and \`WRITER\` are BigQuery's roles on one dataset.
- A role on a folder covers the objects whose names begin with the folder's. It does not allow listing the bucket: for a list, IAM only knows the bucket's name, so no
  condition on objects can match. \`roles/storage.legacyBucketReader\` allows a list of the names alone.
- \`coffee-data\` lists the bucket of files, because Google answers that a file is missing only to accounts that may list. It cannot read or write what others put there, such as an
  export of thelook.
- Each job first compares the SHA-256 of its code, which is the bundle or dbt's project, with the hash in its own declaration. To run other code, somebody would have to change the
  job, which no account of the stack may do. Functions run images: Google builds them when they are deployed, from the generation of the archive that \`pulumi up\` uploaded.

| account | does | its roles |
|---|---|---|
`;

function whereOf(type: string, inputs: Declared["inputs"]): string {
  const only = inputs.condition ? `, only ${inputs.condition.title}` : "";
  const [kind, name] = {
    "gcp:bigquery/datasetAccess:DatasetAccess": ["the dataset", inputs.datasetId],
    "gcp:storage/bucketIAMMember:BucketIAMMember": ["the bucket", inputs.bucket],
    "gcp:cloudrunv2/jobIamMember:JobIamMember": ["the job", inputs.name],
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": ["the function", inputs.name],
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": ["the repository", inputs.repository],
    "gcp:secretmanager/secretIamMember:SecretIamMember": ["the secret", inputs.secretId],
    "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember": ["the exchange", inputs.dataExchangeId],
    "gcp:projects/iAMMember:IAMMember": ["the project", ""],
  }[type] ?? [type, ""];
  return `${kind}${name ? ` \`${String(name).replace("demo-project", "PROJECT")}\`` : ""}${only}`;
}
