/* Formats figures for people. Money is given in kopiykas and shown in UAH. */

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 });

/** Shown for a figure that does not exist, such as a division by zero. */
export const NONE = "–";

export type Format = (value: number) => string;

/** Shows NaN, a figure that does not exist, as a dash. */
function shown(format: Format): Format {
  return (value) => (Number.isFinite(value) ? format(value) : NONE);
}

/** `12,345` */
export const count = shown((value) => whole.format(value));

/** `2.07` */
export const decimal = shown((value) => hundredths.format(value));

/** `12.4`, `340`: a decimal only below 100. */
export const rate = shown((value) => (Math.abs(value) >= 100 ? whole : tenths).format(value));

/** `146k`, `30.1M` */
export const short = shown((value) => compact.format(value).toLowerCase().replace("m", "M").replace("b", "B"));

/** `₴1,234`; amounts below ₴100 with kopiykas. */
export const uah = shown(
  (kopiykas) =>
    `${kopiykas < 0 ? "−" : ""}₴${(Math.abs(kopiykas) < 1e4 ? hundredths : whole).format(Math.abs(kopiykas) / 100)}`,
);

/** `₴30.1M` */
export const uahShort = shown((kopiykas) => `${kopiykas < 0 ? "−" : ""}₴${short(Math.abs(kopiykas) / 100)}`);

/** `34.2%` of a share from 0 to 1 */
export const percent = shown((share) => `${tenths.format(share * 100)}%`);
/** `34%`; `<1%` for a share that would round to 0. */
export const percentWhole = shown((share) => (share > 0 && share < 0.005 ? "<1%" : `${whole.format(share * 100)}%`));

/** `+12.3%`: the change from `before` to `now`; a dash if `before` is 0. */
export function change(now: number, before: number): string {
  const by = now / before - 1;
  if (!Number.isFinite(by)) return NONE;
  const text = percent(Math.abs(by));
  return text === "0.0%" ? "±0.0%" : `${by > 0 ? "+" : "−"}${text}`;
}

/** `up 12.3%`, `down 12.3%` or `unchanged`: the change in words. */
export function upOrDown(now: number, before: number): string {
  const by = change(now, before);
  return by.startsWith("+") ? `up ${by.slice(1)}` : by.startsWith("−") ? `down ${by.slice(1)}` : "unchanged";
}

/** `08:00` */
export function hourName(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}

/** `one, two and three` */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `Walk-in` of `walk-in` */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `1 customer`, `2 customers` */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
