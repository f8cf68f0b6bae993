import type { Completion } from "@codemirror/autocomplete";
import { type SQLConfig, SQLDialect, type SQLNamespace } from "@codemirror/lang-sql";
import type { ColumnView, PartyView, TemplateView } from "../api.ts";

/* GoogleSQL for the editor: its words, and the names that a party can write. */

const dialect = SQLDialect.define({
  keywords:
    "all and any array as asc between by case cast collate create cross current default delete desc describe distinct else end enum escape except exclude exists extract false fetch following for from full group grouping having if ignore in inner intersect interval into is join lateral left like limit lookup natural new no not null nulls of offset on options or order ordinal outer over partition pivot preceding qualify range recursive respect right rollup rows select set some struct table tablesample then true unbounded union unnest unpivot using when where window with within aggregation_threshold differential_privacy threshold privacy_unit_column epsilon max_groups_contributed contribution_bounds_per_group",
  builtin:
    "abs any_value approx_count_distinct approx_quantiles avg ceil coalesce concat contains_substr count countif current_date date date_add date_diff date_sub date_trunc dense_rank div ends_with extract first_value floor format format_date format_timestamp greatest ifnull lag last_value lead least length logical_and logical_or lower lpad ltrim max md5 min mod ntile nullif pow rank regexp_contains regexp_extract regexp_replace replace reverse round row_number rpad rtrim safe_cast safe_divide sha256 sign split sqrt starts_with stddev string_agg strpos substr sum timestamp_add timestamp_diff timestamp_sub timestamp_trunc to_hex trim trunc upper variance",
  types: "bignumeric bool bytes date datetime float64 int64 json numeric string time timestamp",
  hashComments: true,
  doubleQuotedStrings: true,
  backslashEscapes: true,
  identifierQuotes: "`",
  caseInsensitiveIdentifiers: true,
  operatorChars: "*+-%<>!=&|~^/",
});

/** The language with completion for a party: its tables and templates, and their columns. */
export function languageFor({ tables, templates }: PartyView): SQLConfig {
  const datasets: Record<string, Record<string, SQLNamespace>> = {};
  const add = (name: string, entry: SQLNamespace) => {
    const [dataset = "", own = ""] = name.split(".");
    datasets[dataset] = { ...datasets[dataset], [own]: entry };
  };
  for (const { name, columns, rule } of tables)
    add(name, {
      self: { label: name.split(".")[1] ?? "", type: "class", detail: rule?.name ?? "" },
      children: columns.map(column),
    });
  for (const template of templates) add(template.name, { self: call(template), children: [] });
  return { dialect, schema: datasets, upperCaseKeywords: true };
}

function column({ name, type }: ColumnView): Completion {
  return { label: name, type: "property", detail: type };
}

function call({ name, parameters }: TemplateView): Completion {
  const label = name.split(".")[1] ?? "";
  const passed = parameters.map(({ type }) => {
    const [, columns] = /^TABLE<(.+)>$/.exec(type) ?? [];
    if (columns === undefined) return "30";
    return `(SELECT ${columns.replace(/ \w+(?=,|$)/g, "")} FROM …)`;
  });
  return { label, type: "function", detail: "query template", apply: `${label}(${passed.join(", ")})` };
}
