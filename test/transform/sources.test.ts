import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { sourcesFile, sourcesYml } from "../../transform/sources.ts";

describe("dbt's sources", () => {
  it("list the defined tables, column by column", async () => {
    const text = await readFile(sourcesFile, "utf8");
    expect(text, "out of date: run npx node transform/sources.ts").to.equal(sourcesYml());
  });

  it("give each table and column a description, and each column a type", () => {
    expect(sourcesYml()).to.include(`      - name: order_details
        description: "Lines of the orders"
        columns:
          - name: order_detail_id
            description: "Line: the order's number followed by the line's"
            data_type: integer
`);
  });
});
