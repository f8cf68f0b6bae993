import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { coffeeTables } from "../../generator/tables/index.ts";
import { sourcesFile, sourcesYml } from "../../transform/sources.ts";

describe("dbt's sources", () => {
  it("list the defined tables, column by column", async () => {
    const text = await readFile(sourcesFile, "utf8");
    expect(text, "out of date: run npx node transform/sources.ts").to.equal(sourcesYml());
  });

  it("give each table and column a description, and each column a type", () => {
    expect(sourcesYml()).to.include(`      - name: order_details
        description: "Lines of the orders"
`);
    expect(sourcesYml()).to.include(`        columns:
          - name: order_detail_id
            description: "Line: the order's number followed by the line's"
            data_type: integer
`);
  });

  it("test every range that the load checks, and that no required text is empty", () => {
    const text = sourcesYml();
    for (const table of coffeeTables) {
      const test = text.split(`name: ${table.table}_within_bounds`)[1]?.split("columns:")[0] ?? "";
      for (const [name, { type, mode, range }] of Object.entries(table.columns)) {
        if (range?.min !== undefined) expect(test, name).to.include(`${name} >= ${range.min}`);
        if (range?.max !== undefined) expect(test, name).to.include(`${name} <= ${range.max}`);
        if (type === "STRING" && mode === "REQUIRED") expect(test, name).to.include(`trim(${name}) <> ''`);
      }
    }
  });
});
