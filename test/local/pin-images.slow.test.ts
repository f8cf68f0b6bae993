import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { allowed } from "../../settings/allowed.ts";

const program = fileURLToPath(new URL("../../local/pin-images.ts", import.meta.url));

/** A manifest, and its digest. */
const manifest = (name: string) => JSON.stringify({ schemaVersion: 2, name });
const digest = (name: string) => `sha256:${createHash("sha256").update(manifest(name)).digest("hex")}`;

describe("npm run pin", () => {
  let server: Server;
  let url = "";
  let told: (name: string) => string = digest;
  const images = new Set(["library/node:22-slim", "dbt-labs/dbt-bigquery:1.11.1"]);

  // A registry as Docker Hub and GitHub have them: it refuses strangers, and names a service that gives anybody a token.
  before(async () => {
    server = createServer(({ url: asked = "", headers }, response) => {
      const { pathname, searchParams } = new URL(asked, url);
      const [, name = "", tag = ""] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(pathname) ?? [];
      const scope = `repository:${name}:pull`;
      if (pathname === "/token") response.end(JSON.stringify({ token: `for ${searchParams.get("scope")}` }));
      else if (headers.authorization !== `Bearer for ${scope}`) {
        const challenge = `Bearer realm="${url}/token",service="registry",scope="${scope}"`;
        response.writeHead(401, { "WWW-Authenticate": challenge }).end();
      } else if (!images.has(`${name}:${tag}`)) response.writeHead(404).end();
      else response.writeHead(200, { "Docker-Content-Digest": told(name) }).end(manifest(name));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    told = digest;
  });
  after(() => server?.close());

  const pin = async (registry = url, more: readonly string[] = [], path = process.env.PATH) => {
    const env = { ...process.env, PATH: path };
    const run = promisify(execFile)(process.execPath, [program, "--registry", registry, ...more], { env });
    const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  };

  it("prints the commands that pin each default image by its digest, which the settings allow", async () => {
    const said = await pin();
    const [node, dbt] = [digest("library/node"), digest("dbt-labs/dbt-bigquery")];
    expect(said.trimEnd().split("\n").slice(1)).to.deep.equal([
      `npx pulumi config set generatorImage docker.io/library/node@${node}`,
      `npx pulumi config set dbtTag ${dbt}`,
    ]);
    expect(allowed.generatorImage(`docker.io/library/node@${node}`)).to.include(node);
    expect(allowed.dbtTag(dbt)).to.equal(dbt);
  });

  it("sets the digests in the current stack, and says if Pulumi is missing or has no stack", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pin-"));
    const pulumi = (body: string) => writeFile(join(folder, "pulumi"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    try {
      expect(await pin(url, ["--set"], folder)).to.match(/^\nerror: pulumi cannot be run \(.*ENOENT\): install/m);
      await pulumi(`echo "$@" >> ${join(folder, "said")}`);
      await pin(url, ["--set"], folder);
      expect((await readFile(join(folder, "said"), "utf8")).trimEnd().split("\n")).to.deep.equal([
        `config set generatorImage docker.io/library/node@${digest("library/node")}`,
        `config set dbtTag ${digest("dbt-labs/dbt-bigquery")}`,
      ]);
      await pulumi("exit 255");
      expect(await pin(url, ["--set"], folder)).to.match(
        /^\nerror: pulumi did not set generatorImage: choose the stack/m,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says of each image what is wrong: a registry does not have it, sent it wrongly, or cannot be asked", async () => {
    const both = (said: string) =>
      new RegExp(
        `^\\nerror: docker\\.io/library/node:22-slim: ${said}.*\\nghcr\\.io/dbt-labs/dbt-bigquery:[\\d.]+: ${said}`,
      );
    told = () => digest("another");
    expect(await pin()).to.match(both("the registry announced the digest sha256:"));
    told = digest;
    for (const wrong of ["nonsense", "ftp://x", "127.0.0.1:1"])
      expect(await pin(wrong)).to.include(`error: --registry is "${wrong}": use an address such as https://`);
    expect(await pin("http://127.0.0.1:1")).to.match(both("127\\.0\\.0\\.1:1 cannot be reached"));
    images.delete("library/node:22-slim");
    const one = await pin();
    expect(one).to.match(/^\nerror: docker\.io\/library\/node:22-slim: the registry answered 404/);
    expect(one).not.to.include("ghcr.io");
  });
});
