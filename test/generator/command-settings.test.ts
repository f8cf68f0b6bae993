import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { checkTiers, folderUrl, walletOptions } from "../../generator/command-settings.ts";
import { generatorCommands, required } from "../../generator/commands.ts";
import { UserError } from "../../generator/errors.ts";
import { readOptions } from "../../generator/options.ts";

const read = (args: string[], env: Record<string, string> = {}) => readOptions("fill", walletOptions, args, env);

describe("The e-wallet's settings", () => {
  it("suit thelook's prices by default, and come from arguments and the environment", () => {
    expect(read([])).to.deep.equal({
      walletShare: 0.55,
      premiumFrom: 2000,
      businessFrom: 8000,
      discrepancyShare: 0.01,
    });
    expect(
      read(["--premium-from", "90"], {
        WALLET_SHARE: "0",
        PREMIUM_FROM: "1",
        BUSINESS_FROM: "250.5",
        DISCREPANCY_SHARE: "0",
      }),
    )
      .to.deep //
      .equal({ walletShare: 0, premiumFrom: 90, businessFrom: 250.5, discrepancyShare: 0 });
  });

  it("are refused all at once if they are not a share or an amount", () => {
    const wrong = { WALLET_SHARE: "1.1", PREMIUM_FROM: "-1", BUSINESS_FROM: "much", DISCREPANCY_SHARE: "2" };
    expect(() => read([], wrong))
      .to.throw(UserError)
      .with.property("message")
      .that.matches(
        /WALLET_SHARE is "1\.1": use a number from 0 to 1\n +PREMIUM_FROM is "-1": use a number from 0\n +BUSINESS_FROM is "much".+\n +DISCREPANCY_SHARE is "2": use a number from 0 to 1/,
      );
  });

  it("keep the order of the tiers", () => {
    checkTiers({ premiumFrom: 80, businessFrom: 80.01 });
    expect(() => checkTiers({ premiumFrom: 200, businessFrom: 200 })).to.throw(
      UserError,
      "BUSINESS_FROM is 200 and PREMIUM_FROM is 200: set BUSINESS_FROM above PREMIUM_FROM",
    );
  });
});

describe("A folder's URL", () => {
  it("is not made of an address, which would become a folder called gs:", () => {
    expect(folderUrl("/a b/ü")).to.equal("file:///a%20b/%C3%BC");
    expect(folderUrl("~/export")).to.equal(pathToFileURL(join(homedir(), "export")).href);
    for (const address of ["gs://bucket", "https://host/x", "file:///x", "S3://b"])
      expect(() => folderUrl(address))
        .to.throw(UserError)
        .with.property("message", `${address} is an address: name a folder of this machine (download an input first)`);
  });
});

describe("Settings without a default", () => {
  it("are all named if they are missing", () => {
    expect(required(["file:///a", "--lake"], ["duckdb:///b", "--warehouse"])).to.deep.equal([
      "file:///a",
      "duckdb:///b",
    ]);
    expect(() => required([undefined, "--lake"], ["duckdb:///b", "--warehouse"], [undefined, "--to"]))
      .to.throw(UserError)
      .with.property("message", "--lake is missing\n--to is missing");
  });

  it("are checked by upload before it reads an export, which takes a while", async () => {
    const refused = await generatorCommands.upload(["--thelook", "--from", "/nowhere", "--to", "bucket"]).catch(String);
    expect(refused).to.equal('UserError: "bucket" is not a place in Cloud Storage: use gs://BUCKET/PREFIX');
  });
});
