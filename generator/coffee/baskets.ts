import { type Encoded, encode } from "../csv/bytes.ts";
import { isoDay } from "./calendar.ts";
import { type Choices, choices } from "./draws.ts";
import { categories, type Product, popularityOn, priceOn, products } from "./menu.ts";
import { FAVOURITE } from "./tastes.ts";

/** Parts of the day in which people order differently: before 11, from 11 to 15, and after. */
const dayparts = 3;
const daypartOf = (hour: number): number => (hour < 11 ? 0 : hour < 15 ? 1 : 2);

/** Weights of the categories (beverage, pastry, savory) for an order's first line, by daypart. */
const firstCategory: readonly (readonly number[])[] = [
  [0.88, 0.09, 0.03],
  [0.68, 0.1, 0.22],
  [0.76, 0.17, 0.07],
];

/** Weights of the categories for an order's other lines, by the kind of the first line: another drink is for a companion. */
const furtherCategory = {
  coffee: [0.38, 0.46, 0.16],
  otherDrink: [0.38, 0.4, 0.22],
  pastry: [0.76, 0.16, 0.08],
  savory: [0.74, 0.16, 0.1],
} as const;
type FirstLine = keyof typeof furtherCategory;
const firstLines = Object.keys(furtherCategory) as FirstLine[];

/** How many times as often a croissant is chosen with a coffee. */
const CROISSANT_WITH_COFFEE = 1.7;

/** The menu of a month: prices in kopiykas and the choices of products, by a product's index in `products`. */
export interface Menu {
  readonly prices: Int32Array;
  /** The same as text, in hryvnias. */
  readonly priceTexts: readonly Encoded[];
  /** An order's first product, by hour. */
  readonly first: readonly Choices[];
  /** An order's other products, by the first one. */
  readonly further: readonly Choices[];
  /** How often customers order their favourite, if it is this product, without a look at the menu: rarely outside its season. */
  readonly favourite: Float64Array;
}

/** The menu of the month that begins on a day. Prices, products and tastes change with the month. */
export function menuOf(firstOfMonth: number): Menu {
  const month = Number(isoDay(firstOfMonth).slice(5, 7));
  const summer = Math.cos((2 * Math.PI * (month - 7)) / 12);
  const popularity = products.map((product) => popularityOn(product, firstOfMonth) * Math.exp(product.season * summer));
  const totals = categories.map((category) =>
    products.reduce((sum, product, i) => sum + (product.category === category ? (popularity[i] as number) : 0), 0),
  );
  const choose = (weights: readonly number[], affinity: (product: Product) => number): Choices =>
    choices(
      products.map((product, i) => {
        const category = categories.indexOf(product.category);
        const share = (popularity[i] as number) / (totals[category] as number);
        return (weights[category] as number) * share * affinity(product);
      }),
    );

  const byDaypart = Array.from({ length: dayparts }, (_, part) => choose(firstCategory[part] as number[], () => 1));
  const byFirstLine = firstLines.map((first) =>
    choose(furtherCategory[first], ({ subcategory }) =>
      first === "coffee" && subcategory === "Croissant" ? CROISSANT_WITH_COFFEE : 1,
    ),
  );
  const prices = Int32Array.from(products, (product) => priceOn(product, firstOfMonth));
  return {
    prices,
    priceTexts: Array.from(prices, (price) => encode((price / 100).toFixed(2))),
    first: Array.from({ length: 24 }, (_, hour) => byDaypart[daypartOf(hour)] as Choices),
    further: products.map((product) => byFirstLine[firstLines.indexOf(firstLineOf(product))] as Choices),
    favourite: Float64Array.from(products, ({ season }) => FAVOURITE * Math.exp(season * summer - Math.abs(season))),
  };
}

function firstLineOf({ category, subcategory }: Product): FirstLine {
  if (category === "Pastry") return "pastry";
  if (category === "Savory") return "savory";
  return subcategory === "Coffee" || subcategory === "Cold coffee" ? "coffee" : "otherDrink";
}
