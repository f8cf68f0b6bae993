import { type Declared, wrong } from "./declaration.ts";

export type Access = "read" | "write";

/** What a role may allow: `write` on a job or service is to call it, on a project to run queries in it. */
export type Right = Access | "override";

/** One role that an account was granted on one thing. */
interface Grant {
  readonly resource: Declared;
  /** What it is granted on: `bucket/NAME`, `dataset/NAME`, `job/NAME`, `service/NAME`, `project/NAME`, … */
  readonly on: string;
  readonly role: string;
  /** The account's e-mail address. */
  readonly account: string;
}

/** What the roles allow that the demos use, by the kind of thing they are granted on. The first of each list is what to declare. */
const allowing: Record<string, Partial<Record<Right, readonly string[]>>> = {
  bucket: {
    read: [
      "roles/storage.objectViewer",
      "roles/storage.objectUser",
      "roles/storage.objectAdmin",
      "roles/storage.admin",
    ],
    write: ["roles/storage.objectUser", "roles/storage.objectAdmin", "roles/storage.admin"],
  },
  dataset: { read: ["READER", "WRITER", "OWNER"], write: ["WRITER", "OWNER"] },
  project: { write: ["roles/bigquery.jobUser", "roles/bigquery.user"] },
  job: {
    write: [
      "roles/run.jobsExecutor",
      "roles/run.invoker",
      "roles/run.jobsExecutorWithOverrides",
      "roles/run.developer",
      "roles/run.admin",
    ],
    override: ["roles/run.jobsExecutorWithOverrides", "roles/run.developer", "roles/run.admin"],
  },
  service: { write: ["roles/run.invoker", "roles/run.admin"] },
};

/** Something that was to be done and was not granted: who, what, on what. */
export interface Missing {
  readonly account: string;
  readonly on: string;
  /** What to declare. */
  readonly role: string;
}

/** Who was granted what. The account that runs Pulumi may do everything, and is not among them. */
export class Grants {
  readonly #grants: Grant[] = [];

  /** Notes a grant. Throws UserError for one to the public. People may be let in too: nothing is done here as they. */
  add(resource: Declared, on: string, role: string, member: string): void {
    if (/^(user|group|domain):/.test(member)) return;
    const account = /^serviceAccount:(.+)$/.exec(member)?.[1];
    if (account === undefined)
      throw wrong(resource, `grants ${role} to "${member}", which is no service account, person or group`);
    this.#grants.push({ resource, on, role, account });
  }

  /** The grants that allow it. */
  allowing(account: string, on: string, right: Right): Declared[] {
    const roles = allowing[on.slice(0, on.indexOf("/"))]?.[right] ?? [];
    return this.#grants
      .filter((grant) => grant.account === account && grant.on === on && roles.includes(grant.role))
      .map(({ resource }) => resource);
  }

  /** What is missing for an account to do something, or undefined. */
  missing(account: string, on: string, right: Right): Missing | undefined {
    if (this.allowing(account, on, right).length > 0) return undefined;
    return { account, on, role: allowing[on.slice(0, on.indexOf("/"))]?.[right]?.[0] ?? "a role" };
  }
}
