import { expect } from "chai";
import fc from "fast-check";
import { Bytes, encode } from "../../../generator/csv/bytes.ts";
import { CsvFile } from "../../../generator/csv/csv-file.ts";
import { type ColumnWriters, rowWriter } from "../../../generator/csv/row-writer.ts";
import type { Lake } from "../../../generator/lake/lake.ts";
import { csvLine } from "../../../generator/tables/derive.ts";
import { integer, nullable, string, table } from "../../../generator/tables/table.ts";

const natural = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function written(write: (out: Bytes) => void): string {
  const out = new Bytes(64);
  write(out);
  return new TextDecoder().decode(out.written());
}

/** A textbook CSV reader, to test the writer with. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a CSV file", () => {
  const words = table({ dataset: "d", table: "words", description: "", primaryKey: ["word"] }, { word: string("") });

  it("has each row once, however often its buffers go to the lake", async () => {
    const texts = Array.from({ length: 60 }, (_, row) => `${row}`.padEnd(100_000, "x"));
    const chunks: Buffer[] = [];
    const lake = {
      create: async () => ({
        write: async (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk)),
        close: async () => ({ bytes: 0, md5: "" }),
        abort: async () => {},
      }),
    } as unknown as Lake;
    const { rows } = await CsvFile.write(
      lake,
      "words.csv",
      words,
      texts.map((word) => ({ word })),
    );
    expect(rows).to.equal(texts.length);
    expect(chunks.length).to.be.above(3);
    expect(Buffer.concat(chunks).toString()).to.equal(["word", ...texts, ""].join("\n"));
  });
});

describe("the writer of bytes", () => {
  it("writes integers as they print", () => {
    fc.assert(
      fc.property(natural, (n) => {
        expect(written((out) => out.integer(n))).to.equal(String(n));
      }),
    );
  });

  it("writes powers of ten and their neighbours", () => {
    for (let power = 1; power < 2 ** 31; power *= 10) {
      for (const n of [power - 1, power, power + 1]) expect(written((out) => out.integer(n))).to.equal(String(n));
    }
  });

  it("pads digits with leading zeros", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99999 }), (n) => {
        expect(written((out) => out.digits(n, 5))).to.equal(String(n).padStart(5, "0"));
      }),
    );
  });

  it("writes money with two decimal places", () => {
    fc.assert(
      fc.property(natural, (kopiykas) => {
        expect(written((out) => out.hundredths(kopiykas))).to.equal((kopiykas / 100).toFixed(2));
      }),
    );
  });

  it("keeps its bytes when it grows", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const [out, copy] = [new Bytes(1), new Bytes(0)];
        for (const text of texts) {
          const bytes = encode(text);
          out.reserve(bytes.length);
          out.text(bytes);
        }
        copy.reserve(out.length);
        copy.copy(out);
        for (const bytes of [out, copy])
          expect(Buffer.from(bytes.written())).to.deep.equal(Buffer.from(texts.join("")));
      }),
    );
  });
});

describe("the writer of CSV", () => {
  const guests = table(
    { dataset: "d", table: "guests", description: "", primaryKey: ["id"] },
    { id: integer(""), name: string(""), note: nullable(string("")) },
  );

  it("writes any text so that it reads back, and tells null from empty", () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", "ї") }), (id, name) => {
        const line = csvLine(guests, { id, name, note: null });
        expect(parseCsv(line)).to.deep.equal([[String(id), name, ""]]);
      }),
    );
    expect(csvLine(guests, { id: 1, name: "", note: null })).to.equal('1,"",\n');
  });

  it("puts columns into the definition's order, whatever the order of their writers", () => {
    const write = rowWriter<typeof guests.columns, number>(guests, {
      note: (out) => out.text(encode("n")),
      name: (out) => out.text(encode("Oksana")),
      id: (out, id) => out.integer(id),
    });
    expect(written((out) => write(out, 7))).to.equal("7,Oksana,n\n");
  });

  it("does not compile with a column missing or unknown", () => {
    const id = () => {};
    // @ts-expect-error note is missing
    const missing: ColumnWriters<typeof guests.columns, number> = { id, name: id };
    // @ts-expect-error age is not a column
    const unknown: ColumnWriters<typeof guests.columns, number> = { id, name: id, note: id, age: id };
    expect([missing, unknown]).to.have.length(2);
  });
});
