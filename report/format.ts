/* Formats figures for people. Money is given in kopiykas and shown in UAH. */

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 });
const threeDigits = new Intl.NumberFormat("en-GB", {
  notation: "compact",
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});

/** Shown for a figure that does not exist, such as a division by zero. */
export const NONE = "–";

export type Format = (value: number) => string;

/** Shows NaN, a figure that does not exist, as a dash. */
function shown(format: Format): Format {
  return (value) => (Number.isFinite(value) ? format(value) : NONE);
}

/** `12,345` */
export const count = shown((value) => whole.format(value));

const digits = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 20 });

/** `1,234.56789`, `1.2e-7` */
export const exact = shown((value) => (/e/.test(String(value)) ? String(value) : digits.format(value)));

/** `2.07` */
export const decimal = shown((value) => hundredths.format(value));

/** `12.4`, `340`: a decimal only below 100. */
export const rate = shown((value) => (Math.abs(value) >= 100 ? whole : tenths).format(value));

const units = (text: string) => text.toLowerCase().replace("m", "M").replace("b", "B");

/** `146k`, `1M`: for axes. */
export const tickShort = shown((value) => units(compact.format(value)));

/** Prints an amount of kopiykas in UAH. */
const money = (format: Format): Format =>
  shown((kopiykas) => `${kopiykas < 0 ? "−" : ""}₴${format(Math.abs(kopiykas) / 100)}`);

/** `₴1,234`: sums over many orders. */
export const uah = money((amount) => whole.format(amount));

/** `₴86.40`: amounts of one order, and all amounts in tables. */
export const uahExact = money((amount) => hundredths.format(amount));

/** `₴30.1M`, `₴1.20k`, `₴86`: three digits, from a thousand on. */
export const uahShort = money((amount) => (amount < 1000 ? whole.format(amount) : units(threeDigits.format(amount))));

/** `₴146k`, `₴1M`: for axes. */
export const tickUah = money(tickShort);

/** `$1,234.50` of an amount in dollars */
export const usd = shown((dollars) => `${dollars < 0 ? "−" : ""}$${hundredths.format(Math.abs(dollars))}`);

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
