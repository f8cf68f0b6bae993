/*
 * Protobuf messages as JSON, in protobuf's own mapping: 64-bit integers as text, bytes as base64, enum values by name, timestamps as ISO text.
 * A general library builds all of the analyser's messages before it reads the first, which takes longer than most queries run. This one
 * looks at a message when it is first used. It leaves out what the analyser's messages lack: groups, Any, extensions.
 */

export type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json;
}

/** Reads and writes the messages that a set of descriptors describes. */
export interface Messages {
  /** Writes a message, such as "google.protobuf.Timestamp". Throws Error for a field that the message lacks. */
  encode(type: string, json: JsonObject): Buffer;
  /** Reads a message. Fields that nothing set are left out. Throws TooDeep if messages nest deeper than `DEEPEST`. */
  decode(type: string, bytes: Uint8Array): JsonObject;
  /** Writes a field of a message that holds an encoded message: the bytes to append to those of the message. */
  field(type: string, name: string, encoded: Uint8Array): Buffer;
}

/** Messages nest deeper than any query that can be run. */
export class TooDeep extends Error {}

/** A response nests as deeply as the query does, with about three messages for each operator. */
const DEEPEST = 600;

interface Field {
  readonly name: string;
  readonly number: number;
  readonly kind: number;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** The message or enum. */
  readonly of: string;
}

interface Message {
  readonly byNumber: ReadonlyMap<number, Field>;
  readonly byName: ReadonlyMap<string, Field>;
}

/** FieldDescriptorProto.Type. */
const [DOUBLE, FLOAT, INT64, UINT64, BOOL, STRING, MESSAGE, BYTES, ENUM] = [1, 2, 3, 4, 8, 9, 11, 12, 14];

/** The wire types: a varint, eight bytes, a length with bytes, four bytes. */
const [VARINT, EIGHT, LENGTH, FOUR] = [0, 1, 2, 5];

