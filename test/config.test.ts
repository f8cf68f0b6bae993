import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import fc from "fast-check";
import { checkSettings, type Settings, settings } from "../config.ts";

const space = "gcp-data-demos";

function check(given: Record<string, string>): Settings {
  const named = Object.entries(given).map(([name, value]) => [name.includes(":") ? name : `${space}:${name}`, value]);
  return checkSettings({ "gcp:project": "my-project", ...Object.fromEntries(named) }, space);
}

function refusal(given: Record<string, string>): string {
  try {
    check(given);
  } catch (error) {
    // Pulumi prints these without a stack.
    if (pulumi.RunError.isInstance(error)) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(given)} was accepted`);
}

/** Values that every setting refuses. */
const bad: Record<keyof typeof settings, readonly string[]> = {
  location: ["", "us", "United States", "europe-west"],
  region: ["", "US", "us-central", "us-central1-a"],
  merchantProject: ["Shop", "shop", "1shop-project", "shop-project-", "example.com:shop", "a".repeat(31)],
  walletProject: ["Wallet", "wallet project"],
  bucketName: ["My-Bucket", "my.bucket", "ab", "google-data", "goog-data", "-bucket", "b".repeat(56), "gs://bucket"],
  reportReaders: [
    "allUsers",
    "allAuthenticatedUsers",
    "ann@example.com",
    "user:ann",
    "domain:com",
    "user:a@b.c,",
    "user:a@b.c,user:a@b.c",
  ],
  thelookSource: ["", "synthetic", "bigquery://other-project/thelook", "gs://bucket/thelook"],
  seed: ["", "-1", "1.5", "4294967296", "forty-two", "NaN"],
  days: ["", "-1", "0.5", "3653", "all"],
  scale: ["", "0", "-1", "501", "big", "Infinity"],
  tasks: ["0", "10001", "1.5", ""],
  memory: ["", "1", "1G", "1GB", "256Mi", "1024Mi", "0Gi", "33Gi", "1.5Gi"],
  retries: ["", "0", "2", "11", "3.5"],
  timeoutSeconds: ["", "59", "86401", "30m"],
  generateSchedule: [
    "",
    "daily",
    "0 3 * *",
    "60 3 * * *",
    "0 24 * * *",
    "0 3 0 * *",
    "0 3 * 13 *",
    "0 3 * * 8",
    "5-1 * * * *",
  ],
  loadSchedule: ["* * * * * *", "*/0 * * * *", "0,,5 3 * * *"],
  dbtSchedule: ["every 24 hours", "@daily", "0 3 * * MON-"],
  reportSchedule: ["", "0 4 * *"],
  timeZone: ["", "Kyiv", "Europe/Nowhere", "+02:00"],
  walletShare: ["", "0", "1.01", "-0.5", "55%", "half"],
  premiumFrom: ["", "0", "80.5", "1000001", "-80"],
  businessFrom: ["", "0", "lots"],
  sharedViews: [
    "",
    "[]",
    "null",
    '{"users":{}}',
    '{"users_shared":[]}',
    '{"users_shared":{"columns":["email"]}}',
    '{"provider_users_shared":{"threshold":0}}',
    '{"provider_users_shared":{"epsilonBudget":1}}',
    '{"transactions_private":{"epsilonBudget":0.5}}',
    '{"transactions_shared":{"joinCondition":"JOIN_BLOCKED"}}',
  ],
  cleanRoomMembers: [
    "",
    "[]",
    '{"coffee":[]}',
    '{"merchant":"user:a@example.com"}',
    '{"merchant":["a@example.com"]}',
    '{"wallet":["allUsers"]}',
    '{"wallet":["domain:example.com"]}',
    '{"wallet":["user:a@example.com","user:a@example.com"]}',
  ],
  generatorImage: ["", "node:22-slim", "ghcr.io/owner/node:22", "docker.io/", "docker.io/library/node:22 slim"],
  dbtImage: ["", "dbt-bigquery", "ghcr.io/dbt labs/dbt", "dbt-labs/dbt-bigquery:1.11.1"],
  dbtTag: ["", "-1", "1.11 ", "a".repeat(129)],
  labels: [
    "",
    "dev",
    "[]",
    "null",
    '"dev"',
    '{"Stage":"dev"}',
    '{"stage":"Dev"}',
    '{"1":"dev"}',
    `{"stage":"${"d".repeat(64)}"}`,
  ],
};

describe("settings", () => {
  it("have their defaults when only the project is set, and the parties are in that project", () => {
    const defaults = Object.entries(settings).map(([name, option]) => [name, option.default]);
    expect(check({})).to.deep.equal({
      ...Object.fromEntries(defaults),
      project: "my-project",
      merchantProject: "my-project",
      walletProject: "my-project",
    });
  });

  it("accept what they allow", () => {
    const given = {
      location: "europe-west1",
      thelookSource: "synthetic:",
      scale: "0.05",
      walletShare: "1",
      memory: "512Mi",
      generateSchedule: "*/15 0-6,22 1 */2 1-5",
      timeZone: "America/New_York",
      generatorImage: "europe-west1-docker.pkg.dev/my-project/demo/node:22@sha256:".concat("0".repeat(64)),
      labels: '{"stage":"dev","cost-centre":"42"}',
      sharedViews: '{"provider_users_shared":{"threshold":100,"columns":["hashed_email","account_tier"]}}',
      cleanRoomMembers: '{"wallet":["group:analysts@example.com"]}',
    };
    expect(check(given)).to.include({ scale: 0.05, walletShare: 1, location: "europe-west1", memory: "512Mi" });
    expect(check(given).cleanRoomMembers).to.deep.equal({ merchant: [], wallet: ["group:analysts@example.com"] });
    expect(check(given).labels).to.deep.equal({ stage: "dev", "cost-centre": "42" });
  });

  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      it(`refuse ${name} "${value.slice(0, 40)}", naming it, the value and what is allowed`, () => {
        const message = refusal({ [name]: value });
        expect(message).to.include(`${space}:${name} is "${value}": use `);
        expect(message.split("\n")).to.have.length(2);
      });
    }
  }

  it("are refused all at once", () => {
    const given = { seed: "x", memory: "lots", timeZone: "Mars/Base", "gcp:project": "My Project" };
    const message = refusal(given);
    expect(message.split("\n")).to.have.length(5);
    for (const name of ["seed", "memory", "timeZone"]) expect(message).to.include(`${space}:${name} is `);
    expect(message).to.include('gcp:project is "My Project"');
  });

  it("are refused all at once within the shared views, each with BigQuery's reason", () => {
    const views = {
      users_shared: { joinCondition: "JOIN_NOT_REQUIRED", columns: ["hashed_email", "last_name"] },
      provider_users_shared: { threshold: 0.5, joinColumns: ["email"] },
      transactions_private: { epsilonBudget: 1, deltaBudget: "2" },
    };
    const message = refusal({ sharedViews: JSON.stringify(views) });
    for (const part of [
      'users_shared: columns has "last_name", which is personal data',
      "users_shared: joinCondition is JOIN_NOT_REQUIRED with no other rule",
      "provider_users_shared: threshold is 0.5: use a whole number from 1",
      'provider_users_shared: joinColumns has "email", which the view does not have',
      "transactions_private: epsilonBudget is 1: BigQuery wants it above maxEpsilonPerQuery, 1",
    ])
      expect(message).to.include(part);
  });

  it("ask for the project when it is not set", () => {
    const without = () => checkSettings({}, space);
    expect(without).to.throw("gcp:project is not set: pulumi config set gcp:project PROJECT");
  });

  it("refuse a name that no setting has, and leave other namespaces alone", () => {
    expect(refusal({ sede: "42" })).to.include(`${space}:sede is no setting: use one of location, `);
    expect(check({ "gcp:region": "us-east1", "other:seed": "x" }).seed).to.equal(42);
  });

  it("refuse a member of both parties in one project, and take it in two", () => {
    const cleanRoomMembers = '{"merchant":["user:a@example.com"],"wallet":["user:a@example.com","user:b@example.com"]}';
    expect(refusal({ cleanRoomMembers })).to.include(
      `${space}:cleanRoomMembers has user:a@example.com as merchant and as wallet, which are in one project: name each`,
    );
    expect(check({ cleanRoomMembers, walletProject: "the-wallet" }).cleanRoomMembers.wallet).to.have.length(2);
  });

  it("tell how to change them, an object's fields too", () => {
    expect(refusal({ labels: "dev" })).to.include('fields of an object by "pulumi config set --path NAME.FIELD VALUE"');
  });

  it("refuse tiers in the wrong order, and the public thelook where it is not", () => {
    expect(refusal({ premiumFrom: "300" })).to.include("premiumFrom is 300 and gcp-data-demos:businessFrom is 200");
    expect(refusal({ location: "EU" })).to.include("set thelookSource to synthetic:");
  });

  it("are either taken whole or refused by name, whatever is given", () => {
    const texts = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.json());
    const someSettings = fc.dictionary(fc.constantFrom(...Object.keys(settings)), texts, { maxKeys: 5 });
    fc.assert(
      fc.property(someSettings, (given) => {
        try {
          const values = check(given);
          expect(values.seed).to.satisfy((seed: number) => Number.isSafeInteger(seed) && seed >= 0);
          expect(values.scale).to.be.above(0);
          expect(values.retries).to.be.within(3, 10);
          expect(values.businessFrom).to.be.above(values.premiumFrom);
        } catch (error) {
          expect(pulumi.RunError.isInstance(error), String(error)).to.equal(true);
          expect(Object.keys(given).some((name) => (error as Error).message.includes(`${space}:${name} is `))).to.equal(
            true,
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("Pulumi.yaml", () => {
  it("declares exactly these settings, with their types, defaults and descriptions", () => {
    const file = readFileSync(new URL("../Pulumi.yaml", import.meta.url), "utf8");
    // Pulumi's own parser, which comes without types.
    const { load } = createRequire(import.meta.url)("js-yaml") as { load(text: string): { config: unknown } };
    const fractions = ["scale", "walletShare"];
    const declared = Object.entries(settings).map(([name, { default: value, help: description }]) => {
      if (typeof value === "object") return [name, { type: "object", default: value, description }];
      const text = typeof value === "string" || fractions.includes(name);
      return [name, { type: text ? "string" : "integer", default: text ? String(value) : value, description }];
    });
    expect(load(file).config).to.deep.equal(Object.fromEntries(declared));
  });
});
