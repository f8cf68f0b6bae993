import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Grant, type Grantee, grant } from "./grants.ts";
import { childOf } from "./place.ts";

export interface IdentityArgs {
  /** The account's id, the part of its address before the @. */
  readonly accountId: string;
  /** The account's purpose, for the console. */
  readonly displayName: string;
  /** The project that the account belongs to. */
  readonly project: string;
  /** The account's grants. Their keys become part of the Pulumi names. @default none */
  readonly grants?: Readonly<Record<string, Grant>>;
  /**
   * The earlier keys of grants, by their keys now. Otherwise an `up` on an older stack would first create the same grant under its new name,
   * which changes nothing, and then delete it under the old one. @default none
   */
  readonly renamed?: Readonly<Record<string, string>>;
}

/**
 * A service account and everything that it may do. A resource that depends on this component waits for the grants too. Google needs about
 * ten seconds to create an account, so let a resource depend on it only if it runs as that account.
 */
export class Identity extends pulumi.ComponentResource implements Grantee {
  /** The account's address. */
  readonly email: pulumi.Output<string>;
  /** The account as IAM names it, `serviceAccount:…`. */
  readonly member: pulumi.Output<string>;

  constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Identity", name, {}, opts);
    const { accountId, displayName, project, grants = {}, renamed = {} } = args;
    const account = new gcp.serviceaccount.Account(
      `${name}-account`,
      { accountId, displayName, project },
      childOf(this, opts),
    );
    this.email = account.email;
    this.member = pulumi.interpolate`serviceAccount:${account.email}`;
    for (const [what, given] of Object.entries(grants)) {
      const earlier = renamed[what];
      const aliases = earlier === undefined ? [] : [{ name: `${name}-${earlier}` }];
      grant(`${name}-${what}`, this, given, { ...childOf(this, opts), aliases });
    }
    this.registerOutputs({ email: this.email, member: this.member });
  }
}
