import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Everything that gives tokens, on the loopback: OAuth's token endpoint, the token exchange, the metadata server, and IAM Credentials. */
export interface SignInServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly host: string;
  /** Calls of `generateAccessToken`: who asked, for which account, through which delegates. */
  readonly impersonations: { authorization: string | undefined; account: string; delegates: string[] }[];
  /** A service account's key, which gets the token `from-key`. */
  readonly key: string;
  /** A person's credential, which gets the token `from-person`. */
  readonly person: string;
  /** A federated identity, which gets the token `from-exchange`. */
  readonly federated: string;
  stop(): Promise<void>;
}

/** Starts the server. */
export async function startSignIn(): Promise<SignInServer> {
  const impersonations: SignInServer["impersonations"] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const send = (content: object) => {
      response.writeHead(200, { "Content-Type": "application/json", "Metadata-Flavor": "Google" });
      response.end(JSON.stringify(content));
    };
    const token = (access_token: string) => send({ access_token, expires_in: 3600, token_type: "Bearer" });
    const [, account] = /^\/v1\/projects\/-\/serviceAccounts\/(.+):generateAccessToken$/.exec(pathname) ?? [];
    if (account !== undefined) {
      const { delegates } = JSON.parse(text);
      impersonations.push({ authorization: request.headers.authorization, account, delegates });
      send({ accessToken: `as-${account}`, expireTime: new Date(Date.now() + 3_600_000).toISOString() });
    } else if (pathname === "/token") {
      const form = new URLSearchParams(text);
      if (form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" && form.get("assertion"))
        token("from-key");
      else if (form.get("refresh_token") === "refresh") token("from-person");
      else response.writeHead(400).end();
    } else if (pathname === "/exchange" && new URLSearchParams(text).get("subject_token") === "subject")
      token("from-exchange");
    else if (pathname === "/subject") response.end("subject");
    else if (pathname.startsWith("/computeMetadata/") && pathname.endsWith("/token")) token("from-metadata");
    else if (pathname.startsWith("/computeMetadata/")) send({});
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${host}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    url,
    host,
    impersonations,
    key: JSON.stringify({
      type: "service_account",
      client_email: "deployer@p.iam.gserviceaccount.com",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
      token_uri: `${url}/token`,
    }),
    person: JSON.stringify({
      type: "authorized_user",
      client_id: "id",
      client_secret: "secret",
      refresh_token: "refresh",
      token_uri: `${url}/token`,
    }),
    federated: JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/github",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${url}/exchange`,
      credential_source: { url: `${url}/subject` },
    }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The environment variables that decide how Google's provider signs in, none of them set. */
export const signedOut = {
  GOOGLE_OAUTH_ACCESS_TOKEN: undefined,
  GOOGLE_CREDENTIALS: undefined,
  GOOGLE_CLOUD_KEYFILE_JSON: undefined,
  GCLOUD_KEYFILE_JSON: undefined,
  GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: undefined,
  GOOGLE_APPLICATION_CREDENTIALS: undefined,
  GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT: undefined,
} as const;
