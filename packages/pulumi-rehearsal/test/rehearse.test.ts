import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Adapter, type Declaration, type Execution, holding, perRehearsal } from "../src/index.ts";
import { find, partOf } from "./draft.ts";
import { adapters, declareShop, RUN, rehearsed } from "./support.ts";

describe("A rehearsal", () => {
  let declaration: Declaration;
  before(async () => {
    declaration = await declareShop();
  });

  it("creates dynamic resources, then fires each schedule in order, and reports every execution", async () => {
    const shown: string[] = [];
    const executions: Execution[] = [];
    const lines: string[] = [];
    await rehearsed(
      declaration,
      {
        onExecution(execution, listen) {
          shown.push(`job ${execution.job.inputs.name}`);
          executions.push(execution);
          listen((line) => lines.push(line));
        },
        onSchedule: async (name, fire) => {
          shown.push(`schedule ${name}`);
          const answer = (await fire()) as { metadata: { name: string } };
          expect(answer.metadata.name).to.equal(executions.at(-1)?.name);
        },
      },
      async ({ out }) => {
        const greetings = ["0", "1"].map((task) => join(out, "bucket/shop-greetings", `greeting-${task}`));
        for (const file of greetings) expect(await readFile(file, "utf8")).to.equal("hello from the shop");
        expect(await readFile(join(out, "logs/greet-job.log"), "utf8")).to.include('{"greeted":"1"}');
      },
    );
    expect(shown).to.deep.equal([
      "job greet-job",
      "schedule by-api",
      "job greet-job",
      "schedule by-function",
      "job greet-job",
    ]);
    expect(lines).to.have.length(6).and.include('{"greeted":"0"}');
    for (const { report } of executions)
      expect(report?.touched).to.deep.include({ resource: "bucket/shop-greetings", access: "write" });
  });

  it("accepts grants to people, groups and domains", () => {
    const draft = partOf(declaration, "greeted");
    const granted = find(draft, "gcp:storage/bucketIAMMember:BucketIAMMember", { role: "roles/storage.objectUser" });
    for (const member of ["user:ann@example.com", "group:owners@example.com", "domain:example.com"])
      draft.resources.push({ ...granted, urn: `urn:${member}`, inputs: { ...granted.inputs, member } });
    return rehearsed(draft);
  });

  it("gives all tasks of an execution its name, and those of another execution another", async () => {
    const draft = partOf(declaration, "greeted", "by-api");
    const seen = find(draft, "gcp:storage/bucketObject:BucketObject", { name: "code/job.mjs" });
    seen.inputs.content = `const { GREETING, BUCKET, CLOUD_RUN_EXECUTION } = process.env;
      console.log(JSON.stringify([CLOUD_RUN_EXECUTION, GREETING, BUCKET]));`;
    const lines: string[] = [];
    const names: unknown[] = [];
    await rehearsed(draft, {
      onExecution({ name }, listen) {
        names.push(name.split("/").at(-1));
        listen((line) => lines.push(line));
      },
      onSchedule: async (_, fire) => void (await fire()),
    });
    const told = lines.map((line) => JSON.parse(line)[0]);
    expect(names).to.have.length(2);
    expect(told).to.deep.equal([names[0], names[0], names[1], names[1]]);
  });

  it("gives a job its declared variables and those of `env`, but none of this process", async () => {
    const draft = partOf(declaration, "greeted");
    const seen = find(draft, "gcp:storage/bucketObject:BucketObject", { name: "code/job.mjs" });
    seen.inputs.content =
      "console.log(JSON.stringify([process.env.EXTRA, process.env.SHELL_ONLY, process.env.GREETING, process.env.BUCKET]))";
    process.env.SHELL_ONLY = "seen";
    const lines: string[] = [];
    try {
      await rehearsed(draft, {
        env: { EXTRA: "more" },
        onExecution: (_, listen) => listen((line) => lines.push(line)),
      });
    } finally {
      delete process.env.SHELL_ONLY;
    }
    expect(lines[0]).to.equal('["more",null,"hello","shop-greetings"]');
  });

  describe("with another adapter", () => {
    const notes = perRehearsal((): string[] => []);

    it("lets it make further types of resources, keep a value for one rehearsal only, and act once all resources are made", async () => {
      const draft = partOf(declaration, "greeted");
      draft.resources.push({ ...find(draft, RUN), urn: "urn:note", type: "example:note:Note", inputs: { text: "x" } });
      const own: Adapter = {
        types: { "example:note:Note": (rehearsal, note) => void notes(rehearsal).push(String(note.inputs.text)) },
        ready: (rehearsal) => void notes(rehearsal).push(`ready, ${rehearsal.jobs.size} job`),
      };
      for (let time = 0; time < 2; time++)
        await rehearsed(draft, { adapters: [...adapters, own] }, async (rehearsal) => {
          expect(notes(rehearsal)).to.deep.equal(["x", "ready, 1 job"]);
        });
    });

    it("creates resources that no job needs while jobs run, and waits for the locks that jobs hold", async () => {
      const draft = partOf(declaration, "greeted");
      const said: string[] = [];
      const own: Adapter = {
        types: {},
        lock: () => ({ name: "shared.file" }),
        besides: async (rehearsal) => {
          while (rehearsal.executions.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
          said.push("beside the job");
          await holding(rehearsal, [{ name: "shared.file" }], async () => void said.push("with the lock"));
        },
      };
      await rehearsed(draft, {
        adapters: [...adapters, own],
        onExecution: (_, listen) => listen(() => said.push("a line of the job")),
      });
      expect([...new Set(said)]).to.deep.equal(["beside the job", "a line of the job", "with the lock"]);
    });

    it("lets readers share a lock, and a writer hold it alone, in the order in which they came", async () => {
      await rehearsed(partOf(declaration, "greeted"), { adapters }, async (rehearsal) => {
        const said: string[] = [];
        const use = (who: string, shared: boolean) =>
          holding(rehearsal, [{ name: "file", shared }], async () => {
            said.push(`${who} begins`);
            await new Promise((resolve) => setTimeout(resolve, 5));
            said.push(`${who} ends`);
          });
        await Promise.all([use("reader", true), use("other reader", true), use("writer", false), use("last", true)]);
        expect(said).to.deep.equal([
          ...["reader begins", "other reader begins", "reader ends", "other reader ends"],
          ...["writer begins", "writer ends", "last begins", "last ends"],
        ]);
      });
    });

    it("runs containers that do not start Node, one at a time if they have the same lock", async () => {
      const draft = partOf(declaration, "greeted");
      const run = find(draft, RUN);
      // Two runs that depend on the same resources start at the same time.
      draft.resources.push({ ...run, urn: `${run.urn}-again`, name: "greeted-again" });
      const job = find(draft, "gcp:cloudrunv2/job:Job");
      const { containers } = (job.inputs.template as { template: { containers: Record<string, unknown>[] } }).template;
      delete containers[0]?.commands;
      const said: string[] = [];
      const own: Adapter = {
        types: {},
        runners: [
          {
            matches: ({ command, image }) => command === undefined && image.includes("node"),
            prepare: async (_, { args }) => void said.push(`prepared ${args[1]}`),
            async run(rehearsal, { env }, tell) {
              said.push(`begin ${env.GREETING}`);
              tell("half way");
              await new Promise((resolve) => setTimeout(resolve, 50));
              said.push("end");
              expect(rehearsal.jobs.size).to.equal(1);
              return { lines: ["done"], touched: [] };
            },
          },
        ],
        lock: () => ({ name: "one-file" }),
      };
      const executions: Execution[] = [];
      await rehearsed(draft, {
        adapters: [...adapters, own],
        onExecution(execution, listen) {
          executions.push(execution);
          listen((line) => said.push(line));
        },
      });
      const one = ["begin hello", "half way", "end"];
      expect(said).to.deep.equal(["prepared the shop", ...one, ...one]);
      expect(executions.map(({ report }) => report?.lines)).to.deep.equal([["done"], ["done"]]);
    });
  });

  it("does not change the environment of its own process", async () => {
    const mine = { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: undefined, GOOGLE_OAUTH_ACCESS_TOKEN: "mine" };
    delete process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT;
    process.env.GOOGLE_OAUTH_ACCESS_TOKEN = "mine";
    try {
      await rehearsed(partOf(declaration, "greeted"));
      for (const [name, value] of Object.entries(mine)) expect(process.env[name], name).to.equal(value);
    } finally {
      delete process.env.GOOGLE_OAUTH_ACCESS_TOKEN;
    }
  });
});
