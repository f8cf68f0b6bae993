import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ts from "typescript";

/*
 * Each package is packed with `npm pack`, installed from its tarball into an empty folder, and used there from plain JavaScript and
 * from TypeScript. The packing happens in a copy of the workspace, because it changes package.json for a moment.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const names = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json")),
);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly all: string;
}

function start(command: string, args: readonly string[], cwd: string): { child: ChildProcess; ended: Promise<Ended> } {
  // npm hands its own settings down as variables; the npm started here is not to know of them.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<Ended>((resolve, reject) => {
    let [out, all] = ["", ""];
    child.stdout.on("data", (data) => {
      out += data;
      all += data;
    });
    child.stderr.on("data", (data) => {
      all += data;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, all }));
  });
  return { child, ended };
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, out, all } = await start(command, args, cwd).ended;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${all}`);
  return out;
}

/** A copy of the workspace's packages, with the root's other dependencies linked. */
function copyOfWorkspace(folder: string, packages: readonly string[]): void {
  mkdirSync(join(folder, "packages"), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  for (const each of readdirSync(join(root, "node_modules")))
    if (!names.includes(each)) symlinkSync(join(root, "node_modules", each), join(folder, "node_modules", each));
  for (const each of ["tsconfig.json", "LICENSE", "packages/pack.mjs"]) cpSync(join(root, each), join(folder, each));
  symlinkSync(join(root, ".venv"), join(folder, ".venv"));
  for (const name of packages) {
    const skipped = [join(root, "packages", name, "dist"), join(root, "packages", name, ".local", "pack")];
    cpSync(join(root, "packages", name), join(folder, "packages", name), {
      recursive: true,
      filter: (path) => !skipped.includes(path) && basename(path) !== "node_modules",
    });
    symlinkSync(join(folder, "packages", name), join(folder, "node_modules", name));
  }
}

/** The examples of a package's README, and what each prints. The text of what it prints follows an example before the next one. */
function examplesOf(name: string): { code: string; prints: string }[] {
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  const [, ...parts] = readme.split("```js\n");
  const examples = parts.map((part) => {
    const [, code, prints] = /^([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/.exec(part) ?? [];
    if (code === undefined || prints === undefined)
      throw new Error(
        `packages/${name}/README.md: a block \`\`\`js has no block \`\`\`text of what it prints after it`,
      );
    return { code, prints: prints.trim() };
  });
  if (examples.length === 0) throw new Error(`packages/${name}/README.md has no block \`\`\`js`);
  return examples;
}

/** The examples that TypeScript must accept: those in JavaScript, and those in TypeScript. */
function typedExamplesOf(name: string): string[] {
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```(js|ts)\n([\s\S]*?)```/g)];
  // Some are only parts of a program with @pulumi/gcp, which the project does not have, or name its types as texts.
  const isWhole = (code: string) => !/@pulumi\/gcp|new pulumi\.CustomResource/.test(code);
  return blocks.map(([, , code = ""]) => code).filter(isWhole);
}

/** The exported names that have no docstring, in each of these files of declarations. */
function undocumentedIn(files: readonly string[]): Map<string, string[]> {
  const { NodeNext } = ts.ModuleKind;
  const program = ts.createProgram(files, { module: NodeNext, target: ts.ScriptTarget.ES2023, types: [] });
  const checker = program.getTypeChecker();
  const original = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const undocumented = (name: string) => {
    const file = program.getSourceFile(name) as ts.SourceFile;
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file) as ts.Symbol);
    return exported
      .filter((symbol) => original(symbol).getDocumentationComment(checker).length === 0)
      .map((symbol) => symbol.name);
  };
  return new Map(files.map((name) => [name, undocumented(name)]));
}

const runExample = async (code: string, cwd: string) =>
  (await run(process.execPath, ["--input-type=module", "--eval", code], cwd)).trim();

/** Without a network, and without the tarballs in npm's cache, third-party packages cannot be installed. */
const isOffline = (error: unknown) =>
  /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ENOTCACHED|EIDLETIMEOUT|ENOENT.*npm/.test(
    String(error),
  );

