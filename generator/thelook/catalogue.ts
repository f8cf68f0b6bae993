import { normal, Random, weighted } from "../random.ts";
import type { thelook } from "../tables/merchant.ts";
import type { Row } from "../tables/table.ts";
import { brands, categories, colors, distributionCenters, styles } from "./catalogue-values.ts";

/*
 * The products of the synthetic thelook. A product depends on the seed and its id alone.
 */

export type Product = Row<typeof thelook.products>;

/** The distribution centers, in the order of their ids. */
export const centers: readonly Row<typeof thelook.distributionCenters>[] = distributionCenters.map(
  ({ name, latitude, longitude }, index) => ({ id: index + 1, name, latitude, longitude }),
);

/** The number of products. It does not grow with the number of users. */
const productCount = categories.reduce((sum, { products }) => sum + products, 0);

const womensProducts = categories.reduce(
  (sum, { department, products }) => sum + (department === "Women" ? products : 0),
  0,
);

/** The first product and the number of products that customers of a gender buy. */
export const productsOf = {
  F: { first: 1, count: womensProducts },
  M: { first: womensProducts + 1, count: productCount - womensProducts },
} as const;

/** How uneven brands are: with this, the largest has about 2 % of the products. */
const BRAND_SKEW = 2.36;
/** Standard deviations of the logarithm of the price: between brands, and within a brand. */
const BETWEEN_BRANDS = 0.4;
const WITHIN_BRAND = 0.62;
const CHEAPEST = 1.5;
const DEAREST = 999;

const centerOf = weighted(distributionCenters.map(({ share }, index) => [index + 1, share] as const));
/** The cents of a price; undefined for any. */
const ending = weighted<number | undefined>([
  [0, 38],
  [99, 22],
  [95, 7],
  [50, 5],
  [98, 4],
  [undefined, 24],
]);

/** Returns all products, in the order of their ids. */
export function catalogue(seed: number): readonly Product[] {
  const random = new Random(seed, "thelook: products");
  const ofBrand = new Random(seed, "thelook: brands");
  const products: Product[] = [];
  for (const of of categories)
    for (let count = 0; count < of.products; count++) {
      const id = products.length + 1;
      random.at(id);
      const brand = brandFor(random, of.department);
      ofBrand.at(brand);
      // All of a brand's products are stored in one place.
      const center = centerOf(ofBrand);
      const spread = BETWEEN_BRANDS * normal(ofBrand) + WITHIN_BRAND * normal(random);
      // The logarithm's mean that gives the category its mean price.
      const middle = Math.log(of.price) - (BETWEEN_BRANDS ** 2 + WITHIN_BRAND ** 2) / 2;
      const price = rounded(random, Math.exp(middle + spread));
      const name = `${brands[brand]} ${of.department}'s ${random.pick(styles)} ${random.pick(colors)} ${random.pick(of.kinds)}`;
      products.push({
        id,
        cost: Math.round(price * (of.cost - 0.05 + random.next() * 0.1) * 10_000) / 10_000,
        category: of.category,
        name,
        brand: brands[brand] as string,
        retail_price: price,
        department: of.department,
        sku: sku(random),
        distribution_center_id: center,
      });
    }
  return products;
}

/** A brand that sells to a department: of five brands, two sell to women only, two to men only, and one to both. */
function brandFor(random: Random, department: "Men" | "Women"): number {
  const others = department === "Women" ? [1, 4] : [0, 3];
  let brand = Math.floor(brands.length * random.next() ** BRAND_SKEW);
  while (others.includes(brand % 5)) brand = (brand + 1) % brands.length;
  return brand;
}

/** A price in USD with a usual ending such as .99, between the cheapest and the most expensive. */
function rounded(random: Random, price: number): number {
  const cents = ending(random);
  const exact = cents === undefined ? Math.round(price * 100) / 100 : Math.floor(price) + cents / 100;
  return Math.min(DEAREST, Math.max(CHEAPEST, exact));
}

function sku(random: Random): string {
  const part = () => random.below(4_294_967_296).toString(16).padStart(8, "0");
  return `${part()}${part()}${part()}${part()}`.toUpperCase();
}
