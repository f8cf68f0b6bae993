import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { sourcesFile, sourcesYml } from "../../transform/sources.ts";

describe("dbt's sources", () => {
  it("are the defined tables, column by column", async () => {
    const text = await readFile(sourcesFile, "utf8");
    expect(text, "out of date: run node transform/sources.ts").to.equal(sourcesYml());
  });

  it("name a table and its columns with type and description", () => {
    expect(sourcesYml()).to.include(`      - name: order_details
        description: "Lines of the orders"
        columns:
          - name: order_detail_id
            description: "Line: the order's number followed by the line's"
            data_type: integer
`);
  });
});