describe("the packages", function () {
  this.timeout(900_000);
  this.slow(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "packages-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const name of names) {
    it(`runs the examples of ${name}'s README in the workspace`, async () => {
      for (const { code, prints } of examplesOf(name)) expect(await runExample(code, root)).equal(prints);
    });

    it(`names ${name} completely for npm`, () => {
      const json = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
      expect(json).include({ name, type: "module", license: "MIT" });
      expect(json).include.keys("version", "description", "keywords", "repository", "engines", "files", "exports");
      expect(json.repository.directory).equal(`packages/${name}`);
      expect(json.scripts.prepack).match(/^node \.\.\/pack\.mjs prepack( &&|$)/);
      expect(json.scripts).include({ postpack: "node ../pack.mjs postpack" });
      expect(json.scripts).include.keys("test");
      // The program's own copy: npm says so if the program has another version, instead of installing a second copy.
      expect(json.dependencies ?? {}).not.include.keys("@pulumi/pulumi");
    });
  }

  describe("installed from their tarballs into an empty folder", () => {
    let project: string;
    before(async function () {
      const workspace = join(folder, "workspace");
      const tarballs = join(folder, "tarballs");
      project = join(folder, "project");
      for (const each of [tarballs, project]) mkdirSync(each);
      copyOfWorkspace(workspace, names);
      const jsonOf = (name: string) => readFileSync(join(workspace, "packages", name, "package.json"), "utf8");
      const before = names.map(jsonOf);
      for (const name of names)
        await run("npm", ["pack", "--silent", "--pack-destination", tarballs], join(workspace, "packages", name));
      expect(names.map(jsonOf)).deep.equal(before);
      writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
      const install = [
        "install",
        "--prefer-offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
      ];
      try {
        await run("npm", [...install, ...readdirSync(tarballs).map((each) => join(tarballs, each))], project);
      } catch (error) {
        if (!isOffline(error)) throw error;
        this.skip();
      }
    });

    for (const name of names) {
      it(`run the examples of ${name}'s README from plain JavaScript`, async () => {
        for (const { code, prints } of examplesOf(name)) expect(await runExample(code, project)).equal(prints);
      });

      it(`load every entry of ${name}, and bring a README and a licence`, async () => {
        const installed = join(project, "node_modules", name);
        expect(readdirSync(installed)).include.members(["README.md", "LICENSE", "dist", "package.json"]);
        expect(readdirSync(installed)).not.include("src");
        for (const entry of entriesOf(installed)) {
          const code = `console.log(Object.keys(await import(${JSON.stringify(entry)})).length)`;
          expect(Number(await runExample(code, project)), entry).greaterThan(0);
        }
      });
    }

    describe("describe every name that they export, for editors:", () => {
      const declarationsOf = (name: string) => {
        const installed = join(project, "node_modules", name);
        const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
        return Object.values<{ types?: string }>(exports).flatMap(({ types }) =>
          types === undefined ? [] : [join(installed, types)],
        );
      };
      let undocumented: Map<string, string[]>;
      // One program for all packages: TypeScript reads the declarations that they share once.
      before(() => {
        undocumented = undocumentedIn(names.flatMap(declarationsOf));
      });
      for (const name of names)
        it(name, () => {
          for (const file of declarationsOf(name)) expect(undocumented.get(file), file).deep.equal([]);
        });
    });

    it("are typed: declarations resolve, the READMEs' examples compile, and a wrong call does not", async () => {
      const entries = names.flatMap((name) => entriesOf(join(project, "node_modules", name)));
      const uses = entries.map(
        (entry, at) => `import * as e${at} from "${entry}"; export const is${at}: Typed<typeof e${at}> = e${at};`,
      );
      const use = join(project, "use.ts");
      writeFileSync(
        use,
        `type Typed<T> = 0 extends 1 & T ? never : T;
${uses.join("\n")}
import { type Answer, openGoogleSql } from "googlesql-duckdb";
const db = await openGoogleSql({ database: "shop.duckdb", limits: { seconds: 5 } });
const answer: Answer = await db.run("SELECT 1");
export const names: string[] = answer.columns.map(({ name }) => name);
// @ts-expect-error A query is a text.
await db.run(1);
// @ts-expect-error There is no such type.
await openGoogleSql({ database: "shop.duckdb", tables: [{ name: "t", columns: [{ name: "c", type: "INT" }] }] });
`,
      );
      const examples = names.flatMap((name) =>
        typedExamplesOf(name).map((code, at) => ({ file: `${name}-${at}.ts`, code })),
      );
      for (const { file, code } of examples) writeFileSync(join(project, file), code);
      // The program that an example of pulumi-rehearsal rehearses.
      writeFileSync(join(project, "index.ts"), "export {};\n");
      const settings = {
        compilerOptions: {
          ...{ strict: true, target: "es2023", module: "nodenext", noEmit: true, listFiles: true },
          ...{ types: ["node"], typeRoots: [join(root, "node_modules", "@types")] },
        },
        files: ["use.ts", ...examples.map(({ file }) => file)],
      };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(settings));
      const compiler = join(root, "node_modules", "typescript-7", "bin", "tsc");
      const { all } = await start(process.execPath, [compiler, "--pretty", "false"], project).ended;
      const isOwn = (line: string) =>
        settings.files.some((file) => line.includes(file)) ||
        names.some((name) => line.includes(`node_modules/${name}/`));
      const own = all.split("\n").filter(isOwn);
      const isError = (line: string) => /\): error TS\d+: /.test(line);
      expect(own.filter((line) => !isError(line)).length).greaterThan(names.length);
      expect(own.filter(isError)).deep.equal([]);
    });
  });

  describe("when packed", () => {
    let workspace: string;
    let tiny: string;
    let original: string;
    beforeEach(() => {
      workspace = mkdtempSync(join(folder, "tiny-"));
      copyOfWorkspace(workspace, []);
      tiny = join(workspace, "packages", "tiny");
      mkdirSync(join(tiny, "src"), { recursive: true });
      original = `${JSON.stringify({
        name: "tiny",
        version: "1.0.0",
        type: "module",
        exports: { ".": "./src/index.ts" },
        files: ["dist"],
        // The pause is the moment in which npm is killed, or another pack begins.
        scripts: { prepack: "node ../pack.mjs prepack && sleep 2", postpack: "node ../pack.mjs postpack" },
      })}\n`;
      writeFileSync(join(tiny, "package.json"), original);
      writeFileSync(join(tiny, "src", "index.ts"), 'export { one, type One } from "./one.ts";\n');
      writeFileSync(join(tiny, "src", "one.ts"), "export type One = 1;\nexport const one: One = 1;\n");
    });
    const json = () => readFileSync(join(tiny, "package.json"), "utf8");
    const until = async (isSo: () => boolean) => {
      for (let i = 0; i < 1200 && !isSo(); i++) await sleep(50);
      expect(isSo()).equal(true);
    };

    it("get their package.json back when npm is killed in the middle, and can be packed again", async () => {
      const { child, ended } = start("npm", ["pack", "--silent"], tiny);
      await until(() => json() !== original);
      expect(JSON.parse(json()).exports).deep.equal({
        ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      });
      child.kill("SIGKILL");
      await ended;
      await until(() => json() === original);
      await run("npm", ["pack", "--silent"], tiny);
      expect(json()).equal(original);
      expect(readdirSync(tiny).sort()).deep.equal([".local", "dist", "package.json", "src", "tiny-1.0.0.tgz"]);
      expect(readFileSync(join(tiny, "dist", "index.js"), "utf8")).equal('export { one } from "./one.js";\n');
      expect(readFileSync(join(tiny, "dist", "index.d.ts"), "utf8")).equal(
        'export { one, type One } from "./one.js";\n',
      );
    });

    it("wait for another pack of the same package, and give the same tarball", async () => {
      const packs = ["a", "b"].map((each) => {
        mkdirSync(join(workspace, each));
        return run("npm", ["pack", "--silent", "--pack-destination", join(workspace, each)], tiny);
      });
      await Promise.all(packs);
      const [one, other] = ["a", "b"].map((each) => readFileSync(join(workspace, each, "tiny-1.0.0.tgz")));
      expect(one?.equals(other as Buffer)).equal(true);
      expect(json()).equal(original);
    });

    it("refuse an import that would fail in the tarball, and get their package.json back", async () => {
      writeFileSync(
        join(tiny, "src", "one.ts"),
        'import { expect } from "chai";\nexport type One = 1;\nexport const one = expect;\n',
      );
      const { code, all } = await start("npm", ["pack"], tiny).ended;
      expect(code).not.equal(0);
      expect(all).contain("one.js imports chai");
      await until(() => json() === original);
    });
  });
});

/** The modules that an installed package exports, such as "googlesql-duckdb/tree". */
function entriesOf(installed: string): string[] {
  const { name, exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  return Object.keys(exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => `${name}${entry.slice(1)}`);
}
