import { same, type Translate } from "../call.ts";
import { bind } from "../sql.ts";

/** Expressions that choose one of their arguments. Only the chosen one is computed, so the others cannot fail. */
export const conditionals: Readonly<Record<string, Translate>> = {
  $case_no_value: ({ args }) => cases("", args),
  $case_with_value: ({ args: [value, ...rest] }) => cases(` ${value}`, rest),
  if: ({ args: [condition, yes, no] }) => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`,
  ifnull: same("coalesce"),
  coalesce: same("coalesce"),
  nullif: ({ args }) => bind(args, (value, not) => `CASE WHEN ${value} = ${not} THEN NULL ELSE ${value} END`),
};

function cases(value: string, args: readonly string[]): string {
  const whens = [];
  for (let at = 0; at + 1 < args.length; at += 2) whens.push(` WHEN ${args[at]} THEN ${args[at + 1]}`);
  return `CASE${value}${whens.join("")} ELSE ${args.at(-1)} END`;
}
