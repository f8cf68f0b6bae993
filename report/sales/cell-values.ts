import { at } from "../column-math.ts";
import type { SalesCells, SalesCube, SalesTotals } from "./shape.ts";

/** Reads what one cell adds to the totals. */
type CellValues = (cell: number) => SalesTotals;

type Columns = { readonly [Name in keyof SalesCells]: ArrayLike<number> };

/** All orders of a cell. */
export function wholeOrders(cells: Columns): CellValues {
  return (cell) => ({
    orders: at(cells.orders, cell),
    refunded: at(cells.refundedOrders, cell),
    items: at(cells.items, cell),
    discounted: at(cells.discountedOrders, cell),
    subTotal: at(cells.subTotal, cell),
    discount: at(cells.discount, cell),
    net: at(cells.net, cell),
    margin: at(cells.margin, cell),
  });
}

/**
 * The orders with products of some categories, with the revenue and pieces of these products alone. The cube does not know which of these
 * orders were discounted or earned how much: those totals are 0.
 */
export function partsOfOrders(cube: SalesCube, cells: Columns, categories: readonly string[]): CellValues {
  const { products, mixes } = placesOf(cube, categories);
  const add = (matrix: ArrayLike<number>, cell: number, width: number, places: readonly number[]) =>
    places.reduce((sum, place) => sum + at(matrix, cell * width + place), 0);
  const none = { discounted: 0, subTotal: 0, discount: 0, margin: 0 };
  return (cell) => ({
    ...none,
    orders: add(cells.ordersByMix, cell, cube.mixes.length, mixes),
    refunded: add(cells.refundedByMix, cell, cube.mixes.length, mixes),
    items: add(cells.itemsByProduct, cell, cube.products.length, products),
    net: add(cells.netByProduct, cell, cube.products.length, products),
  });
}

/** The products of some categories, and the mixes that contain one of them, as places in the cube's lists. */
export function placesOf({ products, mixes }: SalesCube, categories: readonly string[]) {
  const all = (list: readonly unknown[]) => [...list.keys()];
  if (categories.length === 0) return { products: all(products), mixes: all(mixes) };
  return {
    products: all(products).filter((i) => categories.includes(products[i]?.category ?? "")),
    mixes: all(mixes).filter((i) => {
      const name = mixes[i]?.name ?? "";
      return name === "All Categories" || categories.some((category) => name.includes(category));
    }),
  };
}

/** The categories of the cube's products, sorted. */
export function categoriesOf({ products }: SalesCube): string[] {
  return [...new Set(products.map(({ category }) => category))].sort();
}
