import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { UserError } from "../../../generator/errors.ts";
import { openFolder } from "../../../generator/lake/folder.ts";
import type { Lake } from "../../../generator/lake/lake.ts";
import { type Manifest, manifestPath, readManifest, writeManifestAt } from "../../../generator/lake/manifest.ts";

const manifest: Manifest = {
  run: "2026-11-22-0123abcd",
  settings: { seed: 42, scale: 1, from: "2022-01-01", until: "2026-11-22", shards: 1 },
  files: [{ table: "orders", path: "in/run/Orders.csv", rows: 2, bytes: 99, md5: "d41d8cd98f00b204e9800998ecf8427e" }],
};

describe("the manifest", () => {
  let folder: string;
  let lake: Lake;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "manifest-"));
    lake = openFolder(pathToFileURL(folder).href);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const refusal = async (): Promise<string> => {
    const error = await readManifest(lake, "in").catch((thrown) => thrown);
    expect(error).to.be.instanceOf(UserError);
    return error.message;
  };

  it("reads back as it was written", async () => {
    await writeManifestAt(lake, manifestPath("in"), manifest);
    expect(await readManifest(lake, "in")).to.deep.equal(manifest);
  });

  it("is named in the error if it is missing", async () => {
    expect(await refusal())
      .to.include("there is no in/manifest.json")
      .and.to.include("run generate");
  });

  it("is refused when it was cut short", async () => {
    await lake.writeText(manifestPath("in"), JSON.stringify(manifest).slice(0, -5));
    expect(await refusal())
      .to.include("in/manifest.json")
      .and.to.include("run generate again");
  });

  const shapes: [unknown, string][] = [
    [null, "run is missing"],
    [[], "run is missing"],
    [{ ...manifest, settings: { ...manifest.settings, until: "yesterday" } }, "the setting until is missing or wrong"],
    [{ ...manifest, settings: { ...manifest.settings, from: "2024-02-30" } }, "the setting from is missing or wrong"],
    [{ ...manifest, settings: { ...manifest.settings, from: "9999-12-31" } }, "its first day is after its last day"],
    [{ ...manifest, settings: { ...manifest.settings, scale: -1 } }, "the setting scale is missing or wrong"],
    [{ ...manifest, settings: { ...manifest.settings, shards: 0 } }, "the setting shards is missing or wrong"],
    [{ ...manifest, run: ".." }, "run is missing or wrong"],
    [{ ...manifest, files: [] }, "it names no files"],
    [{ ...manifest, files: [{ ...manifest.files[0], rows: -1 }] }, "rows of file 1 is missing or wrong"],
    [{ ...manifest, files: [manifest.files[0], { table: "orders" }] }, "path of file 2 is missing or wrong"],
    [{ ...manifest, files: [{ ...manifest.files[0], md5: "?" }] }, "md5 of file 1 is missing or wrong"],
    [{ ...manifest, files: [manifest.files[0], manifest.files[0]] }, `it names ${manifest.files[0]?.path} twice`],
  ];
  for (const path of ["../orders.csv", "/etc/orders.csv", "in//orders.csv", "in/orders\n.csv"])
    shapes.push([{ ...manifest, files: [{ ...manifest.files[0], path }] }, "path of file 1 is missing or wrong"]);
  const monthly = (from: string, until: string, ...months: string[]) => ({
    ...manifest,
    settings: { ...manifest.settings, from, until },
    files: months.map((month) => ({ ...manifest.files[0], month, path: `in/${month}.csv` })),
  });
  shapes.push(
    [monthly("2024-11-30", "2025-01-01", "2024-11", "2025-01"), "it names no file of 2024-12"],
    [monthly("2024-11-30", "2024-12-01", "2024-11"), "it names no file of 2024-12"],
    [monthly("2024-11-30", "2024-12-01", "2024-11", "2024-12", "2025-01"), "it names a file of 2025-01"],
    [monthly("2024-11-30", "2024-12-01", "2024-10", "2024-11", "2024-12"), "it names a file of 2024-10"],
  );
  it("may name a file for each month of its days", async () => {
    const three = monthly("2024-11-30", "2025-01-01", "2024-11", "2024-12", "2025-01");
    await lake.writeText(manifestPath("in"), JSON.stringify(three));
    expect(await readManifest(lake, "in")).to.deep.equal(three);
  });
  for (const [value, mistake] of shapes) {
    it(`is refused when ${mistake}`, async () => {
      await lake.writeText(manifestPath("in"), JSON.stringify(value));
      expect(await refusal())
        .to.include(mistake)
        .and.to.include("run generate again");
    });
  }
});
