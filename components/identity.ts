import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Grant, type Grantee, grant } from "./grants.ts";
import { childOf } from "./place.ts";

export interface IdentityArgs {
  /** The account's id, the part of its address before the @. */
  readonly accountId: string;
  /** What the account is for, as the console shows it. */
  readonly displayName: string;
  /** The project that the account belongs to. */
  readonly project: string;
  /** What the account may do, each by a short word for it. */
  readonly grants?: Readonly<Record<string, Grant>>;
}

/**
 * Who something runs as: a service account, and all it may do. Whatever depends on the component waits for the grants too.
 * Google takes about ten seconds to make an account known, so that only what runs as it should depend on it.
 */
export class Identity extends pulumi.ComponentResource implements Grantee {
  /** The account's address. */
  readonly email: pulumi.Output<string>;
  /** The account as IAM names it, `serviceAccount:…`. */
  readonly member: pulumi.Output<string>;

  constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:iam:Identity", name, {}, opts);
    const { accountId, displayName, project, grants = {} } = args;
    const account = new gcp.serviceaccount.Account(
      `${name}-account`,
      { accountId, displayName, project },
      childOf(this, opts),
    );
    this.email = account.email;
    this.member = pulumi.interpolate`serviceAccount:${account.email}`;
    for (const [what, given] of Object.entries(grants)) grant(`${name}-${what}`, this, given, childOf(this, opts));
    this.registerOutputs({ email: this.email, member: this.member });
  }
}
