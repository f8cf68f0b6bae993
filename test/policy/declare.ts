// Prints what index.ts declares, as JSON: by a process of its own, since Pulumi's runtime is one a process.
//   node --import=tsx test/policy/declare.ts '{"gcp-data-demos:labels":"{}"}'
import { evaluate } from "../../local/evaluate.ts";

const config = JSON.parse(process.argv[2] ?? "{}") as Record<string, string>;
const { resources } = await evaluate(() => import("../../index.ts"), {
  project: "demo-project",
  program: "gcp-data-demos",
  config,
});
console.log(JSON.stringify(resources));
