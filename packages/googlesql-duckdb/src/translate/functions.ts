import type { Translate } from "./call.ts";
import { arithmetic } from "./functions/arithmetic.ts";
import { arrays } from "./functions/arrays.ts";
import { comparisons } from "./functions/comparisons.ts";
import { conditionals } from "./functions/conditionals.ts";
import { dateFormats } from "./functions/date-formats.ts";
import { dates } from "./functions/dates.ts";
import { dateTimes } from "./functions/datetimes.ts";
import { formats } from "./functions/formats.ts";
import { growing } from "./functions/growing.ts";
import { json } from "./functions/json.ts";
import { own } from "./functions/own.ts";
import { random } from "./functions/random.ts";
import { regexps } from "./functions/regexps.ts";
import { strings } from "./functions/strings.ts";

/** The supported functions and operators, by their names in the tree. */
export const functions: Readonly<Record<string, Translate>> = {
  ...comparisons,
  ...conditionals,
  ...arithmetic,
  ...dates,
  ...dateTimes,
  ...dateFormats,
  ...strings,
  ...regexps,
  ...arrays,
  ...growing,
  ...json,
  ...formats,
  ...random,
  ...own,
};
