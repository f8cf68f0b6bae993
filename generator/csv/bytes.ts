const COMMA = 44;
const DOT = 46;
const NEWLINE = 10;
const ZERO = 48;

/** The most bytes in a row. */
export const ROW_BYTES = 512;

/** Text as bytes, encoded once and written many times. */
export type Encoded = Uint8Array;

const encoder = new TextEncoder();

export function encode(text: string): Encoded {
  return encoder.encode(text);
}

/** A growing buffer of bytes, with the few writers that CSV rows of numbers and fixed texts need. It allocates nothing per row. */
export class Bytes {
  private buffer: Uint8Array;
  private at = 0;

  constructor(capacity: number) {
    this.buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.at;
  }

  /** The bytes written so far, as a view that is valid until the next write. */
  written(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }

  clear(): void {
    this.at = 0;
  }

  /** Makes room for `count` more bytes. All methods but `string` trust that there is room. */
  reserve(count: number): void {
    if (this.at + count <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + count));
    larger.set(this.written());
    this.buffer = larger;
  }

  comma(): void {
    this.buffer[this.at++] = COMMA;
  }

  newline(): void {
    this.buffer[this.at++] = NEWLINE;
  }

  text(encoded: Encoded): void {
    const { buffer, at } = this;
    const { length } = encoded;
    // A loop is faster than `set` for a dozen bytes.
    for (let i = 0; i < length; i++) buffer[at + i] = encoded[i] as number;
    this.at = at + length;
  }

  /** Text that is written once. Makes room for itself. */
  string(text: string): void {
    this.reserve(text.length * 3);
    this.at += encoder.encodeInto(text, this.buffer.subarray(this.at)).written;
  }

  /** Appends the content of another buffer. */
  copy(other: Bytes): void {
    const { buffer, at } = this;
    const { buffer: from, at: length } = other;
    for (let i = 0; i < length; i++) buffer[at + i] = from[i] as number;
    this.at = at + length;
  }

  /** An integer from 0 to 2^31 - 1, in `width` digits, with leading zeros. */
  digits(value: number, width: number): void {
    const { buffer, at } = this;
    let rest = value;
    for (let i = at + width - 1; i >= at; i--) {
      const tenth = (rest / 10) | 0;
      buffer[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at = at + width;
  }

  /** An integer from 0 to 99, in two digits. */
  twoDigits(value: number): void {
    const tens = (value * 103) >> 10;
    this.buffer[this.at++] = ZERO + tens;
    this.buffer[this.at++] = ZERO + value - tens * 10;
  }

  /** An integer from 0 to 2^31 - 1. */
  integer(value: number): void {
    if (value < 10) {
      this.buffer[this.at++] = ZERO + value;
      return;
    }
    let width = 2;
    for (let power = 100; value >= power; power *= 10) width++;
    this.digits(value, width);
  }

  /** An amount of 0 to 2^31 - 1 hundredths, with two decimal places. */
  hundredths(value: number): void {
    const whole = (value / 100) | 0;
    this.integer(whole);
    this.buffer[this.at++] = DOT;
    this.twoDigits(value - whole * 100);
  }
}
