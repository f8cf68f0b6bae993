// Prints the resources that index.ts declares, as JSON. It runs as a separate process, since a process has only one Pulumi runtime.
//   node test/policy/declare.ts '{"gcp-data-demos:labels":"{}"}'
import { evaluate } from "pulumi-rehearsal";
import { adapters } from "../../local/adapters.ts";

const config = JSON.parse(process.argv[2] ?? "{}") as Record<string, string>;
const { resources } = await evaluate(() => import("../../index.ts"), {
  project: "demo-project",
  program: "gcp-data-demos",
  config,
  adapters,
});
console.log(JSON.stringify(resources));
