/**
 * Random numbers that depend only on a seed, a label and a key, so that a row does not depend on the rows before it or
 * on the task that writes it. The algorithm is sfc32, seeded with mixed hashes: fast, and not fit for secrets.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;
  private readonly base: number;

  /** @param label what the numbers are for, such as a table, so that equal keys of two tables give different numbers */
  constructor(seed: number, label: string) {
    this.base = hashText(`${seed}:${label}`);
    this.at(0);
  }

  /** Starts the stream of a key, a whole number from 0 to 2^53 - 1, and returns this object. */
  at(key: number): this {
    const low = key >>> 0;
    const high = Math.floor(key / 4294967296) >>> 0;
    // Signed 32-bit integers, as in `next`: V8 keeps them as they are, and unsigned ones as slower doubles.
    this.a = mix(this.base ^ mix(low ^ 0x9e3779b9)) | 0;
    this.b = mix(this.a ^ mix(high ^ 0x85ebca6b)) | 0;
    this.c = mix(this.b ^ low) | 0;
    this.counter = 1;
    for (let round = 0; round < 8; round++) this.next();
    return this;
  }

  /** For a key that needs only one number, in [0, 1): cheaper than `at(key).next()`, and a different number. */
  only(key: number): number {
    const low = key >>> 0;
    const high = Math.floor(key / 4294967296) >>> 0;
    return mix(mix(this.base ^ mix(low ^ 0x9e3779b9)) ^ mix(high ^ 0x27d4eb2f)) / 4294967296;
  }

  /** A number in [0, 1), a multiple of 2^-32. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** One of a list, all equally likely. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Returns a function that draws one of the values by their weights. */
export function weighted<T>(entries: readonly (readonly [value: T, weight: number])[]): (random: Random) => T {
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let sum = 0;
  const bounds = entries.map(([, weight]) => {
    sum += weight / total;
    return sum;
  });
  const last = entries.length - 1;
  return (random) => {
    const point = random.next();
    let index = 0;
    while (index < last && point >= (bounds[index] as number)) index++;
    return (entries[index] as readonly [T, number])[0];
  };
}

/** A draw from the standard normal distribution. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** FNV-1a over UTF-16 units, mixed. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** MurmurHash3's finaliser: each bit of the input changes about half of the output's bits. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
