import { createHash } from "node:crypto";
import { UserError } from "../generator/errors.ts";

/** Manifests of one platform's image and lists of several platforms', as Docker and the OCI name them. */
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Hosts whose registry answers at another address. */
const addresses: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/**
 * Asks a registry for the digest of a tag, without an account.
 * @param image such as `docker.io/library/node:22-slim`
 * @param registry the registry's address. @default that of the image's host
 * @returns such as `sha256:0123…`
 * @throws UserError if the registry cannot be reached, does not know the image, or sends something else than it announces
 * @example
 * await digestOf("ghcr.io/dbt-labs/dbt-bigquery:1.11.1");
 */
export async function digestOf(image: string, registry?: string): Promise<string> {
  const [, host = "", name = "", tag = ""] = /^([^/]+)\/(.+):([\w.-]+)$/.exec(image) ?? [];
  if (host === "") throw new UserError(`${image} is not HOST/NAME:TAG`);
  const address = (registry ?? addresses[host] ?? `https://${host}`).replace(/\/*$/, "");
  const url = `${address}/v2/${name}/manifests/${tag}`;
  let answer = await ask(image, url, { Accept: MANIFESTS });
  if (answer.status === 401) {
    const token = await anonymousToken(image, answer.headers.get("www-authenticate") ?? "");
    answer = await ask(image, url, { Accept: MANIFESTS, Authorization: `Bearer ${token}` });
  }
  if (!answer.ok)
    throw new UserError(`${image}: the registry answered ${answer.status}. Check whether it has this tag: ${address}`);
  const digest = `sha256:${createHash("sha256")
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest("hex")}`;
  const told = answer.headers.get("docker-content-digest") ?? digest;
  if (told !== digest) throw new UserError(`${image}: the registry announced the digest ${told}, but sent ${digest}`);
  return digest;
}

/** An anonymous token, from the service that the registry names in its refusal. */
async function anonymousToken(image: string, challenge: string): Promise<string> {
  const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const realm = part("realm");
  if (realm === "")
    throw new UserError(`${image}: the registry requires an account, but only public images can be pinned`);
  const query = new URLSearchParams({ service: part("service"), scope: part("scope") });
  const answer = await ask(image, `${realm}?${query}`, {});
  if (!answer.ok) throw new UserError(`${image}: the registry refuses anonymous access (${answer.status})`);
  const { token, access_token: other } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? other ?? "";
}

async function ask(image: string, url: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  } catch {
    throw new UserError(`${image}: ${new URL(url).host} cannot be reached: check this machine's network connection`);
  }
}
