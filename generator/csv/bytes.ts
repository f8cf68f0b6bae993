const COMMA = 44;
const DOT = 46;
const NEWLINE = 10;
const ZERO = 48;

/** The most bytes in a row. */
export const ROW_BYTES = 512;

/** Text as bytes, encoded once and written many times. A word holds eight bytes as a double, which is only copied: no UTF-8 text is NaN. */
export interface Encoded {
  readonly length: number;
  readonly words: Float64Array;
}

/** Bytes are copied in whole words. The next write replaces the bytes after the text's end, so a buffer has a word to spare. */
const WORD = 8;
const encoder = new TextEncoder();

export function encode(text: string): Encoded {
  const bytes = encoder.encode(text);
  const view = new DataView(new ArrayBuffer(bytes.length + WORD));
  new Uint8Array(view.buffer).set(bytes);
  const words = Float64Array.from({ length: Math.ceil(bytes.length / WORD) }, (_, i) =>
    view.getFloat64(i * WORD, true),
  );
  return { length: bytes.length, words };
}

/** The numbers from 0 to 9999 in four digits, each as a word of four bytes. */
const fourDigits = Uint32Array.from({ length: 10_000 }, (_, value) =>
  Buffer.from(String(value).padStart(4, "0")).readUInt32LE(),
);

/** A growing buffer of bytes, with the few writers that CSV rows of numbers and fixed texts need. It allocates nothing per row. */
export class Bytes {
  private view: DataView<ArrayBuffer>;
  private at = 0;

  constructor(capacity: number) {
    this.view = new DataView(new ArrayBuffer(capacity + WORD));
  }

  get length(): number {
    return this.at;
  }

  /** The bytes written so far, as a view that is valid until the next write. */
  written(): Uint8Array {
    return new Uint8Array(this.view.buffer, 0, this.at);
  }

  clear(): void {
    this.at = 0;
  }

  /** Makes room for `count` more bytes. All methods but `string` trust that there is room. */
  reserve(count: number): void {
    if (this.at + count + WORD <= this.view.byteLength) return;
    const larger = new Uint8Array(Math.max(this.view.byteLength * 2, this.at + count + WORD));
    larger.set(this.written());
    this.view = new DataView(larger.buffer);
  }

  comma(): void {
    this.view.setUint8(this.at++, COMMA);
  }

  newline(): void {
    this.view.setUint8(this.at++, NEWLINE);
  }

  text(encoded: Encoded): void {
    const { view, at } = this;
    const { length, words } = encoded;
    for (let i = 0; i < words.length; i++) view.setFloat64(at + i * WORD, words[i] as number, true);
    this.at = at + length;
  }

  /** Text that is written once. Makes room for itself. */
  string(text: string): void {
    this.reserve(text.length * 3);
    this.at += encoder.encodeInto(text, new Uint8Array(this.view.buffer, this.at)).written;
  }

  /** Appends the content of another buffer. */
  copy(other: Bytes): void {
    const { view, at } = this;
    const { view: from, at: length } = other;
    for (let i = 0; i < length; i += WORD) view.setFloat64(at + i, from.getFloat64(i, true), true);
    this.at = at + length;
  }

  /** An integer from 0 to 2^31 - 1, in `width` digits, with leading zeros. */
  digits(value: number, width: number): void {
    const { view, at } = this;
    let rest = value;
    for (let i = at + width - 1; i >= at; i--) {
      const tenth = (rest / 10) | 0;
      view.setUint8(i, ZERO + rest - tenth * 10);
      rest = tenth;
    }
    this.at = at + width;
  }

  /** An integer from 0 to 99, in two digits. */
  twoDigits(value: number): void {
    this.view.setUint16(this.at, (fourDigits[value] as number) >>> 16, true);
    this.at += 2;
  }

  /** An integer from 0 to 2^31 - 1. */
  integer(value: number): void {
    if (value >= 10_000) {
      const first = (value / 10_000) | 0;
      this.integer(first);
      this.view.setUint32(this.at, fourDigits[value - first * 10_000] as number, true);
      this.at += 4;
      return;
    }
    const width = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
    // Shifts the leading zeros out.
    this.view.setUint32(this.at, (fourDigits[value] as number) >>> (32 - 8 * width), true);
    this.at += width;
  }

  /** An amount of 0 to 2^31 - 1 hundredths, with two decimal places. */
  hundredths(value: number): void {
    const whole = (value / 100) | 0;
    this.integer(whole);
    this.view.setUint8(this.at++, DOT);
    this.twoDigits(value - whole * 100);
  }
}
