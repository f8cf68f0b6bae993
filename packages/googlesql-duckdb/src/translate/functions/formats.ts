import type { Type } from "../../analyser/types.ts";
import { type Call, kindOf, literalText, type Translate } from "../call.ts";
import { cast } from "../casts.ts";
import { bind, checked, text } from "../sql.ts";
import { longestOf } from "./growing.ts";

/** FORMAT, by a literal format. */
export const formats: Readonly<Record<string, Translate>> = { format };

/** %[flags][width][.precision]verb */
const specifier = /%([-+ 0']*)(\d*)(?:[.](\d+))?(.)/gsu;

function format(call: Call): string {
  const written = literalText(call, 0);
  const pieces: string[] = [];
  let [at, argument] = [0, 1];
  for (const found of written.matchAll(specifier)) {
    if (found.index > at) pieces.push(text(written.slice(at, found.index)));
    at = found.index + found[0].length;
    if (found[0] === "%%") pieces.push("'%'");
    else pieces.push(formatted(found, argument++, call));
  }
  if (at < written.length) pieces.push(text(written.slice(at)));
  if (argument !== call.nodes.length || written.slice(at).includes("%")) call.refuse(`by ${written}`);
  const joined = pieces.length === 0 ? "''" : `(${pieces.join(" || ")})`;
  return checked(
    joined,
    (value) => `strlen(${value}) <= ${longestOf(call)}`,
    `FORMAT to more than ${longestOf(call)} bytes`,
    call,
  );
}

/** A width or a number of places beyond this is refused. */
const MOST = 100;

function formatted([all, flags = "", width = "0", precision, verb]: string[], at: number, call: Call): string {
  const [node, value] = [call.nodes[at], call.args[at] as string];
  const kind = kindOf(node);
  const refuse = () => call.refuse(`by ${all} of ${kind ?? "nothing"}`);
  if (Number(width) > MOST || Number(precision ?? 0) > MOST) return refuse();
  const wide: Wide = { flags, width: Number(width) };
  switch (`${verb} ${kind}`) {
    case "d INT64":
    case "i INT64":
      if (precision !== undefined) return refuse();
      return bind([value], (v) => number(`CAST(abs(CAST(${v} AS HUGEINT)) AS VARCHAR)`, `${v} < 0`, wide));
    case "f DOUBLE":
    case "F DOUBLE":
      return bind([value], (v) => number(`printf('%.${precision ?? 6}f', abs(${v}))`, `${v} < 0`, wide));
    case "f NUMERIC":
    case "F NUMERIC": {
      const places = Number(precision ?? 6);
      if (places > 9) return refuse();
      return bind([value], (v) =>
        number(`CAST(CAST(abs(${v}) AS DECIMAL(38, ${places})) AS VARCHAR)`, `${v} < 0`, wide),
      );
    }
    case "s STRING":
      return padded(precision === undefined ? value : `left(${value}, ${precision})`, wide);
    default: {
      const shown = verb === "t" && precision === undefined ? plain(value, node?.type as Type) : undefined;
      return shown === undefined ? refuse() : padded(`coalesce(${shown}, 'NULL')`, wide);
    }
  }
}

/** A value as %t prints it; undefined if its type is not simple. */
function plain(value: string, type: Type): string | undefined {
  if (!/_(STRING|INT64|DOUBLE|NUMERIC|BOOL|DATE|TIMESTAMP|DATETIME)$/.test(type.typeKind)) return undefined;
  const shown = cast(value, type, { typeKind: "TYPE_STRING" }, { safe: true, sensitive: true });
  if (shown === undefined || type.typeKind !== "TYPE_DOUBLE") return shown;
  return bind([shown, value], (v, of) => {
    const whole = `CASE WHEN ${of} = 0 AND starts_with(printf('%.0f', ${of}), '-') THEN '-0.0' ELSE ${v} || '.0' END`;
    return `CASE WHEN regexp_full_match(${v}, '-?\\d+') THEN ${whole} ELSE ${v} END`;
  });
}

interface Wide {
  readonly flags: string;
  readonly width: number;
}

/** Writes a number from its digits and its sign. */
function number(digits: string, isNegative: string, { flags, width }: Wide): string {
  const plus = flags.includes("+") ? "'+'" : flags.includes(" ") ? "' '" : "''";
  const signed = [`CASE WHEN ${isNegative} THEN '-' ELSE ${plus} END`, digits];
  return bind(signed, (sign, body) =>
    bind([sign, flags.includes("'") ? grouped(body) : body], (before, shown) => {
      if (!flags.includes("0") || flags.includes("-")) return padded(`(${before} || ${shown})`, { flags, width });
      const wide = `CAST(greatest(${width} - length(${before}), length(${shown})) AS INTEGER)`;
      return `(${before} || lpad(${shown}, ${wide}, '0'))`;
    }),
  );
}

/** Groups the digits of the whole part with commas. */
function grouped(digits: string): string {
  return bind([`split_part(${digits}, '.', 1)`, digits], (whole, all) => {
    const filled = `lpad(${whole}, CAST((length(${whole}) + 2) // 3 * 3 AS INTEGER), ' ')`;
    const threes = `array_to_string(regexp_extract_all(${filled}, '...'), ',')`;
    return `(ltrim(${threes}) || substring(${all}, length(${whole}) + 1))`;
  });
}

function padded(value: string, { flags, width }: Wide): string {
  if (width === 0) return value;
  const side = flags.includes("-") ? "rpad" : "lpad";
  return bind([value], (v) => `${side}(${v}, CAST(greatest(${width}, length(${v})) AS INTEGER), ' ')`);
}
