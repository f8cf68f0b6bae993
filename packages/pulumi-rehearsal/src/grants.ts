import { type Declared, wrong } from "./declaration.ts";

/** The ways in which a process touches a thing. `list` is to see the names of all that it holds, as a bucket's objects. */
export type Access = "read" | "write" | "list";

/** The rights that roles give. On a job or service, `write` allows calling it, and `override` calling it with other arguments or variables. */
export type Right = Access | "override";

/** A kind of thing that roles are granted on, such as a bucket. */
export interface Kind {
  /** The roles that give each right. Messages suggest the first one. */
  readonly roles: Readonly<Partial<Record<Right, readonly string[]>>>;
  /** The words for an access in messages. @default `defaultVerbs` */
  readonly verbs?: Readonly<Partial<Record<Access, string>>>;
}

/** One role granted to one service account on one thing. */
interface Grant {
  readonly resource: Declared;
  /** Kind and name, such as `job/NAME`, or a part of a thing, such as `bucket/NAME/FOLDER`. */
  readonly on: string;
  readonly role: string;
  /** The account's e-mail address. */
  readonly account: string;
}

const defaultVerbs: Readonly<Record<Access, string>> = {
  read: "reads from",
  write: "writes to",
  list: "lists the names in",
};

/** Whether a grant covers a use: of the same thing or a part of it. If only the whole thing is known to be used, it may be the granted part. */
function covers(granted: string, used: string): boolean {
  return granted === used || used.startsWith(`${granted}/`) || granted.startsWith(`${used}/`);
}

/** The declared grants to service accounts. The person who runs Pulumi may do everything and does not appear here. */
export class Grants {
  readonly #kinds: Readonly<Record<string, Kind>>;
  readonly #grants: Grant[] = [];

  constructor(kinds: Readonly<Record<string, Kind>>) {
    this.#kinds = kinds;
  }

  /**
   * Records a grant. Ignores people, groups and domains, because a rehearsal acts only as service accounts.
   * Throws UserError for any other member, such as `allUsers`.
   */
  add(resource: Declared, on: string, role: string, member: string): void {
    if (/^(user|group|domain):/.test(member)) return;
    const account = /^serviceAccount:(.+)$/.exec(member)?.[1];
    if (account === undefined)
      throw wrong(resource, `grants ${role} to "${member}": use a service account, a person, a group or a domain`);
    this.#grants.push({ resource, on, role, account });
  }

  /** The declared grants that give an account a right. */
  allowing(account: string, on: string, right: Right): Declared[] {
    const roles = this.#kindOf(on)?.roles[right] ?? [];
    // A condition on a part, such as a folder, does not hold for the list of the whole.
    const isCovered = right === "list" ? (granted: string) => granted === on : (granted: string) => covers(granted, on);
    return this.#grants
      .filter((grant) => grant.account === account && isCovered(grant.on) && roles.includes(grant.role))
      .map(({ resource }) => resource);
  }

  /** The role that an account needs for a right, or undefined if it has the right. */
  missing(account: string, on: string, right: Right): { readonly role: string } | undefined {
    if (this.allowing(account, on, right).length > 0) return undefined;
    return { role: this.#kindOf(on)?.roles[right]?.[0] ?? "a role" };
  }

  /** The words for an access in a message, such as "reads from" or "calls". */
  verb(on: string, access: Access): string {
    return this.#kindOf(on)?.verbs?.[access] ?? defaultVerbs[access];
  }

  #kindOf(on: string): Kind | undefined {
    return this.#kinds[on.slice(0, on.indexOf("/"))];
  }
}
