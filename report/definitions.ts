import { readFileSync } from "node:fs";

/**
 * What the figures mean, by name: dbt's docs blocks, which the models' descriptions show too. For the build of the pages; keys such as
 * `ltv` are those of `{% docs ltv %}`.
 */
export function readDefinitions(file = new URL("../transform/models/definitions.md", import.meta.url)) {
  const blocks = readFileSync(file, "utf8").matchAll(/\{% docs (\w+) %\}([\s\S]*?)\{% enddocs %\}/g);
  return Object.fromEntries([...blocks].map(([, name = "", text = ""]) => [name, text.trim().replace(/\s+/g, " ")]));
}
