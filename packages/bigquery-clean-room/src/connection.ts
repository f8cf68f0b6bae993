import type { AuthClient, JWTInput } from "google-auth-library";

/** How to reach Google Cloud, and how to sign in: what Pulumi's Google provider would use. */
export interface Connection {
  /** An access token, or the path of a file that contains one. */
  readonly accessToken?: string;
  /** The JSON text of a key or of another credential, or the path of a file that contains it. */
  readonly credentials?: string;
  /** The address of a service account to act as. */
  readonly impersonate?: string;
  /** Addresses of service accounts, each of which may act as the next one, and the last as `impersonate`. */
  readonly delegates: readonly string[];
  /** The project that calls count against, if the provider is told to name one. */
  readonly quotaProject?: string;
  /** Endpoints to call instead of Google's, as the provider is configured with them. */
  readonly endpoints: { readonly [service in keyof typeof endpointNames]?: string };
}

/** The provider's names of the services that are called here: in its settings, and in its environment variables. */
const endpointNames = {
  run: ["cloudRunV2", "CLOUD_RUN_V2"],
  logging: ["logging", "LOGGING"],
  bigQuery: ["bigQuery", "BIGQUERY"],
  analyticsHub: ["bigqueryAnalyticsHub", "BIGQUERY_ANALYTICS_HUB"],
  iamCredentials: ["iamCredentials", "IAM_CREDENTIALS"],
} as const;

/**
 * Reads the provider's settings and environment variables, with the provider's own precedence: a token or credentials from the settings
 * hide both from the environment, and a token hides credentials.
 * @param setting a setting of the stack by its full name, such as `gcp:accessToken`
 * @throws if `gcp:externalCredentials` is set, which is not supported
 */
export function readConnection(
  setting: (key: string) => string | undefined = () => undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Connection {
  if (setting("gcp:externalCredentials"))
    throw new Error(
      "gcp:externalCredentials is not supported here: set gcp:credentials to an external_account file instead",
    );
  const settings = { accessToken: setting("gcp:accessToken"), credentials: setting("gcp:credentials") };
  const isSet = settings.accessToken || settings.credentials;
  const { accessToken, credentials } = isSet
    ? settings
    : {
        accessToken: env.GOOGLE_OAUTH_ACCESS_TOKEN,
        credentials: env.GOOGLE_CREDENTIALS || env.GOOGLE_CLOUD_KEYFILE_JSON || env.GCLOUD_KEYFILE_JSON,
      };
  const impersonate = setting("gcp:impersonateServiceAccount") || env.GOOGLE_IMPERSONATE_SERVICE_ACCOUNT;
  const override = setting("gcp:userProjectOverride") || env.USER_PROJECT_OVERRIDE || "";
  const billingProject = setting("gcp:billingProject") || env.GOOGLE_BILLING_PROJECT;
  const quotaProject = /^(1|t|true)$/i.test(override) && billingProject;
  const endpoints = Object.entries(endpointNames).flatMap(([service, [inSettings, inEnv]]) => {
    const url = setting(`gcp:${inSettings}CustomEndpoint`) || env[`GOOGLE_${inEnv}_CUSTOM_ENDPOINT`];
    return url ? [[service, url]] : [];
  });
  return {
    ...(accessToken && { accessToken }),
    ...(credentials && { credentials }),
    ...(impersonate && { impersonate }),
    delegates: JSON.parse(setting("gcp:impersonateServiceAccountDelegates") || "[]"),
    ...(quotaProject && { quotaProject }),
    endpoints: Object.fromEntries(endpoints),
  };
}

/** The headers of a call whose body is JSON. */
export function callHeaders({ quotaProject }: Connection, token: string): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    ...(quotaProject && { "X-Goog-User-Project": quotaProject }),
  };
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** The address that google-auth-library asks for tokens, whatever the key says. */
const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** The parts of google-auth-library that are used here. */
export type AuthLibrary = Pick<typeof import("google-auth-library"), "GoogleAuth" | "Impersonated" | "OAuth2Client">;

/**
 * Signs in: with the access token, else with the credentials, else with the application default credentials; and then as the service account
 * to impersonate, if there is one. The client renews its token by itself, unless it was given as one.
 * @param load imports google-auth-library
 * @throws an error that says what is wrong with the credentials, without showing them
 */
export async function signIn(
  connection: Connection,
  load: () => Promise<AuthLibrary> = () => import("google-auth-library"),
): Promise<AuthClient> {
  const { impersonate, delegates, endpoints } = connection;
  const library = await load();
  const client = await firstClient(connection, library);
  if (!impersonate) return client;
  return quietly(
    () =>
      new library.Impersonated({
        sourceClient: client,
        targetPrincipal: impersonate,
        delegates: [...delegates],
        targetScopes: [SCOPE],
        // The client adds the version.
        ...(endpoints.iamCredentials && { endpoint: endpoints.iamCredentials.replace(/\/v1\/?$/, "") }),
      }),
  );
}

/**
 * Returns a function that gives an access token for the next call. It signs in when it is called first, and again after a failure. A plain
 * access token needs no library.
 */
export function accessTokens(connection: Connection, load?: () => Promise<AuthLibrary>): () => Promise<string> {
  const { accessToken, impersonate } = connection;
  if (accessToken && !impersonate) return () => textOrContent(accessToken);
  let client: Promise<AuthClient> | undefined;
  return async () => {
    try {
      client ??= signIn(connection, load);
      const { token } = await (await client).getAccessToken();
      if (token) return token;
    } catch (error) {
      client = undefined;
      throw error;
    }
    throw new Error("Google gave no access token");
  };
}

async function firstClient(
  { accessToken, credentials }: Connection,
  { GoogleAuth, OAuth2Client }: AuthLibrary,
): Promise<AuthClient> {
  if (accessToken) {
    const client = new OAuth2Client();
    client.setCredentials({ access_token: await textOrContent(accessToken) });
    return client;
  }
  if (!credentials)
    // Name any project: otherwise the library looks one up, for which a federated identity needs one more permission.
    return new GoogleAuth({ scopes: SCOPE, projectId: "-" }).getClient().catch((error: Error) => {
      throw new Error(`no Google credentials: run gcloud auth application-default login (${error.message})`);
    });
  const text = await textOrContent(credentials);
  let key: JWTInput & { readonly token_uri?: string };
  try {
    key = JSON.parse(text);
  } catch {
    throw new Error("the Google credentials are neither JSON nor the path of a readable file with JSON");
  }
  const client = quietly(() => new GoogleAuth({ scopes: SCOPE }).fromJSON(key));
  const { token_uri: tokenUrl } = key;
  if (tokenUrl && tokenUrl !== TOKEN_URL)
    client.transporter.interceptors.request.add({
      resolved: async (request) => {
        if (String(request.url) === TOKEN_URL) request.url = new URL(tokenUrl);
        return request;
      },
    });
  return client;
}

/** Makes a client without the library's warning that credentials from strangers are dangerous: these belong to the person who deploys. */
function quietly<Client>(make: () => Client): Client {
  const { warn } = console;
  console.warn = () => {};
  try {
    return make();
  } finally {
    console.warn = warn;
  }
}

/** The content of the file at a path, or the given text itself if no file can be read there. */
async function textOrContent(given: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const { homedir } = await import("node:os");
  const path = given.startsWith("~/") ? `${homedir()}${given.slice(1)}` : given;
  return readFile(path, "utf8").then(
    (content) => content.trim(),
    () => given,
  );
}
