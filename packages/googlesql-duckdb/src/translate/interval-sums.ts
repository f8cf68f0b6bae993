import { bind, type Failing, orFail } from "./sql.ts";

/* SUM and AVG of INTERVALs: of their months, their days and their microseconds. */

/** The greatest parts of an INTERVAL, of either sign: 10,000 years. */
const most = [120_000, 3_660_000, 316_224_000_000_000_000n] as const;
const DAY = "86400000000::HUGEINT";

/** The three parts added up, in HUGEINT, which they cannot overflow. */
function sums(value: string, over: string): string[] {
  const of = (...parts: readonly [string, string][]) => {
    const added = (v: string) =>
      parts.map(([part, times]) => `datepart('${part}', ${v})::HUGEINT * ${times}`).join(" + ");
    return `sum(${bind([value], added)})${over}`;
  };
  return [
    of(["year", "12"], ["month", "1"]),
    of(["day", "1"]),
    of(["hour", "3600000000"], ["minute", "60000000"], ["microsecond", "1"]),
  ];
}

function interval(months: string, days: string, micros: string, failing: Failing): string {
  return bind([months, days, micros], (...parts) => {
    const fits = parts.map((part, at) => `${part} BETWEEN -${most[at]} AND ${most[at]}`).join(" AND ");
    const [m, d, u] = parts;
    const made = `(to_months(CAST(${m} AS INTEGER)) + to_days(CAST(${d} AS INTEGER)) + to_microseconds(CAST(${u} AS BIGINT)))`;
    return orFail(fits, parts, made, "interval overflow", failing);
  });
}

export function sumOfIntervals(value: string, over: string, failing: Failing): string {
  const [months, days, micros] = sums(value, over) as [string, string, string];
  return interval(months, days, micros, failing);
}

/** The rest of the months counts as 30 days each, and the rest of the days as 24 hours each. */
export function averageOfIntervals(value: string, over: string, failing: Failing): string {
  return bind([...sums(value, over), `count(${value})${over}`], (months, days, micros, count) =>
    bind([`(${days} + ${months} % ${count} * 30)`, String(months), String(micros), String(count)], (d, m, u, n) =>
      interval(`(${m} // ${n})`, `(${d} // ${n})`, `((${u} + ${d} % ${n} * ${DAY}) // ${n})`, failing),
    ),
  );
}
