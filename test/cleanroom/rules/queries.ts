import { joins } from "./queries/joins.ts";
import { others } from "./queries/others.ts";
import { thresholds } from "./queries/thresholds.ts";
import { units } from "./queries/units.ts";

/*
 * What the rules allow and what they refuse, as the merchant of `a-room.ts` asks: `own` tables are its own, `shared` ones its shared
 * views, `linked` ones the wallet's. Each row says why.
 */
export const chapters = [...thresholds, ...units, ...joins, ...others];
