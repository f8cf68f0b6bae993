import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

/** Milliseconds without a byte in either direction after which a request to Google has failed. */
let limit = 60_000;
let limited = false;

/**
 * Makes every HTTP request of this process fail if the other side stays silent for a minute. Google's clients wait for ever: their
 * setting `timeout` has no effect, because the fetch that they use has no such option.
 * @param silence another limit in milliseconds, for all later requests
 */
export function limitSilence(silence = limit): void {
  limit = silence;
  if (limited) return;
  limited = true;
  subscribe("http.client.request.created", (message) => {
    const { request } = message as { request: ClientRequest };
    const milliseconds = limit;
    request.setTimeout(milliseconds, () => {
      // With this code, Google's clients send the request again.
      request.destroy(Object.assign(new Error(`no answer for ${milliseconds / 1000} s`), { code: "ECONNRESET" }));
    });
  });
}
