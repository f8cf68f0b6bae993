import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import fc from "fast-check";
import { checkSettings, type Settings, settingNames } from "../config.ts";
import { FIRST_DAY } from "../generator/coffee/shop-settings.ts";
import { scale, seed, walletOptions, yesterdayInKyiv } from "../generator/command-settings.ts";
import { readPulumiYaml } from "../pulumi-yaml.ts";

const space = "gcp-data-demos";
/** The days that the coffee shops have traded; two more are too many, even if midnight passes meanwhile. */
const daysOfTrade = (Date.parse(yesterdayInKyiv()) - Date.parse(FIRST_DAY)) / (24 * 3600 * 1000) + 1;

function check(given: Record<string, string>): Settings {
  const named = Object.entries(given).map(([name, value]) => [name.includes(":") ? name : `${space}:${name}`, value]);
  return checkSettings({ "gcp:project": "my-project", ...Object.fromEntries(named) }, space);
}

function refusal(given: Record<string, string>): string {
  try {
    check(given);
  } catch (error) {
    // Pulumi prints a RunError without a stack trace.
    if (pulumi.RunError.isInstance(error)) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(given)} was accepted`);
}

const seventeen = Array.from({ length: 17 }, (_, index) => `ann${index}@example.com`).join();

/** Values that every setting refuses. */
const bad: Record<(typeof settingNames)[number], readonly string[]> = {
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
    "user:a@b.c,user:A@b.c",
    "domain:gmail.com",
    "user:ann@example.com,domain:UKR.net",
  ],
  alertEmails: [
    "ann",
    "user:ann@example.com",
    "a@b.c, d@e.f",
    "a@b.c,",
    "a@b.c,a@b.c",
    "a@b.c,A@b.c",
    'a"b@c.d',
    seventeen,
  ],
  billingAccount: ["my-account", "012345-6789ab-cdef01", "billingAccounts/012345-6789AB-CDEF01"],
  monthlyBudget: ["", "0", "12.5", "ten", "1000001"],
  thelookSource: ["", "synthetic", "bigquery://other-project/thelook", "gs://bucket/thelook"],
  seed: ["", "-1", "1.5", "4294967296", "forty-two", "NaN"],
  days: ["", "-1", "0.5", String(daysOfTrade + 2), "all"],
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
  dbtSchedule: [
    "every 24 hours",
    "@daily",
    "0 3 * * MON-",
    "0 3 * * JAN",
    "0 3 * MON *",
    "0 3 MON * *",
    "0 3 * * MONDAY",
    "0 3 * * SUN-SAT-MON",
    "0 3 ? * *",
    "0 3 L * *",
    "0 3 15W * *",
  ],
  reportSchedule: ["", "0 4 * *", "0 0 30 2 *", "0 4 31 4,6 *", "0 4 * * 1#2"],
  timeZone: ["", "Kyiv", "Europe/Nowhere", "+02:00", "europe/kyiv"],
  walletShare: ["", "0", "1.01", "-0.5", "55%", "half"],
  premiumFrom: ["", "0", "80.5", "1000001", "-80"],
  businessFrom: ["", "0", "lots"],
  discrepancyShare: ["", "-0.01", "1.5", "1%"],
  hashKeySecret: ["my secret", "projects/p/secrets/s", "a".repeat(256)],
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
  templatesOnly: ["", "{}", "users_shared", "[1]", '["users_shared","users_shared"]'],
  templatesRevision: ["", "0", "1.5", "10000", "new"],
  cleanRoomMembers: [
    '{"merchant":[["user:a@example.com"]]}',
    "",
    "[]",
    '{"coffee":[]}',
    '{"merchant":"user:a@example.com"}',
    '{"merchant":["a@example.com"]}',
    '{"wallet":["allUsers"]}',
    '{"wallet":["domain:example.com"]}',
    '{"wallet":["user:a@example.com","user:a@example.com"]}',
    '{"wallet":["user:a@example.com","user:A@example.com"]}',
  ],
  logQueryAddresses: ["", "yes", "1", "True"],
  generatorImage: ["", "node:22-slim", "ghcr.io/owner/node:22", "docker.io/", "docker.io/library/node:22 slim"],
  dbtImage: ["", "dbt-bigquery", "ghcr.io/dbt labs/dbt", "dbt-labs/dbt-bigquery:1.11.1"],
  dbtTag: ["", "-1", "1.11 ", "a".repeat(129)],
  labels: [
    '{"stage":null}',
    '{"stage":["dev"]}',
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
  it("accept all days on a machine whose clock is years behind, so that the generator can say so", () => {
    const { now } = Date;
    Date.now = () => Date.parse("2019-12-02T10:00:00Z");
    try {
      expect(check({}).days).to.equal(0);
    } finally {
      Date.now = now;
    }
  });

  it("have the defaults of Pulumi.yaml when only the project is set, and the parties are in that project", () => {
    const { settings } = readPulumiYaml();
    const values: Record<string, unknown> = check({});
    const projects = { project: "my-project", merchantProject: "my-project", walletProject: "my-project" };
    expect(values).to.include(projects);
    for (const [name, { default: declared }] of Object.entries(settings)) {
      const value = values[name];
      if (name in projects) expect(declared, name).to.equal("");
      else expect(typeof value === "object" ? JSON.stringify(value) : String(value), name).to.equal(declared);
    }
  });

  it("have schedules that come once on every day, also on those on which Kyiv's clocks change", () => {
    const settings = check({});
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone: settings.timeZone,
      hour: "2-digit",
      minute: "2-digit",
      day: "2-digit",
    });
    for (const name of ["generateSchedule", "loadSchedule", "dbtSchedule", "reportSchedule"] as const) {
      const [minute = "", hour = ""] = settings[name].split(" ").map((field) => field.padStart(2, "0"));
      for (const day of ["2026-03-29", "2026-10-25"]) {
        const noon = Date.parse(`${day}T12:00:00Z`);
        const times = Array.from({ length: 1440 }, (_, i) => clock.format(noon + (i - 900) * 60_000));
        const wanted = `${day.slice(-2)}, ${hour}:${minute}`;
        expect(
          times.filter((time) => time === wanted),
          `${name} on ${day}`,
        ).to.have.length(1);
      }
    }
  });

  it("accept as many days as the coffee shops have traded", () => {
    expect(check({ days: String(daysOfTrade) }).days).to.equal(daysOfTrade);
  });

  it("accept the names of months and days in schedules, in any case", () => {
    for (const generateSchedule of ["0 3 * * MON", "0 3 * jan,Jul *", "0 3 1-7 JAN-MAR mon-FRI", "30 3 * * SUN,3"])
      expect(check({ generateSchedule })).to.include({ generateSchedule });
  });

  it("accept allowed values", () => {
    const given = {
      location: "europe-west1",
      thelookSource: "synthetic:",
      alertEmails: "ann@example.com,night+team@example.co.uk",
      billingAccount: "012345-6789AB-CDEF01",
      reportReaders: "user:ann@gmail.com,domain:example.com",
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

  it("are refused all at once within the shared views too, each with BigQuery's reason", () => {
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

  it("refuse an unknown name, and ignore other namespaces", () => {
    expect(refusal({ sede: "42" })).to.include(`${space}:sede is not a setting: use one of location, `);
    expect(refusal({ constructor: "7" })).to.include(`${space}:constructor is not a setting`);
    const labels = JSON.stringify(Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`l${index}`, "x"])));
    expect(refusal({ labels })).to.match(/labels is .*: use an object of up to 60 names and values/);
    expect(check({ "gcp:region": "us-east1", "other:seed": "x" }).seed).to.equal(42);
  });

  it("refuse a member of both parties in one project, and accept it in two projects", () => {
    const cleanRoomMembers = '{"merchant":["user:a@example.com"],"wallet":["user:a@example.com","user:b@example.com"]}';
    expect(refusal({ cleanRoomMembers })).to.include(
      `${space}:cleanRoomMembers has user:a@example.com as merchant and as wallet, which are in one project: name each`,
    );
    expect(check({ cleanRoomMembers, walletProject: "the-wallet" }).cleanRoomMembers.wallet).to.have.length(2);
    expect(refusal({ cleanRoomMembers: cleanRoomMembers.replace("user:a", "user:A") })).to.include(
      "has user:A@example",
    );
  });

  it("tell how to change a setting and a field of an object", () => {
    expect(refusal({ labels: "dev" }))
      .to.include("npm start takes --set NAME=VALUE")
      .and.to.include('fields of an object with "pulumi config set --path NAME.FIELD VALUE"');
  });

  it("refuse tiers in the wrong order, and the public thelook outside its location", () => {
    expect(refusal({ premiumFrom: "9000" })).to.include("premiumFrom is 9000 and gcp-data-demos:businessFrom is 8000");
    expect(refusal({ location: "EU" })).to.include("set thelookSource to synthetic:");
  });

  it("refuse to reserve an unknown view for templates, and a rule that renames a view that a template reads", () => {
    expect(refusal({ templatesOnly: '["users"]' })).to.match(
      /templatesOnly has "users", which is not a shared view: use some of .*users_shared/,
    );
    expect(check({ templatesOnly: '["users_shared"]' }).templatesOnly).to.deep.equal(["users_shared"]);
    const sharedViews = '{"provider_users_shared":{"rule":"list_overlap"}}';
    expect(refusal({ sharedViews })).to.match(
      /sharedViews gives provider_users_shared a rule of another kind, .+ but the query template \w+ reads provider_users_shared/,
    );
  });

  it("refuse a change of a shared view with which a query template could not read it, when the setting is read", () => {
    for (const [change, said] of [
      ['{"joinCondition":"JOIN_BLOCKED"}', "joins it on hashed_email: allow that, or change cleanroom/templates/"],
      ['{"joinColumns":["city"]}', "joins it on hashed_email"],
      ['{"joinCondition":"JOIN_ALL","joinColumns":["hashed_email","city"]}', "joins it on hashed_email"],
      ['{"columns":["hashed_email","city"]}', "reads its column account_tier"],
    ])
      expect(refusal({ sharedViews: `{"provider_users_shared":${change}}` }), change).to.include(
        `${space}:sharedViews changes provider_users_shared, but the query template overlap_by_segment ${said}`,
      );
  });

  it("are either accepted completely or refused by name, whatever is given", () => {
    const texts = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.json());
    const someSettings = fc.dictionary(fc.constantFrom(...settingNames), texts, { maxKeys: 5 });
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
  const { settings, program } = readPulumiYaml();

  it("declares exactly the settings that config.ts checks, each with a description and the type of its value", () => {
    expect(program).to.equal(space);
    expect(Object.keys(settings)).to.deep.equal([...settingNames]);
    const values: Record<string, unknown> = check({});
    for (const [name, { type, help }] of Object.entries(settings)) {
      expect(help, name).to.match(/^[a-z].*[^.]$/);
      const value = values[name];
      const fits = {
        boolean: typeof value === "boolean",
        integer: Number.isInteger(value),
        object: typeof value === "object",
        array: Array.isArray(value),
        // Pulumi has no type for fractions.
        string: typeof value === "string" || ["scale", "walletShare", "discrepancyShare"].includes(name),
      };
      expect(fits[type as keyof typeof fits], `${name} is declared as ${type}`).to.equal(true);
    }
  });

  it("has the defaults of the generator's commands, which run without it too", () => {
    const own = { seed, scale, ...walletOptions };
    for (const [name, { default: value }] of Object.entries(own))
      expect(settings[name]?.default, name).to.equal(String(value));
  });
});
