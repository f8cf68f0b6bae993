import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { readPulumiYaml, readSetTexts, readStackSettings } from "../pulumi-yaml.ts";
import { userError } from "./support/user-error.ts";

describe("Settings to rehearse", () => {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  const url = pathToFileURL(`${folder}/`);
  after(() => rmSync(folder, { recursive: true }));
  const stack = (name: string, text: string) => writeFileSync(join(folder, `Pulumi.${name}.yaml`), text);

  it("come from a stack's file, as the texts that Pulumi passes to the program", () => {
    stack(
      "dev",
      'config:\n  gcp-data-demos:scale: "1.5"\n  gcp-data-demos:labels:\n    team: data\n  gcp-data-demos:days: 7\n',
    );
    expect(readStackSettings("dev", url)).to.deep.equal({
      "gcp-data-demos:scale": "1.5",
      "gcp-data-demos:labels": '{"team":"data"}',
      "gcp-data-demos:days": "7",
    });
    stack("empty", "# nothing yet\n");
    expect(readStackSettings("empty", url)).to.deep.equal({});
  });

  it("are refused if the stack has no file, or keeps a secret", async () => {
    expect(await userError(async () => readStackSettings("prod", url))).to.match(/there is no Pulumi\.prod\.yaml/);
    expect(await userError(async () => readStackSettings("../x", url))).to.match(/there is no Pulumi/);
    stack("secret", "config:\n  gcp-data-demos:alertEmails:\n    secure: AAAB\n");
    expect(await userError(async () => readStackSettings("secret", url))).to.match(
      /has gcp-data-demos:alertEmails encrypted/,
    );
    stack("part", "config:\n  gcp-data-demos:labels:\n    team: data\n    owner:\n      secure: AAAB\n");
    expect(await userError(async () => readStackSettings("part", url))).to.match(/has gcp-data-demos:labels encrypted/);
  });

  it("are refused if the stack's file is broken, or would be ignored", async () => {
    for (const [text, message] of [
      ["config:\n  a: [", /Pulumi\.odd\.yaml cannot be read \(unexpected end.*\): correct it/],
      ["config: &all\n  gcp-data-demos:labels: *all\n", /Pulumi\.odd\.yaml cannot be read \(/],
      ["config:\n  - gcp-data-demos:seed: 1\n", /Pulumi\.odd\.yaml has no settings by name/],
      ["- config\n", /Pulumi\.odd\.yaml has no settings by name/],
      ["config:\n  seed: 1\n", /Pulumi\.odd\.yaml sets seed: write gcp-data-demos:seed/],
    ] as const) {
      stack("odd", text);
      expect(await userError(async () => readStackSettings("odd", url)), text).to.match(message);
    }
    stack("day", "config:\n  gcp-data-demos:labels:\n    since: 2024-01-01\n");
    expect(readStackSettings("day", url)).to.deep.equal({ "gcp-data-demos:labels": '{"since":"2024-01-01"}' });
  });

  it("come from name=value, for every setting of Pulumi.yaml", async () => {
    const yaml = readPulumiYaml();
    expect(readSetTexts(['labels={"a":"b=c"}', "gcp-data-demos:seed=7", "thelookSource="], yaml)).to.deep.equal({
      "gcp-data-demos:labels": '{"a":"b=c"}',
      "gcp-data-demos:seed": "7",
      "gcp-data-demos:thelookSource": "",
    });
    expect(await userError(async () => readSetTexts(["sead=7", "scale", "=7"], yaml))).to.match(
      /^--set "scale" is not name=value\n.*--set "=7" is not name=value$/,
    );
  });
});
