// Serves the rules to the Pulumi engine, for pulumi preview --policy-pack policy
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./rules.ts";

new PolicyPack("gcp-data-demos", { policies });
