import { accessTokens, type Connection, callHeaders } from "./connection.ts";
import { importPackage } from "./packages.ts";
import { pause } from "./run-admin.ts";

/**
 * The fields of a query template that are used here:
 * https://cloud.google.com/bigquery/docs/reference/analytics-hub/rest/v1/projects.locations.dataExchanges.queryTemplates
 */
export interface QueryTemplate {
  readonly state?: "DRAFTED" | "PENDING" | "APPROVED" | "DELETED";
  readonly routine?: { readonly definitionBody?: string };
}

/** The fields of a listing that are used here. */
export interface Listing {
  readonly displayName: string;
  readonly description: string;
  readonly bigqueryDataset?: {
    readonly dataset: string;
    readonly selectedResources?: readonly { readonly routine?: string; readonly table?: string }[];
  };
  readonly restrictedExportConfig?: { readonly enabled: boolean; readonly restrictQueryResult: boolean };
}

/** The calls of the Analytics Hub API that approve a template. Names are full: `projects/P/locations/L/dataExchanges/E/…`. */
export interface AnalyticsHub {
  /** Reads a template; undefined if there is none. */
  template(name: string): Promise<QueryTemplate | undefined>;
  /** Approves a template. */
  approve(name: string): Promise<void>;
  /** Reads a listing; undefined if there is none. */
  listing(name: string): Promise<Listing | undefined>;
  /** Creates a listing in an exchange. */
  list(exchange: string, id: string, listing: Listing): Promise<void>;
  /** Changes a listing's description. */
  describe(name: string, description: string): Promise<void>;
  /** Deletes a listing. It is no error if the listing does not exist. */
  unlist(name: string): Promise<void>;
}

const ATTEMPTS = 3;
const TEMPORARY = [429, 500, 502, 503, 504];
/** The HTTP status of an error, if it came from Google. */
type WithStatus = Error & { readonly status?: number };

/** Opens the Analytics Hub API. Calls that fail for a temporary reason (429, 5xx, no connection) are retried twice. */
export function openAnalyticsHub(connection: Connection): AnalyticsHub {
  const endpoint = (connection.endpoints.analyticsHub || "https://analyticshub.googleapis.com/v1/").replace(
    /\/*$/,
    "/",
  );
  const accessToken = accessTokens(connection, () => importPackage("google-auth-library"));

  const callOnce = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: callHeaders(connection, await accessToken()),
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const answer = parse(text);
    if (response.ok && answer !== undefined) return answer;
    const { error } = (answer ?? {}) as { error?: { message?: string } };
    throw Object.assign(new Error(`Analytics Hub: error ${response.status}: ${error?.message ?? text.slice(0, 200)}`), {
      status: response.status,
    });
  };
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await callOnce(method, path, body);
      } catch (error) {
        const { status = 503, message } = error as WithStatus;
        if (attempt === ATTEMPTS || !TEMPORARY.includes(status))
          throw (error as WithStatus).status ? error : new Error(`Analytics Hub cannot be reached: ${message}`);
        await pause(500 * attempt);
      }
    }
  };
  const unlessMissing = (error: WithStatus) => {
    if (error.status === 404) return undefined;
    throw error;
  };

  return {
    template: (name) => call("GET", name).catch(unlessMissing) as Promise<QueryTemplate | undefined>,
    async approve(name) {
      await call("POST", `${name}:approve`, {});
    },
    listing: (name) => call("GET", name).catch(unlessMissing) as Promise<Listing | undefined>,
    async list(exchange, id, listing) {
      // A retried call may find the listing that the first one created.
      await call("POST", `${exchange}/listings?listingId=${id}`, listing).catch((error: WithStatus) => {
        if (error.status !== 409) throw error;
      });
    },
    async describe(name, description) {
      await call("PATCH", `${name}?updateMask=description`, { description });
    },
    async unlist(name) {
      await call("DELETE", name).catch(unlessMissing);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