/** @param descriptors a FileDescriptorSet, whose fields have JSON names */
export function messagesOf(descriptors: Uint8Array): Messages {
  const texts = new Map<string, Uint8Array>();
  const enumTexts = new Map<string, Uint8Array>();
  const index = (prefix: string, bytes: Uint8Array, messages: number, enums: number): void => {
    for (const part of partsOf(bytes, enums)) enumTexts.set(prefix + textIn(part, 1), part);
    for (const part of partsOf(bytes, messages)) {
      const name = prefix + textIn(part, 1);
      texts.set(name, part);
      index(`${name}.`, part, 3, 4);
    }
  };
  for (const file of partsOf(descriptors, 1)) index(`${textIn(file, 2)}.`, file, 4, 5);
  const messages = new Map<string, Message>();
  const message = (type: string): Message => {
    const known = messages.get(type);
    if (known) return known;
    const described = describedBy(type);
    messages.set(type, described);
    return described;
  };
  const describedBy = (type: string): Message => {
    const described = texts.get(type);
    if (described === undefined) throw new Error(`there is no message ${type}`);
    const fields = partsOf(described, 2).map((field) => fieldOf(field, texts));
    return {
      byNumber: new Map(fields.map((field) => [field.number, field])),
      byName: new Map(fields.map((field) => [field.name, field])),
    };
  };
  const enums = new Map<string, { readonly names: Map<number, string>; readonly numbers: Map<string, number> }>();
  const values = (type: string) => {
    const known = enums.get(type);
    if (known) return known;
    const found = partsOf(enumTexts.get(type) ?? NONE, 2).map(
      (value) => [textIn(value, 1), numberIn(value, 2)] as const,
    );
    // Of several names for one number, the first counts.
    const both = { names: new Map(found.toReversed().map(([name, at]) => [at, name])), numbers: new Map(found) };
    enums.set(type, both);
    return both;
  };

  const read = (type: string, reader: Reader, end: number, depth: number): JsonObject => {
    if (depth > DEEPEST) throw new TooDeep("messages nest too deeply");
    const { byNumber } = message(type);
    const json: Record<string, Json> = {};
    while (reader.at < end) {
      const tag = reader.small();
      const [field, wire] = [byNumber.get(tag >>> 3), tag & 7];
      if (field === undefined) {
        reader.skip(wire);
        continue;
      }
      const until = wire === LENGTH && isPacked(field) ? reader.small() + reader.at : reader.at + 1;
      while (reader.at < until) {
        const value = readValue(field, reader, depth);
        if (field.isMap) {
          const { key, value: of } = value as { key?: Json; value?: Json };
          json[field.name] = { ...(json[field.name] as JsonObject), [String(key)]: of ?? {} };
        } else if (!field.isRepeated) json[field.name] = value;
        else {
          const list = json[field.name] as Json[] | undefined;
          if (list) list.push(value);
          else json[field.name] = [value];
        }
      }
    }
    return type === TIMESTAMP ? { iso: isoOf(json) } : json;
  };
  const readValue = ({ kind, of }: Field, reader: Reader, depth: number): Json => {
    switch (kind) {
      case MESSAGE: {
        const end = reader.small() + reader.at;
        const value = read(of, reader, end, depth + 1);
        return of === TIMESTAMP ? value.iso : value;
      }
      case STRING:
        return reader.text();
      case BYTES:
        return Buffer.from(reader.bytes()).toString("base64");
      case BOOL:
        return reader.small() !== 0;
      case ENUM: {
        const number = reader.small() | 0;
        return values(of).names.get(number) ?? number;
      }
      case DOUBLE:
      case FLOAT: {
        const number = kind === DOUBLE ? reader.double() : reader.float();
        return Number.isFinite(number) ? number : String(number);
      }
      case INT64:
        return reader.large(true);
      case UINT64:
        return reader.large(false);
      default:
        return kind === UINT32 ? reader.small() >>> 0 : reader.small() | 0;
    }
  };

  const write = (type: string, json: JsonObject): Buffer => {
    const { byName } = message(type);
    const parts: Uint8Array[] = [];
    for (const [name, value] of Object.entries(json)) {
      if (value === undefined || value === null) continue;
      const field = byName.get(name);
      if (field === undefined) throw new Error(`the message ${type} has no field ${name}`);
      const entries = field.isMap ? Object.entries(value).map(([key, value]) => ({ key, value })) : value;
      for (const each of field.isRepeated ? (entries as Json[]) : [value]) parts.push(...writeValue(field, each));
    }
    return Buffer.concat(parts);
  };
  const writeValue = ({ kind, number, of }: Field, value: Json): Uint8Array[] => {
    const tagged = (wire: number, ...bytes: Uint8Array[]) => [varint((number << 3) | wire), ...bytes];
    const sized = (bytes: Uint8Array) => tagged(LENGTH, varint(bytes.length), bytes);
    switch (kind) {
      case MESSAGE:
        return sized(write(of, of === TIMESTAMP ? timestampOf(value as string) : (value as JsonObject)));
      case STRING:
        return sized(Buffer.from(value as string));
      case BYTES:
        return sized(Buffer.from(value as string, "base64"));
      case BOOL:
        return tagged(VARINT, varint(value ? 1 : 0));
      case ENUM: {
        const known = typeof value === "number" ? value : values(of).numbers.get(value as string);
        if (known === undefined) throw new Error(`the enum ${of} has no ${value}`);
        return tagged(VARINT, varint(known));
      }
      case DOUBLE: {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(Number(value));
        return tagged(EIGHT, bytes);
      }
      case FLOAT: {
        const bytes = Buffer.alloc(4);
        bytes.writeFloatLE(Number(value));
        return tagged(FOUR, bytes);
      }
      default:
        return tagged(VARINT, varint(value as string | number));
    }
  };
  return {
    encode: write,
    decode: (type, bytes) => read(type, new Reader(bytes), bytes.length, 0),
    field(type, name, encoded) {
      const { number } = message(type).byName.get(name) ?? { number: 0 };
      return Buffer.concat([varint((number << 3) | LENGTH), varint(encoded.length), encoded]);
    },
  };
}

const UINT32 = 13;
const TIMESTAMP = "google.protobuf.Timestamp";

