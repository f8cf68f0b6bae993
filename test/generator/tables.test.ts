import { expect } from "chai";
import { bigquerySchema, csvHeader } from "../../generator/tables/derive.ts";
import { allTables } from "../../generator/tables/index.ts";
import { columnNames, fullName } from "../../generator/tables/table.ts";

// warehouse/warehouses.test.ts tests that every table's rows survive the way from a CSV file into both warehouses.
describe("the table definitions", () => {
  it("name every table once", () => {
    const names = allTables.map(fullName);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const table of allTables) {
    describe(fullName(table), () => {
      const column = (name: string) => table.columns[name];

      it("has a description on itself and on every column", () => {
        expect(table.description).to.match(/\S/);
        for (const { name, description } of bigquerySchema(table)) expect(description, name).to.match(/\S/);
      });

      it("has names that need no quotes in a CSV file or in SQL", () => {
        expect(csvHeader(table).split(",")).to.deep.equal(columnNames(table));
        for (const name of columnNames(table)) expect(name).to.match(/^[a-z][a-z0-9_]*$/);
      });

      it("has a primary key that every row fills", () => {
        expect(table.primaryKey).to.not.have.length(0);
        for (const name of table.primaryKey) expect(column(name)?.mode, name).to.equal("REQUIRED");
      });

      it("refers to tables that are declared before it, by columns of their type", () => {
        const earlier = allTables.slice(0, allTables.indexOf(table));
        for (const { column: from, references } of table.foreignKeys ?? []) {
          const to = earlier.find((other) => fullName(other) === `${references.dataset}.${references.table}`);
          expect(to?.primaryKey, from).to.deep.equal([references.column]);
          expect(to?.columns[references.column]?.type, from).to.equal(column(from)?.type);
        }
      });

      it("is partitioned and clustered as BigQuery allows", () => {
        if (table.partitioning) expect(column(table.partitioning.field)?.type).to.be.oneOf(["DATE", "TIMESTAMP"]);
        expect(table.clustering?.length ?? 0).to.be.at.most(4);
        for (const name of table.clustering ?? []) expect(columnNames(table)).to.include(name);
      });

      it("marks e-mail addresses, names, birth dates and places of residence as identifying", () => {
        const identifying = /^(email|.*_name|date_of_birth|birth_year|street_address|postal_code)$/;
        const people = columnNames(table).some((name) => /email|birth/.test(name));
        for (const name of people ? columnNames(table).filter((of) => identifying.test(of)) : [])
          expect(column(name)?.pii, name).to.equal(true);
      });
    });
  }
});
