import { joins } from "./join-queries.ts";
import { others } from "./other-queries.ts";
import { thresholds } from "./threshold-queries.ts";
import { units } from "./unit-queries.ts";

/*
 * Queries that the rules allow and refuse, as the merchant of `every-rule.ts` asks them: it owns the tables `own` and the views
 * `shared`, and the wallet owns the views `linked`. Each row says why.
 */
export const chapters = [...thresholds, ...units, ...joins, ...others];
