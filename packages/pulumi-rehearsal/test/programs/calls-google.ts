import * as gcp from "@pulumi/gcp";

export const found = await gcp.organizations.getProject({ projectId: "demo-project" });
