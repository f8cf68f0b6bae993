import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Lake } from "../../../generator/lake/lake.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { type Google, startGoogle } from "../../support/google.ts";
import { userError } from "../../support/user-error.ts";

const md5 = (text: string | Buffer) => createHash("md5").update(text).digest("hex");

describe("a lake", () => {
  let google: Google;
  let folder: string;

  before(async () => {
    google = await startGoogle({ bigquery: false });
    await google.makeBucket("demo-bucket");
    folder = await mkdtemp(join(tmpdir(), "lake with spaces "));
  });
  afterEach(() => {
    google.intercept = undefined;
  });
  after(async () => {
    await google.stop();
    await rm(folder, { recursive: true });
  });

  const lakes: Record<string, { open: () => Promise<Lake>; uri: () => string }> = {
    "in a folder": { open: () => openLake(pathToFileURL(join(folder, "root")).href), uri: () => join(folder, "root") },
    "in Cloud Storage": {
      open: () => openLake("gs://demo-bucket/some/prefix/"),
      uri: () => "gs://demo-bucket/some/prefix",
    },
  };

  for (const [where, { open, uri }] of Object.entries(lakes)) {
    describe(where, () => {
      it("gives back the text that was written, with its size and checksum", async () => {
        const lake = await open();
        const written = await lake.writeText("text/one.json", '{ "é": 1 }\n');
        expect(written).to.deep.equal({ bytes: 12, md5: md5('{ "é": 1 }\n') });
        expect(await lake.readText("text/one.json")).to.equal('{ "é": 1 }\n');
        expect(await lake.stat("text/one.json")).to.deep.equal(written);
      });

      it("replaces an existing file", async () => {
        const lake = await open();
        await lake.writeText("again.csv", "first, and longer");
        await lake.writeText("again.csv", "second");
        expect(await lake.readText("again.csv")).to.equal("second");
      });

      it("writes a file once, however many write it, and returns what it has", async () => {
        const lake = await open();
        const texts = await Promise.all(["a", "b", "c", "d"].map((text) => lake.writeOnce("once/it", text)));
        expect(new Set(texts).size).to.equal(1);
        expect(await lake.writeOnce("once/it", "late")).to.equal(texts[0]);
        expect(await lake.readText("once/it")).to.equal(texts[0]);
        expect(await lake.list("once/")).to.deep.equal(["once/it"]);
      });

      it("stores an empty file", async () => {
        const lake = await open();
        expect(await lake.writeText("empty.csv", "")).to.deep.equal({ bytes: 0, md5: md5("") });
        expect(await lake.readText("empty.csv")).to.equal("");
      });

      it("returns undefined for a missing file", async () => {
        const lake = await open();
        expect(await lake.readText("none.json")).to.equal(undefined);
        expect(await lake.stat("none/at/all.json")).to.equal(undefined);
      });

      it("lists the files under a prefix, sorted, with their paths in the lake", async () => {
        const lake = await open();
        for (const path of ["list/b.csv", "list/a/c.csv", "list/a.csv", "listed.csv"]) await lake.writeText(path, path);
        expect(await lake.list("list/")).to.deep.equal(["list/a.csv", "list/a/c.csv", "list/b.csv"]);
        expect(await lake.list("list")).to.include("listed.csv");
        expect(await lake.list("list/a")).to.deep.equal(["list/a.csv", "list/a/c.csv"]);
        expect(await lake.list("nothing/")).to.deep.equal([]);
      });

      it("streams a large file from a buffer that the caller reuses", async () => {
        const lake = await open();
        const buffer = Buffer.alloc(3_000_001);
        const whole = createHash("md5");
        const file = await lake.create("large/file.csv");
        for (let round = 0; round < 6; round++) {
          buffer.fill(65 + round);
          whole.update(buffer);
          await file.write(buffer);
          buffer.fill(0);
        }
        const info = await file.close();
        expect(info).to.deep.equal({ bytes: 6 * 3_000_001, md5: whole.digest("hex") });
        expect(await lake.stat("large/file.csv")).to.deep.equal(info);
      });

      it("does not show a file before it is closed", async () => {
        const lake = await open();
        const file = await lake.create("slow/file.csv");
        await file.write(Buffer.alloc(9_000_000));
        expect(await lake.list("slow/")).to.deep.equal([]);
        await file.close();
        expect(await lake.list("slow/")).to.deep.equal(["slow/file.csv"]);
      });

      it("keeps the old file if the new one is aborted", async () => {
        const lake = await open();
        await lake.writeText("kept.csv", "before");
        const file = await lake.create("kept.csv");
        await file.write(Buffer.from("after"));
        await file.abort();
        expect(await lake.readText("kept.csv")).to.equal("before");
        expect((await lake.list("")).filter((path) => path.startsWith("kept"))).to.deep.equal(["kept.csv"]);
      });

      it("tells the warehouse where a file is", async () => {
        expect((await open()).uri("a/b.csv")).to.equal(`${uri()}/a/b.csv`);
      });
    });
  }

  it("refuses a path outside the lake, and a URL that names no folder", async () => {
    const lake = await openLake(pathToFileURL(tmpdir()).href);
    expect(await userError(() => lake.writeText("../elsewhere.txt", ""))).to.include("leads out of");
    expect(await userError(() => openLake("file:///%zz"))).to.include("names no file or folder");
  });

  it("refuses a URL that is neither a folder nor a bucket", async () => {
    expect(await userError(() => openLake("./data"))).to.equal(
      '"./data" is not a lake: use gs://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER',
    );
    expect(await userError(() => openLake("gs://"))).to.contain("use gs://BUCKET/PREFIX");
  });

  it("removes what interrupted processes left unfinished, and nothing that another one is writing", async () => {
    const at = (name: string) => join(folder, "swept", "csv", "run", name);
    await mkdir(join(at(""), ".."), { recursive: true });
    await mkdir(at(""));
    const dead = 4_194_999;
    const hours = (ago: number) => new Date(Date.now() - ago * 3_600_000);
    await writeFile(at(`dead.csv.tmp-${dead}`), "half");
    await writeFile(at(`running.csv.tmp-${process.ppid}`), "half");
    await writeFile(at(`another-program.csv.tmp-${process.ppid}`), "half");
    await utimes(at(`another-program.csv.tmp-${process.ppid}`), hours(2), hours(2));
    const lake = await openLake(pathToFileURL(join(folder, "swept")).href);
    await lake.writeText("csv/new.csv", "x");
    expect(await readdir(at(""))).to.deep.equal([`running.csv.tmp-${process.ppid}`]);
    expect(await lake.list("")).to.deep.equal(["csv/new.csv"]);
  });

  it("tells the checksums of more files at once than a process may open", async () => {
    const root = join(folder, "many");
    await mkdir(root);
    const paths = Array.from({ length: 200 }, (_, index) => `${index}.csv`);
    await Promise.all(paths.map((path) => writeFile(join(root, path), path)));
    const program = `import { openLake } from ${JSON.stringify(import.meta.resolve("../../../generator/lake/open-lake.ts"))};
      const lake = await openLake(${JSON.stringify(pathToFileURL(root).href)});
      const found = await Promise.all(${JSON.stringify(paths)}.map((path) => lake.stat(path)));
      console.log(JSON.stringify(found.map(({ md5 }) => md5)));`;
    const limited = 'ulimit -n 64 && exec "$0" --no-warnings --input-type=module --eval "$1"';
    const printed = execFileSync("bash", ["-c", limited, process.execPath, program], { encoding: "utf8" });
    expect(JSON.parse(printed)).to.deep.equal(paths.map(md5));
  });

  it("names a folder where a file is expected", async () => {
    await mkdir(join(folder, "mistaken", "Orders.csv"), { recursive: true });
    const lake = await openLake(pathToFileURL(join(folder, "mistaken")).href);
    for (const read of [() => lake.stat("Orders.csv"), () => lake.readText("Orders.csv")])
      expect(await userError(read)).to.equal(
        `${folder}/mistaken/Orders.csv must be a file, but is a folder: move it away`,
      );
  });

  it("names a pipe where a file is expected, instead of waiting for ever", async () => {
    await mkdir(join(folder, "piped"));
    execFileSync("mkfifo", [join(folder, "piped", "Orders.csv")]);
    const lake = await openLake(pathToFileURL(join(folder, "piped")).href);
    for (const read of [() => lake.stat("Orders.csv"), () => lake.readText("Orders.csv")])
      expect(await userError(read)).to.equal(
        `${folder}/piped/Orders.csv must be a file, but is a pipe or a device: move it away`,
      );
  });

  describe("in a folder that cannot be written", () => {
    it("says so when a file is in the folder's way, and leaves that file alone", async () => {
      const file = join(folder, "file");
      await writeFile(file, "data");
      const lake = await openLake(pathToFileURL(join(file, "lake")).href);
      expect(await userError(() => lake.writeText("a.csv", "x"))).to.equal(
        `${file}/lake must be a folder, but is a file: choose another folder`,
      );
      expect(await readFile(file, "utf8")).to.equal("data");
    });

    it("says so when a folder is in the file's way, and leaves no half-written file", async () => {
      await mkdir(join(folder, "taken", "a.csv"), { recursive: true });
      const lake = await openLake(pathToFileURL(join(folder, "taken")).href);
      expect(await userError(() => lake.writeText("a.csv", "x"))).to.equal(
        `${folder}/taken/a.csv must be a file, but is a folder: move it away`,
      );
      expect(await readdir(join(folder, "taken"))).to.deep.equal(["a.csv"]);
    });

    it("says so when it is read-only, and when the disk is full", async function () {
      // The administrator may write everywhere but in the kernel's own folders; /dev/full is a full disk.
      if (process.platform !== "linux") this.skip();
      const readOnly = await openLake("file:///sys/lake");
      expect(await userError(() => readOnly.writeText("a.csv", "x"))).to.match(
        /^\/sys\/lake is read-only here \(E\w+\): choose another folder, or allow writing to it$/,
      );
      await mkdir(join(folder, "full"));
      await symlink("/dev/full", join(folder, "full", `a.csv.tmp-${process.pid}`));
      const full = await openLake(pathToFileURL(join(folder, "full")).href);
      expect(await userError(() => full.writeText("a.csv", "x"))).to.equal(
        `no space left to write ${folder}/full/a.csv (ENOSPC): free some, or choose another folder`,
      );
      expect(await readdir(join(folder, "full"))).to.deep.equal([]);
    });

    it("says so, and does not retry forever, where the system creates no folders", async function () {
      if (process.platform !== "linux") this.skip();
      const lake = await openLake("file:///proc/lake");
      expect(await userError(() => lake.writeText("a/b.csv", "x"))).to.match(/^cannot write \/proc\/lake\/a\/b\.csv: /);
    });
  });

  describe("in Cloud Storage that refuses", () => {
    it("names a bucket that does not exist, in every call", async () => {
      const lake = await openLake("gs://no-such-bucket");
      const large = async () => {
        const file = await lake.create("a.csv");
        for (let i = 0; i < 4; i++) await file.write(Buffer.alloc(8 << 20));
        await file.close();
      };
      for (const ask of [() => lake.list(""), () => lake.writeText("a", "x"), large])
        expect(await userError(ask)).to.match(
          /^the bucket gs:\/\/no-such-bucket does not exist, or this account cannot see it/,
        );
    });

    it("tells a missing object from a missing bucket, whatever the bucket's name", async () => {
      google.intercept = (request, response) => {
        if (!request.url?.includes("absent.json")) return false;
        // Cloud Storage's own message.
        const error = { code: 404, message: "No such object: coffee-bucket/absent.json" };
        response.writeHead(404, { "Content-Type": "application/json" }).end(JSON.stringify({ error }));
        return true;
      };
      const lake = await openLake(`gs://${await google.makeBucket("coffee-bucket")}`);
      expect(await lake.stat("absent.json")).to.equal(undefined);
      expect(await lake.readText("absent.json")).to.equal(undefined);
    });

    it("names the role that an account lacks", async () => {
      google.intercept = (_, response) => {
        response.writeHead(403, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ error: { code: 403, message: "no storage.objects.create access" } }));
        return true;
      };
      const lake = await openLake("gs://demo-bucket");
      for (const ask of [() => lake.list(""), () => lake.writeText("a", "x"), () => lake.stat("a")])
        expect(await userError(ask)).to.match(
          /^the bucket gs:\/\/demo-bucket refuses this account, which needs roles\/st/,
        );
    });

    it("retries a chunk after an error of the server", async () => {
      let faults = 0;
      google.intercept = (request, response) => {
        if (request.method !== "POST" || faults++ > 0) return false;
        response.writeHead(503).end();
        return true;
      };
      const lake = await openLake("gs://demo-bucket");
      expect(await lake.writeText("retried.csv", "text")).to.deep.equal({ bytes: 4, md5: md5("text") });
      expect(faults).to.equal(2);
    });

    it("deletes an object that differs from what was sent", async () => {
      // The server gives the right CRC32C of the object and a wrong MD5.
      const deleted: (string | undefined)[] = [];
      google.intercept = (request, response) => {
        if (request.method === "DELETE") deleted.push(request.url);
        if (request.method !== "POST" || !request.url?.includes("uploadType=multipart")) return false;
        void once(request.resume(), "end").then(() => {
          response.writeHead(200, { "Content-Type": "application/json" });
          response.end(JSON.stringify({ name: "bad.csv", size: "0", crc32c: "AAAAAA==", md5Hash: "AAAA" }));
        });
        return true;
      };
      const lake = await openLake("gs://demo-bucket");
      expect(await userError(() => lake.writeText("bad.csv", ""))).to.equal(
        "gs://demo-bucket/bad.csv arrived damaged and was deleted: run this again",
      );
      expect(deleted).to.have.length(1);
    });
  });
});
