import type { Translate } from "../call.ts";

/** Functions that have another value each time; over protected rows only noise of the rule's own may be. */
export const random: Readonly<Record<string, Translate>> = {
  rand: (call) => (call.sensitive ? call.refuse("over rows of a protected view") : "random()"),
  generate_uuid: (call) => (call.sensitive ? call.refuse("over rows of a protected view") : "CAST(uuid() AS VARCHAR)"),
};
