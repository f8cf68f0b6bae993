import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { type Bundle, buildBundle } from "../../components/bundle.ts";
import { RUN_IF_UNCHANGED } from "../../components/checked-start.ts";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import { allTables } from "../../generator/tables/index.ts";
import { upload } from "../../generator/upload.ts";
import { syntheticExport } from "../generator/thelook/merchant.ts";
import { type Google, startGoogle } from "../support/google.ts";
import { skipWithout } from "../support/servers.ts";

describe("The bundle", () => {
  let bundle: Bundle;
  let content: Buffer;
  let folder: string;
  let file: string;

  before(async () => {
    bundle = buildBundle();
    content = await readFile(bundle.path);
    // As in the cloud, without this project's files.
    folder = await mkdtemp(join(tmpdir(), "bundle "));
    file = join(folder, `main-${bundle.hash}.mjs`);
    await copyFile(bundle.path, file);
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs plain Node in the folder; the environment is this process's and `env`. */
  const node = async (args: string[], env: Record<string, string> = {}) => {
    const options = { cwd: folder, env: { ...process.env, NODE_OPTIONS: "", ...env } };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return stdout;
  };
  const run = async (command: string, env: Record<string, string>) => JSON.parse(await node([file, command], env));

  it("has a name made from its content, and the same content from every build", async () => {
    expect(bundle.hash).to.equal(createHash("sha256").update(content).digest("hex").slice(0, 8));
    const { mtimeMs } = await stat(bundle.path);
    const cwd = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(buildBundle()).to.deep.equal(bundle);
    } finally {
      process.chdir(cwd);
    }
    expect((await stat(bundle.path)).mtimeMs, "the file is left alone").to.equal(mtimeMs);
  });

  it("is below 2 MB, and contains no DuckDB and no path of the machine that built it", () => {
    expect(content.length).to.be.below(2_000_000);
    const text = content.toString();
    expect(text).not.to.contain("node-bindings");
    expect(text).not.to.contain(fileURLToPath(new URL("../..", import.meta.url)));
  });

  it("runs nothing when it is imported, and exports the functions by name", async () => {
    const code = `import(${JSON.stringify(pathToFileURL(file).href)}).then((all) => console.log(Object.keys(all).join()))`;
    expect(await node(["-e", code, "generate"])).to.equal("loadBqFromCsv,triggerJob\n");
  });

  it("reports a mistake in one message, with its exit code", async () => {
    const { code, stderr } = await node([file, "load"]).catch((error) => error);
    expect([code, stderr]).to.deep.equal([
      1,
      "\nerror: --lake or LAKE_URL is missing\n--warehouse or WAREHOUSE_URL is missing\n",
    ]);
  });

  it("runs as a job starts it if it is the code that was deployed, and not if somebody changed it", async () => {
    const start = async (path: string) => {
      const args = ["--eval", RUN_IF_UNCHANGED, path, bundle.sha256, "load"];
      return node(args).catch((error) => error);
    };
    expect((await start(file)).stderr).to.equal(
      "\nerror: --lake or LAKE_URL is missing\n--warehouse or WAREHOUSE_URL is missing\n",
    );
    const changed = join(folder, "changed.mjs");
    await writeFile(changed, `console.log("not ours")`);
    const { code, stdout, stderr } = await start(changed);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(
      /^error: .*changed\.mjs is not the code that was deployed: its SHA-256 is [0-9a-f]{64} and not .*deploy again/,
    );
  });

  it("has the generator's commands and the reports' command", async () => {
    const { code, stderr } = await node([file, "refill"]).catch((error) => error);
    const commands = "fill, generate, load, report, upload";
    expect([code, stderr]).to.deep.equal([1, `\nerror: "refill" is not a command: use ${commands}\n`]);
    expect(await node([file, "report", "--help"])).to.match(/^report \[settings\]: .*\n {2}--to .*REPORT_URL/s);
  });

  describe("in plain Node, on Google Cloud", () => {
    let google: Google;
    let client: BigQuery;
    const WALLET = "wallet-project";

    before(async function () {
      // npm start runs the same bundle on DuckDB.
      if (!process.env.CI) this.skip();
      skipWithout("bqemulator", this);
      google = await startGoogle({ bigquery: true });
      client = new BigQuery({ projectId: google.project });
      await google.makeBucket("demo-bucket");
      for (const table of allTables) {
        const projectId = table.dataset === "ewallet_provider" ? WALLET : google.project;
        const dataset = client.dataset(table.dataset, { projectId });
        await dataset.create().catch(() => {});
        await dataset.createTable(table.table, { schema: { fields: bigquerySchema(table) } });
      }
    });
    after(() => google?.stop());
    const countOf = async (table: string) => (await client.query(`SELECT COUNT(*) AS n FROM \`${table}\``))[0][0].n;

    it("generates in two tasks, and loads", async () => {
      const lake = { LAKE_URL: "gs://demo-bucket", GCS_PREFIX: "csv_sources" };
      const shop = { ...lake, SEED: "7", SCALE: "0.1", DAYS: "4", UNTIL: "2025-03-31", CLOUD_RUN_TASK_COUNT: "2" };
      const files = await Promise.all(
        ["0", "1"].map((task) => run("generate", { ...shop, CLOUD_RUN_TASK_INDEX: task })),
      );
      const written = (name: string) =>
        files
          .flatMap((task) => task.files)
          .filter(({ path }) => path.includes(`/${name}-`))
          .reduce((sum, { rows }) => sum + rows, 0);
      const { loaded } = await run("load", { ...lake, WAREHOUSE_URL: `bigquery://${google.project}?location=US` });
      expect(loaded).to.include({ orders: written("Orders"), order_details: written("OrderDetails") });
      expect(await countOf(`${google.project}.coffee_shop.orders`)).to.equal(loaded.orders);
    });

    it("fills the merchant in one project and the e-wallet in another", async () => {
      const export_ = fileURLToPath(await syntheticExport(0.01));
      await upload({ from: export_, to: "gs://demo-bucket/thelook" });
      const { filled } = await run("fill", {
        WAREHOUSE_URL: `bigquery://${google.project}?location=US&datasets=ewallet_provider:${WALLET}`,
        THELOOK_SOURCE: "gs://demo-bucket/thelook",
        SEED: "7",
        WALLET_SHARE: "1",
      });
      expect(filled.tables["ewallet_provider.transactions"]).to.be.above(100);
      for (const [table, rows] of Object.entries(filled.tables)) {
        const project = table.startsWith("ewallet_provider") ? WALLET : google.project;
        expect(await countOf(`${project}.${table}`), table).to.equal(rows);
      }
      const left = filled.counts.find(({ what }: { what: string }) => what === "left out: adults without a wallet");
      expect(left.rows).to.equal(0);
    });

    it("ends with a special exit code if access is refused", async () => {
      google.intercept = (_, response) => {
        response.writeHead(403, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ error: { code: 403, message: "no storage.objects.create" } }));
        return true;
      };
      const { code, stderr } = await run("generate", { LAKE_URL: "gs://demo-bucket", DAYS: "1" }).catch((e) => e);
      expect(stderr).to.contain("refuses this account");
      expect(code).to.equal(77);
    });
  });
});
