import * as pulumi from "@pulumi/pulumi";

throw new pulumi.RunError("greeting is not polite");
