import { UserError } from "./errors.ts";

/*
 * The part of the filter languages of Cloud Monitoring and Cloud Logging that alert policies need: comparisons with =, !=, : and >=,
 * joined by AND, OR, NOT, - and parentheses, `one_of("a", "b")`, and `:*` for a field that is there.
 */

type Fields = Readonly<Record<string, string>>;
type Test = (fields: Fields) => boolean;

/**
 * Whether a filter accepts something that has these fields. A comparison of a missing field is false, also with `!=`.
 * Throws UserError for a filter that it cannot read.
 * @example
 * matches('resource.type="cloud_run_job" AND metric.labels.result!="succeeded"', { "resource.type": "cloud_run_job", "metric.labels.result": "failed" }); // true
 */
export function matches(filter: string, fields: Fields): boolean {
  return parse(filter)(fields);
}

const TOKEN = /\s*(?:(\(|\)|,|!=|>=|=|:|-(?=\w))|"((?:[^"\\]|\\.)*)"|([\w.@/]+|\*))/y;

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

function parse(filter: string): Test {
  const tokens = tokensOf(filter);
  let next = 0;
  const unreadable = () =>
    new UserError(
      `the filter ${filter} cannot be read at "${tokens[next]?.text ?? "its end"}": a rehearsal knows less`,
    );
  const take = (text: string): boolean => {
    const token = tokens[next];
    const found = token !== undefined && !token.quoted && token.text === text;
    if (found) next++;
    return found;
  };
  const value = (): string => {
    const token = tokens[next++];
    if (token === undefined || (!token.quoted && !/^\w/.test(token.text))) throw unreadable();
    return token.text;
  };
  const any = (): Test => {
    const parts = [all()];
    while (take("OR")) parts.push(all());
    return (fields) => parts.some((part) => part(fields));
  };
  const all = (): Test => {
    const parts = [one()];
    while (take("AND")) parts.push(one());
    return (fields) => parts.every((part) => part(fields));
  };
  const one = (): Test => {
    if (take("NOT") || take("-")) {
      const test = one();
      return (fields) => !test(fields);
    }
    if (take("(")) {
      const test = any();
      if (!take(")")) throw unreadable();
      return test;
    }
    return comparison();
  };
  const comparison = (): Test => {
    // Both languages also take the singular.
    const name = value().replace(/\.label\./, ".labels.");
    const operator = ["=", "!=", ":", ">="].find(take);
    if (operator === undefined) throw unreadable();
    if (operator === ":" && take("*")) return (fields) => fields[name] !== undefined;
    const wanted = operator === "=" && take("one_of") ? list() : [value()];
    return (fields) => {
      const found = fields[name];
      return found !== undefined && wanted.some((each) => compare(found, operator, each));
    };
  };
  const list = (): string[] => {
    if (!take("(")) throw unreadable();
    const values = [value()];
    while (take(",")) values.push(value());
    if (!take(")")) throw unreadable();
    return values;
  };
  const test = any();
  if (next < tokens.length) throw unreadable();
  return test;
}

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  const text = filter.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw new UserError(`the filter ${filter} cannot be read at "${text.slice(from, from + 20)}"`);
    const [, sign, quoted, word] = found;
    tokens.push({ text: sign ?? word ?? (quoted ?? "").replace(/\\(.)/g, "$1"), quoted: quoted !== undefined });
  }
  return tokens;
}

const SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

function compare(found: string, operator: string, wanted: string): boolean {
  if (operator === "=") return found === wanted;
  if (operator === "!=") return found !== wanted;
  if (operator === ":") return found.toLowerCase().includes(wanted.toLowerCase());
  const ranks = [found, wanted].map((each) => (SEVERITIES.includes(each) ? SEVERITIES.indexOf(each) : Number(each)));
  return (ranks[0] as number) >= (ranks[1] as number);
}
