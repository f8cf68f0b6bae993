import module from "node:module";
import { fileURLToPath } from "node:url";

// Pulumi.yaml loads this file before Pulumi's own modules, whose compilation takes a second of each preview. Node keeps their machine code. A
// runner of continuous integration starts without a cache, and would only take the time to write one. Node 20 cannot keep machine code.
if (!process.env.CI)
  module.enableCompileCache?.(fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url)));
