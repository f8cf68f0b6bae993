import { expect } from "chai";
import fc from "fast-check";
import { readRecords } from "../../../generator/warehouse/read-csv.ts";

const read = async (text: string, cut = text.length) => {
  const bytes = Buffer.from(text);
  const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
  const records = [];
  for await (const record of readRecords({ name: "file.csv", chunks })) records.push(record);
  return records;
};

describe("reading CSV records", () => {
  const field = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "é", "a", " ") }));
  const record = fc.array(field, { minLength: 2, maxLength: 5 });

  it("gives back the fields of any records, wherever the bytes are cut", () =>
    fc.assert(
      fc.asyncProperty(fc.array(record), fc.constantFrom("\n", "\r\n"), fc.nat(), async (records, end, cut) => {
        const text = records
          .map((fields) => fields.map((value) => `"${value.replaceAll('"', '""')}"`).join(",") + end)
          .join("");
        const found = await read(text, cut % (Buffer.byteLength(text) + 1));
        expect(found.map(({ fields }) => fields)).to.deep.equal(records);
      }),
      { seed: 42 },
    ));

  it("counts lines as an editor does, empty ones and those within quotes too", async () => {
    expect(await read('a,b\n\n1,"x\ny"\n2,z')).to.deep.equal([
      { line: 1, fields: ["a", "b"] },
      { line: 3, fields: ["1", "x\ny"] },
      { line: 5, fields: ["2", "z"] },
    ]);
  });

  it("keeps a quote within an unquoted value", async () => {
    expect((await read('5" cup,b"c\n'))[0]?.fields).to.deep.equal(['5" cup', 'b"c']);
  });
});
