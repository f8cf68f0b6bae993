import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import fc from "fast-check";
import { messagesOf, TooDeep } from "../../src/analyser/protobuf.ts";
import { namesOf } from "../../src/analyser/service.ts";

const description = fileURLToPath(new URL("../../../../.venv/googlesql.json", import.meta.url));

/* Held against the general library for protobuf, on the analyser's own messages. */

describe("The analyser's messages", () => {
  const bytes = Buffer.from(JSON.parse(readFileSync(description, "utf8")).descriptors, "base64");
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  const messages = messagesOf(bytes);
  const typeOf = (name: string) => registry.getMessage(name) as DescMessage;

  function same(name: string, json: JsonObject): void {
    const type = typeOf(name);
    const theirs = toBinary(type, fromJson(type, json, { registry }));
    const expected = toJson(type, fromBinary(type, theirs), { registry });
    expect(messages.decode(name, theirs), "read").to.deep.equal(expected);
    expect(toJson(type, fromBinary(type, messages.encode(name, json)), { registry }), "written").to.deep.equal(
      expected,
    );
  }

  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant({}),
      fc.record({ int32Value: fc.integer() }),
      fc.record({ int64Value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
      fc.record({ uint64Value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) }),
      fc.record({ boolValue: fc.boolean() }),
      fc.record({
        doubleValue: fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.constantFrom("NaN", "Infinity", "-Infinity"),
        ),
      }),
      fc.record({ floatValue: fc.float({ noNaN: true, noDefaultInfinity: true }) }),
      fc.record({ stringValue: fc.string({ unit: "grapheme" }) }),
      fc.record({ bytesValue: fc.uint8Array().map((part) => Buffer.from(part).toString("base64")) }),
      fc.record({
        timestampValue: fc
          .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
          .map((date) => date.toISOString()),
      }),
      fc.record({ arrayValue: fc.record({ element: fc.array(tie("value"), { maxLength: 3 }) }) }),
      fc.record({ structValue: fc.record({ field: fc.array(tie("value"), { maxLength: 3 }) }) }),
    ),
  })).value as fc.Arbitrary<JsonObject>;

  it("hold the same values as the library reads and writes", () => {
    fc.assert(
      fc.property(value, (json) => same("zetasql.ValueProto", json)),
      { seed: 42, numRuns: 200 },
    );
  });

  it("have enums, repeated enums, maps and messages in messages", () => {
    same("zetasql.AnalyzerOptionsProto", {
      errorMessageMode: "ERROR_MESSAGE_ONE_LINE",
      enabledRewrites: ["REWRITE_PIVOT", "REWRITE_UNPIVOT"],
      pruneUnusedColumns: false,
      languageOptions: { supportedStatementKinds: ["RESOLVED_QUERY_STMT"], productMode: "PRODUCT_EXTERNAL" },
    });
    same(namesOf("RegisterCatalog").request, {
      simpleCatalog: { name: "", table: [{ name: "t", column: [{ name: "a", type: { typeKind: "TYPE_INT64" } }] }] },
      tableContent: { t: { tableData: { row: [{ cell: [{ int64Value: "7" }] }] } }, empty: {} },
    });
  });

  it("are refused if a field or a value of an enum is unknown, and if they nest too deeply", () => {
    const request = namesOf("Analyze").request;
    expect(() => messages.encode(request, { nothing: 1 })).to.throw("has no field nothing");
    expect(() => messages.encode("zetasql.TypeProto", { typeKind: "TYPE_NONE" })).to.throw("has no TYPE_NONE");
    expect(() => messages.encode("zetasql.Nothing", {})).to.throw("no message zetasql.Nothing");
    let deep: JsonObject = {};
    for (let depth = 0; depth < 700; depth++) deep = { arrayValue: { element: [deep] } };
    expect(() => messages.decode("zetasql.ValueProto", messages.encode("zetasql.ValueProto", deep))).to.throw(TooDeep);
  });
});
