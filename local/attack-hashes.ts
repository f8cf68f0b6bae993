import { createHash, randomBytes } from "node:crypto";
import { keyedHash } from "../generator/keyed-hash.ts";
import { guesses } from "./attack-room.ts";
import type { Scene } from "./attack-scene.ts";

/** The addresses that a dictionary of names recovers from a column of hashes. */
export interface Recovered {
  readonly hashes: string;
  readonly right: number;
  readonly of: number;
}

/** Recovers the addresses of the merchant's customers from their hashes alone, by hashing every address made from common names. */
export async function recoverAddresses(scene: Scene, dictionary: Iterable<string> = guesses()): Promise<Recovered[]> {
  const emails = (await scene.room.truth("SELECT email FROM merchant.users")).map(([email]) => String(email));
  const key = randomBytes(32).toString("hex");
  const plainHash = (address: string) => createHash("sha256").update(address).digest("hex");
  const keyed = (address: string) => keyedHash(key, address);
  const columns = {
    plain: new Map(emails.map((email) => [plainHash(email), email])),
    keyed: new Map(emails.map((email) => [keyed(email), email])),
  };
  let [plain, blind, insider] = [0, 0, 0];
  for (const guess of dictionary) {
    const hash = plainHash(guess);
    if (columns.plain.get(hash) === guess) plain++;
    if (columns.keyed.get(hash) === guess) blind++;
    if (columns.keyed.get(keyed(guess)) === guess) insider++;
  }
  return [
    { hashes: "SHA-256", right: plain, of: emails.length },
    { hashes: "with a key, attacked without the key", right: blind, of: emails.length },
    { hashes: "with a key, attacked by a party that has the key", right: insider, of: emails.length },
  ];
}
