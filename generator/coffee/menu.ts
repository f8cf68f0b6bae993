import { dayOf } from "./calendar.ts";

export const categories = ["Beverage", "Pastry", "Savory"] as const;

type Category = (typeof categories)[number];

/** The days on which list prices change, each the first of a month like a launch. Each product has one price for each of them. */
const priceDays = ["2022-01-01", "2022-11-01", "2023-10-01", "2024-09-01", "2025-06-01", "2026-04-01"].map(dayOf);

interface Traits {
  /** Cost of one as a fraction of the price. */
  readonly cost: number;
  readonly calories: number;
  /** How often it is chosen, relative to the others of its category. */
  readonly popularity: number;
  readonly vegan?: boolean;
  /** Above 0 it sells better in summer, below 0 in winter: July's sales are e^(2 * season) times January's. */
  readonly season?: number;
  /** Popularity gained per year, as a fraction of the first year's. */
  readonly growth?: number;
  /** The first of a month, because menus change by month; by default the first price day. */
  readonly launchedOn?: string;
}

export interface Product extends Required<Omit<Traits, "launchedOn">> {
  readonly name: string;
  readonly category: Category;
  readonly subcategory: string;
  /** List prices in kopiykas, one for each price day. */
  readonly prices: readonly number[];
  readonly launchedOn: number;
}

const kindOf =
  (category: Category) =>
  (name: string, subcategory: string, hryvnias: readonly number[], { launchedOn, ...traits }: Traits): Product => {
    if (hryvnias.length !== priceDays.length) throw new Error(`${name} needs one price for each price day`);
    if (!hryvnias.every(Number.isInteger))
      throw new Error(`${name} needs prices in whole hryvnias: guests have no coins for less`);
    const prices = hryvnias.map((price) => price * 100);
    const launch = launchedOn === undefined ? (priceDays[0] as number) : dayOf(launchedOn);
    return { name, category, subcategory, prices, vegan: false, season: 0, growth: 0, launchedOn: launch, ...traits };
  };

const drink = kindOf("Beverage");
const pastry = kindOf("Pastry");
const savory = kindOf("Savory");

/** The menu. A product's id is its position here, from 1. Prices are like those of Kyiv's coffee shops: whole hryvnias. */
export const products: readonly Product[] = [
  drink("Espresso", "Coffee", [38, 42, 45, 50, 55, 60], { cost: 0.2, calories: 5, popularity: 9, vegan: true }),
  drink("Americano", "Coffee", [42, 45, 50, 55, 60, 65], { cost: 0.2, calories: 10, popularity: 14, vegan: true }),
  drink("Cappuccino", "Coffee", [52, 58, 65, 70, 78, 85], { cost: 0.26, calories: 140, popularity: 22 }),
  drink("Flat White", "Coffee", [62, 70, 78, 85, 92, 99], { cost: 0.27, calories: 170, popularity: 13 }),
  drink("Latte", "Coffee", [58, 62, 70, 78, 85, 92], { cost: 0.28, calories: 190, popularity: 16 }),
  drink("Black Tea", "Tea", [40, 45, 50, 55, 60, 65], {
    cost: 0.15,
    calories: 2,
    popularity: 7,
    vegan: true,
    season: -0.4,
  }),
  drink("Hot Chocolate", "Chocolate", [65, 72, 80, 85, 95, 105], {
    cost: 0.3,
    calories: 290,
    popularity: 6,
    season: -0.9,
  }),
  drink("Cold Brew", "Cold coffee", [70, 75, 82, 90, 98, 105], {
    cost: 0.22,
    calories: 15,
    popularity: 8,
    vegan: true,
    season: 1.2,
  }),
  drink("Matcha Latte", "Tea", [85, 90, 98, 110, 120, 130], {
    cost: 0.33,
    calories: 180,
    popularity: 3,
    growth: 0.9,
    launchedOn: "2022-07-01",
  }),
  pastry("Butter Croissant", "Croissant", [45, 52, 58, 65, 72, 79], {
    cost: 0.36,
    calories: 310,
    popularity: 14,
  }),
  pastry("Almond Croissant", "Croissant", [65, 70, 78, 88, 95, 105], {
    cost: 0.38,
    calories: 420,
    popularity: 8,
    launchedOn: "2023-03-01",
  }),
  pastry("Cinnamon Roll", "Bun", [55, 62, 68, 75, 82, 90], { cost: 0.34, calories: 380, popularity: 11 }),
  pastry("Cheesecake", "Cake", [85, 95, 105, 115, 128, 140], { cost: 0.4, calories: 410, popularity: 7 }),
  savory("Ham and Cheese Sandwich", "Sandwich", [95, 105, 118, 130, 145, 155], {
    cost: 0.42,
    calories: 430,
    popularity: 12,
  }),
  savory("Hummus Wrap", "Wrap", [90, 99, 110, 122, 135, 148], {
    cost: 0.37,
    calories: 360,
    popularity: 7,
    vegan: true,
    growth: 0.1,
  }),
  savory("Spinach Quiche", "Quiche", [85, 92, 105, 115, 128, 139], { cost: 0.4, calories: 340, popularity: 9 }),
];

/** List price of a product on a day, in kopiykas. */
export function priceOn(of: Product, day: number): number {
  const next = priceDays.findIndex((from) => from > day);
  return of.prices.at(next === -1 ? -1 : Math.max(0, next - 1)) as number;
}

/** How often a product is chosen within its category in an average season; 0 before its launch. */
export function popularityOn({ popularity, growth, launchedOn }: Product, day: number): number {
  return day < launchedOn ? 0 : popularity * (1 + (growth * (day - launchedOn)) / 365);
}
