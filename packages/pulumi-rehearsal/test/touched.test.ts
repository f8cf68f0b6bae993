import { execFile } from "node:child_process";
import { basename } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { rehearsalFolder, tellTouched } from "../src/touched.ts";
import { userError } from "./user-error.ts";

describe("pulumi-rehearsal/touched", () => {
  afterEach(() => {
    delete process.env.REHEARSAL;
  });

  it("returns no folder outside a rehearsal, and the folder of REHEARSAL in one", () => {
    expect(rehearsalFolder()).to.equal(undefined);
    process.env.REHEARSAL = "file:///some%20where/folder";
    expect(rehearsalFolder()).to.equal("/some where/folder");
  });

  it("refuses a REHEARSAL that is not the URL of a folder", async () => {
    process.env.REHEARSAL = ".local";
    expect(await userError(async () => rehearsalFolder())).to.equal(
      'REHEARSAL is ".local": use file:///ABSOLUTE/FOLDER',
    );
  });

  it("reports each use once, and only in a rehearsal", () => {
    const { error } = console;
    const told: unknown[] = [];
    console.error = (line: string) => told.push(JSON.parse(line));
    try {
      tellTouched("bucket/a", "read");
      expect(told).to.deep.equal([]);
      process.env.REHEARSAL = "file:///folder";
      for (const access of ["read", "read", "write"] as const) tellTouched("bucket/a", access);
    } finally {
      console.error = error;
    }
    const touched = (access: string) => ({ touched: { resource: "bucket/a", access } });
    expect(told).to.deep.equal([touched("read"), touched("write")]);
  });

  it("loads neither Pulumi nor any other package", async () => {
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => { console.log(url); return next(url, context); } });
      await import("pulumi-rehearsal/touched");`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
    const loaded = stdout
      .trim()
      .split("\n")
      .map((url) => basename(url));
    expect(loaded.sort()).to.deep.equal(["errors.ts", "node:url", "touched.ts"]);
  });
});
