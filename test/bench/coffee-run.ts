import { generateCoffee } from "../../generator/coffee/generate.ts";
import { openFolder } from "../../generator/lake/folder.ts";

/*
 * What `benchCoffee` measures, in a process of its own: its argument is the folder's URL and the options as JSON, and it prints one line
 * of JSON.
 */
const [url = "", options = "{}"] = process.argv.slice(2);
const begun = performance.now();
const cpu = process.cpuUsage();
const { files } = await generateCoffee(openFolder(url), JSON.parse(options));
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    peakRssKilobytes: process.resourceUsage().maxRSS,
  }),
);
