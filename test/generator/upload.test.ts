import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { limitSilence } from "../../generator/google-silence.ts";
import { openGcs } from "../../generator/lake/gcs.ts";
import { upload } from "../../generator/upload.ts";
import { type Google, startGoogle } from "../support/google.ts";
import { userError } from "../support/user-error.ts";

const itInCI = process.env.CI ? it : it.skip;

const CHUNK = 8 << 20;

describe("an upload", () => {
  let google: Google;
  let from: string;
  let to: string;
  let bucket = 0;

  before(async () => {
    google = await startGoogle({ bigquery: false });
  });
  beforeEach(async () => {
    from = await mkdtemp(join(tmpdir(), "upload-"));
    to = `gs://${await google.makeBucket(`bucket-${bucket++}`)}/some/prefix`;
  });
  afterEach(async () => {
    google.intercept = undefined;
    await rm(from, { recursive: true });
  });
  after(() => google.stop());

  const put = async (files: Record<string, string | Buffer>) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(from, path, ".."), { recursive: true });
      await writeFile(join(from, path), content);
    }
  };
  /** The objects and resumable sessions to which requests write, in the order of the requests. */
  const watch = () => {
    const seen: string[] = [];
    google.intercept = ({ method, url = "", headers }) => {
      if (method === "POST")
        seen.push(new URL(url, "http://x").searchParams.get("name")?.replace("some/prefix/", "") ?? url);
      if (method === "PUT") seen.push(String(headers["content-range"]));
      return false;
    };
    return seen;
  };
  const large = () => {
    const content = Buffer.alloc(2 * CHUNK + 1000);
    for (let i = 0; i < content.length; i += 1000) content.writeUInt32LE(i, i);
    return content;
  };
  /** Lets `passed` chunks of a resumable upload through and refuses the next, as if the machine were switched off then. */
  const interruptAfter = (passed: number) => {
    let chunks = 0;
    google.intercept = ({ method, headers }, response) => {
      if (method !== "PUT" || headers["content-range"]?.startsWith("bytes */")) return false;
      if (chunks++ < passed) return false;
      response.writeHead(403).end();
      return true;
    };
  };

  it("uploads a folder's files to the same paths under the prefix, the manifest last", async () => {
    await put({ "csv/manifest.json": "{}", "csv/z.csv": "id\n1\n", "csv/deep/a.csv": "id\n2\n", "empty.csv": "" });
    const seen = watch();
    expect(await upload({ from, to })).to.deep.equal({ files: 4, bytes: 12, skipped: 0 });
    expect(seen).to.have.members(["csv/deep/a.csv", "csv/z.csv", "empty.csv", "csv/manifest.json"]);
    expect(seen.at(-1)).to.equal("csv/manifest.json");
    const lake = openGcs(to);
    expect(await lake.list("")).to.deep.equal(["csv/deep/a.csv", "csv/manifest.json", "csv/z.csv", "empty.csv"]);
    expect(await lake.readText("csv/z.csv")).to.equal("id\n1\n");
  });

  it("follows links to files, and refuses links that lead elsewhere and names that Cloud Storage refuses, all at once", async () => {
    await put({ "a.csv": "id\n1\n" });
    await symlink(join(from, "a.csv"), join(from, "b.csv"));
    expect(await upload({ from, to })).to.deep.equal({ files: 2, bytes: 10, skipped: 0 });
    expect(await openGcs(to).readText("b.csv")).to.equal("id\n1\n");
    await symlink("nowhere", join(from, "c.csv"));
    await symlink(".", join(from, "folder"));
    const deep = Array.from({ length: 5 }, () => "x".repeat(250)).join("/");
    await put({ "line\nbreak.csv": "", [`${deep}/d.csv`]: "" });
    // macOS does not allow such a name.
    const isLinux = process.platform === "linux";
    if (isLinux) await writeFile(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff])]), "");
    const message = await userError(() => upload({ from, to }));
    for (const name of ["c.csv", "folder"])
      expect(message).to.include(`${join(from, name)} is a link to a folder or to nothing`);
    expect(message).to.include('line\\nbreak.csv" has a line break in its name: rename it');
    expect(message).to.include("d.csv: gs:// names have at most 1024 bytes");
    if (isLinux) expect(message).to.include("has a name that is not UTF-8: rename it");
  });

  it("starts over if its list of unfinished uploads is not one", async () => {
    await put({ "large.csv": large() });
    for (const text of ["null", '"x"', "[5]"]) {
      await put({ ".upload-sessions.json": text, "large.csv": Buffer.concat([large(), Buffer.from(text)]) });
      expect(await upload({ from, to })).to.include({ files: 1, skipped: 0 });
    }
  });

  it("says at once that the file of credentials is missing or broken", async () => {
    await put({ "a.csv": "1", "credentials.json": "{}" });
    const { STORAGE_EMULATOR_HOST, GOOGLE_APPLICATION_CREDENTIALS } = process.env;
    // The client sends no credentials to an emulator.
    delete process.env.STORAGE_EMULATOR_HOST;
    try {
      for (const file of ["missing.json", "credentials.json"]) {
        process.env.GOOGLE_APPLICATION_CREDENTIALS = join(from, file);
        expect(await userError(() => upload({ from, to }))).to.match(
          /the credentials for the bucket gs:\/\/bucket-\d+ cannot be read: correct GOOGLE_APPLICATION_CREDENTIALS/,
        );
      }
    } finally {
      process.env.STORAGE_EMULATOR_HOST = STORAGE_EMULATOR_HOST;
      if (GOOGLE_APPLICATION_CREDENTIALS === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      else process.env.GOOGLE_APPLICATION_CREDENTIALS = GOOGLE_APPLICATION_CREDENTIALS;
    }
  });

  it("prints no warnings of Google's client, which looks for credentials on machines that are not Google's", async () => {
    const { scripts } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    const [, flags = ""] = /node_modules\/\.bin\/node (.*?)generator\/main\.ts upload/.exec(scripts.upload) ?? [];
    const warn = 'process.emitWarning("no metadata", "MetadataLookupWarning")';
    const { stderr } = spawnSync(process.execPath, [...flags.split(" ").filter(Boolean), "--eval", warn]);
    expect(String(stderr)).to.equal("");
  });

  it("uploads only new or changed files when it is run again", async () => {
    await put({ "a.csv": "1", "b.csv": "2", "c.csv": "3" });
    await upload({ from, to });
    await put({ "b.csv": "X", "d.csv": "4" });
    const seen = watch();
    expect(await upload({ from, to })).to.deep.equal({ files: 4, bytes: 4, skipped: 2 });
    expect(seen).to.have.members(["b.csv", "d.csv"]);
    expect(await openGcs(to).readText("b.csv")).to.equal("X");
  });

  it("reports progress in bytes, up to all of them", async () => {
    await put({ "large.csv": large(), "small.csv": "id\n" });
    const reports: [number, number][] = [];
    await upload({ from, to, progress: (done, total) => reports.push([done, total]) });
    const total = 2 * CHUNK + 1003;
    expect(reports.at(-1)).to.deep.equal([total, total]);
    expect(reports.some(([done]) => done > CHUNK && done < total)).to.equal(true);
    expect(reports.map(([done]) => done)).to.deep.equal(reports.map(([done]) => done).toSorted((a, b) => a - b));
  });

  it("resumes a large file where it was interrupted", async () => {
    const content = large();
    await put({ "large.csv": content });
    interruptAfter(1);
    expect(await userError(() => upload({ from, to }))).to.contain("refuses this account");
    expect(await openGcs(to).list("")).to.deep.equal([]);

    const seen = watch();
    expect(await upload({ from, to })).to.deep.equal({ files: 1, bytes: content.length, skipped: 0 });
    expect(seen).to.deep.equal([
      "bytes */*",
      `bytes ${CHUNK}-${2 * CHUNK - 1}/*`,
      `bytes ${2 * CHUNK}-${content.length - 1}/${content.length}`,
    ]);
    const md5 = createHash("md5").update(content).digest("hex");
    expect(await openGcs(to).stat("large.csv")).to.deep.equal({ bytes: content.length, md5 });
    expect(await readFile(join(from, ".upload-sessions.json"), "utf8")).to.equal("{}");
  });

  it("starts a large file over if it has changed", async () => {
    const content = large();
    await put({ "large.csv": content });
    interruptAfter(1);
    await userError(() => upload({ from, to }));
    content[0] = 1;
    await put({ "large.csv": content });
    google.intercept = undefined;
    await upload({ from, to });
    const md5 = createHash("md5").update(content).digest("hex");
    expect((await openGcs(to).stat("large.csv"))?.md5).to.equal(md5);
  });

  it("starts a large file over if Cloud Storage has dropped its session", async () => {
    await put({ "large.csv": large() });
    interruptAfter(1);
    await userError(() => upload({ from, to }));
    const seen: string[] = [];
    google.intercept = ({ method, headers }, response) => {
      if (method !== "PUT") return false;
      seen.push(String(headers["content-range"]));
      if (seen.length > 1) return false;
      response.writeHead(410).end();
      return true;
    };
    await upload({ from, to });
    expect(seen.slice(0, 2)).to.deep.equal(["bytes */*", `bytes 0-${CHUNK - 1}/*`]);
    expect((await openGcs(to).stat("large.csv"))?.bytes).to.equal(2 * CHUNK + 1000);
  });

  describe("over a network that fails", () => {
    const impatient = { pause: 20, silence: 300 };
    // The limit holds for the whole process, which runs other tests too.
    after(() => limitSilence(60_000));
    /** Spoils the first requests of a kind by `fail`, and counts them all. */
    const spoil = (first: number, method: string, fail: (response: ServerResponse) => void) => {
      const seen = { requests: 0 };
      google.intercept = (request, response) => {
        const asks = request.headers["content-range"]?.startsWith("bytes */") ?? false;
        if (request.method !== method || asks || ++seen.requests > first) return false;
        request.resume();
        fail(response);
        return true;
      };
      return seen;
    };
    const overloaded = (response: ServerResponse) => response.writeHead(503).end();
    const reset = (response: ServerResponse) => response.destroy();
    const silent = () => {};
    // npm run faults tries more of them.
    for (const [size, name, fail] of [
      ["small", "503", overloaded],
      ["small", "no answer", silent],
      ["large", "a reset connection", reset],
      ["large", "no answer", silent],
    ] as const) {
      const method = size === "small" ? "POST" : "PUT";
      const path = `${size}.csv`;
      const text = size === "small" ? "id\n1\n" : large();
      const test = size === "small" ? it : itInCI;

      test(`tries a ${size} file again after ${name}`, async () => {
        await put({ [path]: text });
        const seen = spoil(2, method, fail);
        await upload({ from, to, ...impatient });
        expect(seen.requests).to.be.above(2);
        expect((await openGcs(to).stat(path))?.bytes).to.equal(text.length);
      });

      test(`ends with one sentence of advice if a ${size} file keeps meeting ${name}, and resumes later`, async () => {
        await put({ [path]: text, "manifest.json": "{}" });
        spoil(100, method, fail);
        expect(await userError(() => upload({ from, to, ...impatient }))).to.match(
          new RegExp(
            `^the upload to ${to} stopped at ${path}, which failed 6 times \\(.+\\): check the network, then run the same command again, which resumes where it stopped$`,
          ),
        );
        google.intercept = undefined;
        expect(await openGcs(to).list("")).to.deep.equal([]);
        // A slow machine may need longer for a real answer.
        expect((await upload({ from, to, silence: 60_000 })).files).to.equal(2);
      });
    }
  });

  it("deletes a file that arrived damaged, says so, and sends no manifest", async () => {
    await put({ "a.csv": "id\n1\n", "manifest.json": "{}" });
    const deleted: string[] = [];
    google.intercept = ({ method, url }, response) => {
      if (method === "DELETE") deleted.push(String(url));
      if (method !== "POST") return false;
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ name: "a.csv", size: "5", crc32c: "AAAAAA==", md5Hash: "AAAA" }));
      return true;
    };
    expect(await userError(() => upload({ from, to }))).to.match(/arrived damaged .*and was deleted: run this again/);
    expect(deleted).to.have.length(1);
    google.intercept = undefined;
    expect(await openGcs(to).list("")).to.deep.equal([]);
  });

  it("refuses a missing or empty folder, and a target that is not a bucket or does not exist", async () => {
    expect(await userError(() => upload({ from: join(from, "none"), to }))).to.equal(
      `the folder ${from}/none does not exist: name the folder to upload with --from`,
    );
    expect(await userError(() => upload({ from, to }))).to.equal(`${from} has no files to upload: run generate first`);
    await put({ "a.csv": "id\n" });
    expect(await userError(() => upload({ from, to: "s3://bucket" }))).to.equal(
      '"s3://bucket" is not a place in Cloud Storage: use gs://BUCKET/PREFIX',
    );
    expect(await userError(() => upload({ from, to: "gs://no-such-bucket" }))).to.contain(
      "the bucket gs://no-such-bucket does not exist",
    );
  });
});
