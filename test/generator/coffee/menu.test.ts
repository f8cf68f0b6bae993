import { expect } from "chai";
import { dayOf, isoDay } from "../../../generator/coffee/calendar.ts";
import { categories, priceOn, products } from "../../../generator/coffee/menu.ts";
import { products as menu } from "../../../generator/tables/coffee.ts";

describe("the menu", () => {
  const cappuccino = products.find(({ name }) => name === "Cappuccino");
  const changes: [string, number][] = [
    ["2022-01-10", 5200],
    ["2022-10-31", 5200],
    ["2022-11-01", 5800],
    ["2026-03-31", 7800],
    ["2026-04-01", 8500],
    ["2031-12-31", 8500],
  ];
  for (const [day, kopiykas] of changes) {
    it(`has the cappuccino at ${kopiykas / 100} hryvnias on ${day}`, () => {
      expect(cappuccino && priceOn(cappuccino, dayOf(day))).to.equal(kopiykas);
    });
  }

  it("has no two products with one name, and sells each category from the first day", () => {
    expect(new Set(products.map(({ name }) => name)).size).to.equal(products.length);
    const first = products.filter(({ launchedOn }) => launchedOn === dayOf("2022-01-01"));
    expect(new Set(first.map(({ category }) => category))).to.deep.equal(new Set(categories));
  });

  it("has the groups that the descriptions of its columns name", () => {
    const { product_category, product_subcategory } = menu.columns;
    const [, ...groups] = /such as (\w+) or (\w+)$/.exec(product_subcategory.description) ?? [];
    expect(products.map(({ subcategory }) => subcategory)).to.include.members(groups);
    expect(groups).to.have.length(2);
    expect(product_category.description.split(/, | or /)).to.deep.equal([...categories]);
  });

  it("has prices in whole hryvnias, as menus in Kyiv do, and none that falls", () => {
    for (const { name, prices } of products) {
      for (const price of prices) expect(price % 100, name).to.equal(0);
      expect(
        [...prices].sort((a, b) => a - b),
        name,
      ).to.deep.equal(prices);
    }
  });

  // Orders take the menu of a month's first day for the whole month.
  it("adds products on the first of a month only", () => {
    for (const { name, launchedOn } of products) expect(isoDay(launchedOn), name).to.match(/-01$/);
  });
});
