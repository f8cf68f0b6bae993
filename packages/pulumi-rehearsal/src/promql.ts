/** `name{label="value",other=~"a|b"}` */
const SELECTOR = /\b(\w+:\w+)\{([^}]*)\}/g;
const MATCHER = /^\s*(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*$/;

/**
 * Whether a PromQL query reads a point of Cloud Monitoring that has these fields. It compares the names and labels only: the query decides what the
 * points mean.
 * @example
 * reads('increase(run_googleapis_com:request_count{service_name="load"}[5m]) > 0', {
 *   "metric.type": "run.googleapis.com/request_count",
 *   "resource.labels.service_name": "load",
 * }); // true
 */
export function reads(query: string, fields: Readonly<Record<string, string>>): boolean {
  const name = fields["metric.type"]?.replace("/", ":").replace(/[^\w:]/g, "_");
  return [...query.matchAll(SELECTOR)].some(
    ([, metric, matchers = ""]) => metric === name && matchers.split(",").every((each) => isMatched(each, fields)),
  );
}

function isMatched(matcher: string, fields: Readonly<Record<string, string>>): boolean {
  const [, label, operator, wanted = ""] = MATCHER.exec(matcher) ?? [];
  if (label === undefined) return matcher.trim() === "";
  const found =
    label === "monitored_resource"
      ? fields["resource.type"]
      : (fields[`metric.labels.${label}`] ?? fields[`resource.labels.${label}`]);
  const equal = operator?.endsWith("~") ? new RegExp(`^(?:${wanted})$`).test(found ?? "") : (found ?? "") === wanted;
  return equal !== operator?.startsWith("!");
}