function isPacked({ kind, isRepeated }: Field): boolean {
  return isRepeated && kind !== MESSAGE && kind !== STRING && kind !== BYTES;
}

const NONE = new Uint8Array();

/** Reads a FieldDescriptorProto. */
function fieldOf(bytes: Uint8Array, messages: ReadonlyMap<string, Uint8Array>): Field {
  const of = textIn(bytes, 6).slice(1);
  const isRepeated = numberIn(bytes, 4) === 3;
  const [options = NONE] = isRepeated ? partsOf(messages.get(of) ?? NONE, 7) : [];
  const isMap = numberIn(options, 7) === 1;
  return { name: textIn(bytes, 10), number: numberIn(bytes, 3), kind: numberIn(bytes, 5), isRepeated, isMap, of };
}

/** The texts or messages in a field of a message. */
function partsOf(message: Uint8Array, wanted: number): Buffer[] {
  const reader = new Reader(message);
  const parts: Buffer[] = [];
  while (reader.at < message.length) {
    const tag = reader.small();
    if (tag >>> 3 === wanted && (tag & 7) === LENGTH) parts.push(reader.bytes());
    else reader.skip(tag & 7);
  }
  return parts;
}

function textIn(message: Uint8Array, wanted: number): string {
  return String(partsOf(message, wanted)[0] ?? "");
}

/** A field of a message that holds an integer; 0 if it is not set. */
function numberIn(message: Uint8Array, wanted: number): number {
  const reader = new Reader(message);
  while (reader.at < message.length) {
    const tag = reader.small();
    if (tag >>> 3 === wanted && (tag & 7) === VARINT) return reader.small() | 0;
    reader.skip(tag & 7);
  }
  return 0;
}

class Reader {
  at = 0;
  readonly all: Buffer;

  constructor(all: Uint8Array) {
    this.all = Buffer.from(all.buffer, all.byteOffset, all.length);
  }

  /** A varint; of a larger one, the lowest 32 bits. */
  small(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.all[this.at++] ?? 0;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return shift < 28 ? value : value >>> 0;
    }
  }

  /** A varint of 64 bits, as text. */
  large(isSigned: boolean): string {
    const from = this.at;
    while ((this.all[this.at++] ?? 0) > 127);
    if (this.at - from < 5) {
      this.at = from;
      return String(this.small());
    }
    let value = 0n;
    for (let at = this.at - 1; at >= from; at--) value = (value << 7n) | BigInt((this.all[at] ?? 0) & 127);
    return String(isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
  }

  text(): string {
    const end = this.small() + this.at;
    const text = this.all.toString("utf8", this.at, end);
    this.at = end;
    return text;
  }

  bytes(): Buffer {
    const size = this.small();
    this.at += size;
    return this.all.subarray(this.at - size, this.at);
  }

  double(): number {
    this.at += 8;
    return this.all.readDoubleLE(this.at - 8);
  }

  float(): number {
    this.at += 4;
    return this.all.readFloatLE(this.at - 4);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.small();
    else if (wire === LENGTH) this.at = this.small() + this.at;
    else if (wire === EIGHT) this.at += 8;
    else if (wire === FOUR) this.at += 4;
    else throw new Error(`the wire type ${wire} is unknown`);
  }
}

function varint(value: number | string): Buffer {
  if (typeof value === "number" && value >= 0 && value < 128) return Buffer.of(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function isoOf({ seconds = "0", nanos = 0 }: { readonly seconds?: Json; readonly nanos?: Json }): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -".000Z".length);
  const digits = String(nanos)
    .padStart(9, "0")
    .replace(/(000)+$/, "");
  return digits === "" ? `${whole}Z` : `${whole}.${digits}Z`;
}

function timestampOf(iso: string): JsonObject {
  const [, whole, fraction = ""] = /^(.*?)(?:[.](\d+))?Z$/.exec(iso) ?? [];
  return { seconds: String(Date.parse(`${whole}Z`) / 1000), nanos: Number(fraction.padEnd(9, "0")) };
}
