/* Figures as people read them. Money comes in kopiykas and is shown in UAH. */

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumSignificantDigits: 3 });

/** What is shown where a figure does not exist, such as a quotient by nothing. */
export const NONE = "–";

export type Format = (value: number) => string;

/** Figures that do not exist are not a number; they are shown as a dash. */
function shown(format: Format): Format {
  return (value) => (Number.isFinite(value) ? format(value) : NONE);
}

/** `12,345` */
export const count = shown((value) => whole.format(value));

/** `2.07` */
export const decimal = shown((value) => hundredths.format(value));

/** `12.4`, `340`: as many digits as help. */
export const rate = shown((value) => (Math.abs(value) >= 100 ? whole : tenths).format(value));

/** `146k`, `30.1M` */
export const short = shown((value) => compact.format(value).toLowerCase().replace("m", "M").replace("b", "B"));

/** `₴1,234`; below a hundred with kopiykas. */
export const uah = shown(
  (kopiykas) =>
    `${kopiykas < 0 ? "−" : ""}₴${(Math.abs(kopiykas) < 1e4 ? hundredths : whole).format(Math.abs(kopiykas) / 100)}`,
);

/** `₴30.1M` */
export const uahShort = shown((kopiykas) => `${kopiykas < 0 ? "−" : ""}₴${short(Math.abs(kopiykas) / 100)}`);

/** `34.2%` of a share from 0 to 1 */
export const percent = shown((share) => `${tenths.format(share * 100)}%`);
/** `34%`; what is little is not nothing. */
export const percentWhole = shown((share) => (share > 0 && share < 0.005 ? "<1%" : `${whole.format(share * 100)}%`));

/** `+12.3%`, from before to now; a dash where there was nothing before. */
export function change(now: number, before: number): string {
  const by = now / before - 1;
  if (!Number.isFinite(by)) return NONE;
  const text = percent(Math.abs(by));
  return text === "0.0%" ? "±0.0%" : `${by > 0 ? "+" : "−"}${text}`;
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
