import { expect } from "chai";
import { catalogOf, tablesOf } from "../src/room.ts";
import { tables } from "./every-rule.ts";

describe("A party's catalog", () => {
  const catalog = catalogOf(tables);
  const members = catalog.find(({ id }) => id === "shop-project.linked.members");

  it("has every way to write a table's name: with or without its project, quoted in whole or in parts", () => {
    expect(members?.paths).to.have.deep.members([
      ["linked", "members"],
      ["linked.members"],
      ["shop-project", "linked", "members"],
      ["shop-project", "linked.members"],
      ["shop-project.linked", "members"],
      ["shop-project.linked.members"],
    ]);
  });

  it("identifies a table by the name that the party writes, so that two links to one source differ", () => {
    const names = catalog.map(({ id }) => id);
    expect(new Set(names).size).to.equal(names.length);
    expect(tablesOf(tables)("shop-project.linked.members").id).to.equal("wallet-project.linked.members");
  });

  it("has only the party's own tables", () => {
    expect(catalogOf([])).to.deep.equal([]);
    expect(() => tablesOf([])("shop-project.own.users")).to.throw("the catalog has no table shop-project.own.users");
  });
});
