import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ts from "typescript";

/*
 * The direction of every import. Packages know nothing of the demos. Among the demos: tables <- generator, cleanroom <- components <-
 * index.ts <- local, so that a change in one area can break only the areas to the right of it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  /** The importing file, from the root: "components/links.ts". */
  readonly from: string;
  /** A file from the root, or a module's name: "generator/options.ts", "analysis-rules/policy". */
  readonly to: string;
}

const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mjs"], {
  cwd: root,
  encoding: "utf8",
});
const files = listed.split("\n").filter((file) => file !== "" && existsSync(join(root, file)));
const imports: readonly Import[] = files.flatMap((from) =>
  ts.preProcessFile(readFileSync(join(root, from), "utf8")).importedFiles.map(({ fileName }) => ({
    from,
    to: fileName.startsWith(".") ? relative(root, resolve(root, dirname(from), fileName)) : fileName,
  })),
);

const packageNames = [...new Set(files.map((file) => /^packages\/([^/]+)\//.exec(file)?.[1]))].filter(
  (name) => name !== undefined,
);
const jsonOf = (folder: string) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

/** "packages/x/src", "packages/x/test", "generator/tables", "generator", "index.ts". */
function areaOf(file: string): string {
  const parts = file.split("/");
  if (parts[0] === "packages") return parts.slice(0, 3).join("/");
  if (parts[0] === "generator" && parts[1] === "tables") return "generator/tables";
  return parts[0] as string;
}

const isPackage = (area: string) => area.startsWith("packages/");
const isFile = (to: string) => /\.(ts|mjs|json)$/.test(to) && existsSync(join(root, to));
/** The package that a module's name is of: "@pulumi/pulumi" of "@pulumi/pulumi/provider". */
const packageOf = (to: string) =>
  to
    .split("/")
    .slice(0, to.startsWith("@") ? 2 : 1)
    .join("/");
const written = ({ from, to }: Import) => `${from} imports ${to}`;

/** The areas that each area of the demos may import, besides itself and packages. Tests may import everything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "generator/tables": [],
  generator: ["generator/tables"],
  cleanroom: ["generator/tables"],
  transform: ["generator/tables"],
  report: ["generator/tables", "generator", "cleanroom"],
  components: ["generator/tables", "generator", "cleanroom"],
  "pulumi-yaml.ts": ["generator"],
  settings: ["generator/tables", "generator", "cleanroom"],
  "config.ts": ["generator/tables", "generator", "cleanroom", "pulumi-yaml.ts", "settings"],
  "index.ts": ["generator/tables", "generator", "cleanroom", "report", "components", "config.ts"],
  local: [
    "generator/tables",
    "generator",
    "cleanroom",
    "report",
    "components",
    "config.ts",
    "index.ts",
    "pulumi-yaml.ts",
  ],
  policy: [],
};

describe("the imports", () => {
  it("between the demos' areas go one way", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [area, target] = [areaOf(from), areaOf(to)];
      if (!isFile(to) || area === target || area === "test" || [area, target].some(isPackage)) return false;
      return !(mayImport[area] ?? []).includes(target);
    });
    expect(wrong.map(written)).deep.equal([]);
  });

  it("are known for every area", () => {
    const areas = new Set(files.map(areaOf).filter((area) => area !== "test" && !area.startsWith("packages/")));
    expect([...areas].filter((area) => mayImport[area] === undefined)).deep.equal([]);
  });

  it("of a package's files stay in the package, and its sources do not import its tests", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [, own, part] = /^(packages\/[^/]+)\/([^/]+)/.exec(from) ?? [];
      if (own === undefined || !isFile(to)) return false;
      return !to.startsWith(`${own}/`) || (part === "src" && !to.startsWith(`${own}/src/`));
    });
    expect(wrong.map(written)).deep.equal([]);
  });

  it("of a package's sources name only the dependencies that its package.json declares", () => {
    const wrong = packageNames.flatMap((name) => {
      if (!existsSync(join(root, "packages", name, "package.json"))) return [];
      const { dependencies = {}, peerDependencies = {} } = jsonOf(`packages/${name}`);
      const declared = [name, ...Object.keys(dependencies), ...Object.keys(peerDependencies), ...builtinModules];
      return imports.filter(
        ({ from, to }) =>
          from.startsWith(`packages/${name}/src/`) &&
          !isFile(to) &&
          !to.startsWith("node:") &&
          !declared.includes(packageOf(to)),
      );
    });
    expect(wrong.map(written)).deep.equal([]);
  });

  it("of another package go through its exports, and those of a package's tests along its declared dependencies", () => {
    const wrong = imports.filter(({ from, to }) => {
      const target = packageOf(to);
      if (isFile(to)) return to.startsWith("packages/") && !from.startsWith("packages/") && areaOf(from) !== "test";
      if (!packageNames.includes(target)) return false;
      if (jsonOf(`packages/${target}`).exports[to.replace(target, ".")] === undefined) return true;
      const [, own] = /^packages\/([^/]+)\//.exec(from) ?? [];
      if (own === undefined || own === target) return false;
      const { dependencies, peerDependencies, devDependencies } = jsonOf(`packages/${own}`);
      return !Object.hasOwn({ ...dependencies, ...peerDependencies, ...devDependencies }, target);
    });
    expect(wrong.map(written)).deep.equal([]);
  });

  it("bring no Pulumi to the generator, directly or through other files: its bundle runs without it", () => {
    const wrong = loadedFrom((file) => areaOf(file).startsWith("generator")).filter(({ to }) =>
      to.startsWith("@pulumi/"),
    );
    expect(wrong.map(written)).deep.equal([]);
  });

  it("bring no data to components, which only declare: no database, no storage, none of the generator's access to them", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        areaOf(from) === "components" &&
        // The bundle is written with the lake's replaceFile. Nothing is read with it.
        !(from === "components/bundle.ts" && to === "generator/lake/folder.ts") &&
        /^(generator\/(warehouse|lake|functions)\/|@duckdb\/|@google-cloud\/|googlesql-duckdb)/.test(to),
    );
    expect(wrong.map(written)).deep.equal([]);
  });

  it("do not go in circles between the packages", () => {
    const dependencies = new Map(
      packageNames.map((name) => [
        name,
        new Set(imports.filter(({ from }) => from.startsWith(`packages/${name}/src/`)).map(({ to }) => packageOf(to))),
      ]),
    );
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(dependencies.get(from) ?? [])].some((next) => {
        if (next === to) return true;
        if (next === from || seen.has(next)) return false;
        seen.add(next);
        return reaches(next, to, seen);
      });
    // A package may import itself by its name, as its users do.
    const circles = packageNames.filter((name) => {
      dependencies.get(name)?.delete(name);
      return reaches(name, name);
    });
    expect(circles).deep.equal([]);
  });
});

/** The imports of some files and of all files that they load, through the workspace's packages too. */
function loadedFrom(isStart: (file: string) => boolean): Import[] {
  const seen = new Set<string>();
  const found: Import[] = [];
  const queue = files.filter(isStart);
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const each of imports.filter(({ from }) => from === file)) {
      found.push(each);
      const next = fileOf(each.to);
      if (next !== undefined) queue.push(next);
    }
  }
  return found;
}

function fileOf(to: string): string | undefined {
  if (isFile(to)) return to;
  const name = packageOf(to);
  if (!packageNames.includes(name)) return undefined;
  const target = jsonOf(`packages/${name}`).exports[to.replace(name, ".")];
  return typeof target === "string" ? join("packages", name, target) : undefined;
}
