import { expect } from "chai";
import { catalogOf, tablesOf } from "../../../cleanroom/rules/room.ts";
import { room } from "./a-room.ts";

describe("a clean room's catalog", () => {
  const catalog = catalogOf(room, "merchant");
  const members = catalog.find(({ id }) => id === "shop-project.linked.members");

  it("has every way to write a table's name, with and without its project, quoted in whole or in parts", () => {
    expect(members?.paths).to.have.deep.members([
      ["linked", "members"],
      ["linked.members"],
      ["shop-project", "linked", "members"],
      ["shop-project", "linked.members"],
      ["shop-project.linked", "members"],
      ["shop-project.linked.members"],
    ]);
  });

  it("calls a table by the name it is reached by, which tells one from another of the same source", () => {
    const names = catalog.map(({ id }) => id);
    expect(new Set(names).size).to.equal(names.length);
    expect(tablesOf(room, "merchant")("shop-project.linked.members").id).to.equal("wallet-project.linked.members");
  });

  it("has no table that the party cannot name", () => {
    expect(catalogOf(room, "wallet")).to.deep.equal([]);
    expect(() => tablesOf(room, "wallet")("shop-project.own.users")).to.throw(
      "the catalog of wallet has no table shop-project.own.users",
    );
  });
});
