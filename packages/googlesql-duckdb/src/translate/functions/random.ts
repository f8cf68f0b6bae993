import type { Translate } from "../call.ts";

/** Functions with another value each time. Over protected rows only the rule's own noise is random, so they are refused. */
export const random: Readonly<Record<string, Translate>> = {
  rand: (call) =>
    call.hidden
      ? call.refuse("over rows of a view with a rule", "Leave it out, or use it in a query of own tables.")
      : "random()",
  generate_uuid: (call) =>
    call.hidden
      ? call.refuse("over rows of a view with a rule", "Leave it out, or use it in a query of own tables.")
      : "CAST(uuid() AS VARCHAR)",
};
