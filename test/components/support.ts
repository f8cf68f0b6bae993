import { Identity } from "../../components/google/identity.ts";
import type { Place } from "../../components/google/place.ts";
import { PROJECT } from "./stack.ts";

export const place: Place = {
  project: PROJECT,
  location: "US",
  region: "us-central1",
  labels: { application: "demo" },
};

export const sizing = { memory: "1Gi", retries: 3, timeoutSeconds: 600 };

/** An account without grants, for a component under test. */
export function someone(accountId: string): Identity {
  return new Identity(accountId, { accountId, displayName: accountId, project: PROJECT });
}
