import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openAnalyticsHub } from "../src/analytics-hub.ts";
import { accessTokens, readConnection, signIn } from "../src/connection.ts";
import { JobRun, PrivacyView } from "../src/index.ts";
import { lastLogLines } from "../src/log-lines.ts";
import { openRunAdmin } from "../src/run-admin.ts";
import { startViews, type ViewsServer } from "./support/bigquery-views.ts";
import { type Declared, declared } from "./support/declared.ts";
import { type DynamicProviderOptions, startDynamicProvider } from "./support/dynamic-provider.ts";
import { type RunAdminServer, startRunAdmin } from "./support/run-admin.ts";
import { type SignInServer, signedOut, startSignIn } from "./support/sign-in.ts";

const itInCI = process.env.CI ? it : it.skip;

const deployer = "deployer@p.iam.gserviceaccount.com";
const other = "other@p.iam.gserviceaccount.com";

describe("The connection to Google Cloud", () => {
  let server: SignInServer;
  let folder: string;
  before(async () => {
    server = await startSignIn();
    folder = mkdtempSync(join(tmpdir(), "sign-in-"));
  });
  beforeEach(() => {
    server.impersonations.length = 0;
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const settings = (of: Record<string, string>) => (key: string) => of[key];
  const token = async (of: Record<string, string>, env: Record<string, string> = {}) => {
    const endpoint = { GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT: `${server.url}/v1/` };
    return accessTokens(readConnection(settings(of), { ...endpoint, ...env }))();
  };

  describe("takes from the provider's settings and environment", () => {
    it("a token before credentials, and settings before the environment", () => {
      const env = { GOOGLE_OAUTH_ACCESS_TOKEN: "env-token", GOOGLE_CREDENTIALS: "env-key" };
      expect(readConnection(undefined, env)).to.include({ accessToken: "env-token", credentials: "env-key" });
      const set = readConnection(settings({ "gcp:credentials": "key" }), env);
      expect(set.credentials).to.equal("key");
      expect(set).not.to.have.property("accessToken");
      expect(readConnection(settings({ "gcp:accessToken": "token" }), env)).not.to.have.property("credentials");
    });

    it("credentials from each variable that the provider reads, in its order", () => {
      const env: Record<string, string> = { GCLOUD_KEYFILE_JSON: "3" };
      expect(readConnection(undefined, env).credentials).to.equal("3");
      env.GOOGLE_CLOUD_KEYFILE_JSON = "2";
      expect(readConnection(undefined, env).credentials).to.equal("2");
      env.GOOGLE_CREDENTIALS = "1";
      expect(readConnection(undefined, env).credentials).to.equal("1");
    });

    it("the account to impersonate with its delegates, in addition to either", () => {
      const env = { GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: deployer, GOOGLE_OAUTH_ACCESS_TOKEN: "t" };
      expect(readConnection(undefined, env)).to.deep.include({
        impersonate: deployer,
        accessToken: "t",
        delegates: [],
      });
      const set = {
        "gcp:impersonateServiceAccount": other,
        "gcp:impersonateServiceAccountDelegates": JSON.stringify([deployer]),
      };
      expect(readConnection(settings(set), env)).to.deep.include({ impersonate: other, delegates: [deployer] });
    });

    it("the project that calls count against, which every call then names", async () => {
      const set = { "gcp:accessToken": "t", "gcp:billingProject": "mine" };
      expect(readConnection(settings(set), {})).not.to.have.property("quotaProject");
      const env = { USER_PROJECT_OVERRIDE: "TRUE", GOOGLE_BILLING_PROJECT: "theirs" };
      expect(readConnection(undefined, env).quotaProject).to.equal("theirs");
      const connection = readConnection(settings({ ...set, "gcp:userProjectOverride": "true" }), {});
      const named: (string | null)[] = [];
      const { fetch } = globalThis;
      globalThis.fetch = async (_, init) => {
        named.push(new Headers(init?.headers).get("x-goog-user-project"));
        return Response.json({});
      };
      const execution = "projects/p/locations/r/jobs/j/executions/e";
      try {
        await openRunAdmin({ connection }).execution(execution);
        await openAnalyticsHub(connection).approve("projects/p/locations/us/dataExchanges/e/queryTemplates/t");
        await lastLogLines(execution, 0, { connection, pauseMs: 0 });
      } finally {
        globalThis.fetch = fetch;
      }
      expect(named).to.have.length.above(2);
      expect(new Set(named)).to.deep.equal(new Set(["mine"]));
    });

    it("endpoints", () => {
      const env = { GOOGLE_BIGQUERY_CUSTOM_ENDPOINT: "http://b/", GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: "http://r/" };
      expect(readConnection(undefined, env).endpoints).to.deep.equal({ bigQuery: "http://b/", run: "http://r/" });
      const hub = { GOOGLE_BIGQUERY_ANALYTICS_HUB_CUSTOM_ENDPOINT: "http://h/" };
      expect(readConnection(undefined, hub).endpoints).to.deep.equal({ analyticsHub: "http://h/" });
      const set = {
        "gcp:bigQueryCustomEndpoint": "http://c/",
        "gcp:bigqueryAnalyticsHubCustomEndpoint": "http://a/",
        "gcp:iamCredentialsCustomEndpoint": "http://i/",
      };
      expect(readConnection(settings(set), { ...env, ...hub }).endpoints).to.deep.equal({
        bigQuery: "http://c/",
        run: "http://r/",
        analyticsHub: "http://a/",
        iamCredentials: "http://i/",
      });
    });

    it("no externalCredentials, which it refuses rather than signing in as somebody else", () => {
      expect(() => readConnection(settings({ "gcp:externalCredentials": "{}" }), {})).to.throw(
        "gcp:externalCredentials is not supported here",
      );
    });
  });

  describe("signs in", () => {
    it("with an access token, given as text or in a file", async () => {
      expect(await token({ "gcp:accessToken": "a-token" })).to.equal("a-token");
      expect(await token({ "gcp:accessToken": file("token", "in-a-file\n") })).to.equal("in-a-file");
    });

    it("with a service account's key, at the key's own token address; given as JSON or as a path", async () => {
      expect(await token({ "gcp:credentials": server.key })).to.equal("from-key");
      expect(await token({ "gcp:credentials": file("key.json", server.key) })).to.equal("from-key");
      expect(await token({}, { GOOGLE_CREDENTIALS: server.key })).to.equal("from-key");
    });

    it("with a person's credential, and with a federated identity", async () => {
      expect(await token({ "gcp:credentials": server.person })).to.equal("from-person");
      expect(await token({ "gcp:credentials": server.federated })).to.equal("from-exchange");
    });

    it("with the application default credentials if nothing else is given", async () => {
      const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
      process.env.GOOGLE_APPLICATION_CREDENTIALS = file("default.json", server.federated);
      try {
        expect(await token({})).to.equal("from-exchange");
      } finally {
        if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
        else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
      }
    });

    it("as another service account, by a token or a key, through delegates", async () => {
      const impersonating = {
        "gcp:impersonateServiceAccount": deployer,
        "gcp:impersonateServiceAccountDelegates": JSON.stringify([other]),
      };
      expect(await token({ ...impersonating, "gcp:accessToken": "a-token" })).to.equal(`as-${deployer}`);
      expect(await token({ ...impersonating, "gcp:credentials": server.key })).to.equal(`as-${deployer}`);
      expect(server.impersonations).to.deep.equal([
        { authorization: "Bearer a-token", account: deployer, delegates: [other] },
        { authorization: "Bearer from-key", account: deployer, delegates: [other] },
      ]);
    });

    it("once for many calls", async () => {
      const connection = readConnection(
        settings({
          "gcp:accessToken": "a-token",
          "gcp:impersonateServiceAccount": deployer,
          "gcp:iamCredentialsCustomEndpoint": `${server.url}/v1/`,
        }),
        {},
      );
      const next = accessTokens(connection);
      for (let call = 0; call < 3; call++) expect(await next()).to.equal(`as-${deployer}`);
      expect(server.impersonations).to.have.length(1);
    });

    it("or says what is wrong with the credentials, without showing them", async () => {
      const connection = readConnection(settings({ "gcp:credentials": "a-secret {" }), {});
      const error = await signIn(connection).then(
        () => expect.fail("it signed in"),
        ({ message }: Error) => message,
      );
      expect(error).to.equal("the Google credentials are neither JSON nor the path of a readable file with JSON");
    });
  });

  describe("is the same for both resources, in Pulumi's own process", () => {
    const view = { project: "p", dataset: "d", location: "US", view: "v", description: "", labels: {}, columns: [] };
    const rule = { joinRestriction: { condition: "JOIN_ANY", columns: ["a"] } } as const;
    const job = { job: "projects/p/locations/us-central1/jobs/j", fingerprint: "f", timeoutSeconds: 5 };
    let runs: RunAdminServer;
    let views: ViewsServer;
    let run: Declared;
    let users: Declared;
    before(async () => {
      [runs, views] = [await startRunAdmin(), await startViews()];
      run = await declared(() => new JobRun("run", job));
      users = await declared(() => new PrivacyView("users", { ...view, query: "SELECT a FROM `p.d.t`", rule }));
    });
    after(async () => {
      await views?.stop();
      await runs?.stop();
    });
    /** How each of the two signed in: the authorizations that their APIs saw. */
    const authorizations = async (options: DynamicProviderOptions) => {
      for (const each of [runs, views]) each.reset();
      const provider = await startDynamicProvider({ ...options, env: { ...signedOut, ...options.env } });
      try {
        await provider.create(run.inputs);
        await provider.create(users.inputs);
      } finally {
        provider.stop();
      }
      return [runs, views].map(({ requests }) => [...new Set(requests.map((each) => each.authorization))]);
    };
    const both = (token: string) => [[`Bearer ${token}`], [`Bearer ${token}`]];

    it("with a key from gcp:credentials", async () => {
      expect(await authorizations({ config: { "gcp:credentials": server.key } })).to.deep.equal(both("from-key"));
    });

    itInCI("as another account from gcp:impersonateServiceAccount", async () => {
      const config = {
        "gcp:accessToken": "a-token",
        "gcp:impersonateServiceAccount": deployer,
        "gcp:impersonateServiceAccountDelegates": JSON.stringify([other]),
        "gcp:iamCredentialsCustomEndpoint": `${server.url}/v1/`,
      };
      expect(await authorizations({ config })).to.deep.equal(both(`as-${deployer}`));
      expect(server.impersonations[0]).to.deep.include({ authorization: "Bearer a-token", delegates: [other] });
    });

    itInCI("with the application default credentials", async () => {
      const env = { GOOGLE_APPLICATION_CREDENTIALS: file("adc.json", server.federated) };
      expect(await authorizations({ env })).to.deep.equal(both("from-exchange"));
    });

    itInCI("at the endpoints that the stack gives the Google provider", async () => {
      const env = { GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: undefined, GOOGLE_BIGQUERY_CUSTOM_ENDPOINT: undefined };
      const config = {
        "gcp:accessToken": "a-token",
        "gcp:cloudRunV2CustomEndpoint": process.env.GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT ?? "",
        "gcp:bigQueryCustomEndpoint": process.env.GOOGLE_BIGQUERY_CUSTOM_ENDPOINT ?? "",
      };
      expect(await authorizations({ config, env })).to.deep.equal(both("a-token"));
    });

    it("from a folder without our packages: a job run needs none, and a view says what to install", async () => {
      const config = { "gcp:accessToken": "a-token" };
      const provider = await startDynamicProvider({ folder, config, env: signedOut });
      try {
        const { properties } = await provider.create(run.inputs);
        await provider.delete(properties);
        const error = await provider.delete({ ...users.inputs, kept: {} }).catch(String);
        expect(error)
          .to.contain("@google-cloud/bigquery is not installed in ")
          .and.to.contain("npm install bigquery-clean-room");
      } finally {
        provider.stop();
      }
    });
  });
});
