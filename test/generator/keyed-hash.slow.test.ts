import { createHmac } from "node:crypto";
import { expect } from "chai";
import { fill } from "../../generator/fill.ts";
import { hashKey, keyedHash } from "../../generator/keyed-hash.ts";
import type { ResultRow } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";
import { allRows, emptyWarehouse, syntheticExport, temporaryFolder } from "./thelook/merchant.ts";

const KEY = "0123456789abcdef0123456789abcdef";

describe("Hashed addresses with a key", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  let plain: Record<string, ResultRow[]>;
  let keyed: Record<string, ResultRow[]>;
  before(async () => {
    const source = await syntheticExport(0.003, 5);
    await fill(warehouse(), { source, seed: 5 });
    plain = await allRows(warehouse());
    await fill(warehouse(), { source, seed: 5, hashKey: KEY });
    keyed = await allRows(warehouse());
  });

  it("are HMAC-SHA-256 of the address, for the customers and for the wallet's users", () => {
    for (const table of ["merchant.users", "ewallet_provider.provider_users"]) {
      expect(keyed[table]).to.have.length.above(100);
      for (const { email, hashed_email } of keyed[table] ?? [])
        expect(hashed_email).to.equal(createHmac("sha256", KEY).update(String(email)).digest("hex"));
    }
  });

  it("leave everything else as it is without a key", () => {
    const withoutHash = (rows: typeof plain) =>
      Object.entries(rows).map(([table, all]) => [table, all.map(({ hashed_email: _, ...row }) => row)]);
    expect(withoutHash(keyed)).to.deep.equal(withoutHash(plain));
    expect(keyed["merchant.users"]?.[0]?.hashed_email).not.to.equal(plain["merchant.users"]?.[0]?.hashed_email);
  });

  it("differ with the key", () => {
    expect(keyedHash(KEY, "a@example.com")).to.match(/^[0-9a-f]{64}$/);
    expect(keyedHash(KEY, "a@example.com")).not.to.equal(keyedHash(`${KEY}0`, "a@example.com"));
  });

  it("need a key that is long enough, and the error does not quote it", async () => {
    expect(hashKey({})).to.equal(undefined);
    expect(hashKey({ HASH_KEY: "" })).to.equal(undefined);
    expect(hashKey({ HASH_KEY: `${KEY}\n` })).to.equal(KEY);
    expect(await userError(async () => hashKey({ HASH_KEY: "too short a key" }))).to.equal(
      'HASH_KEY has 15 characters: use at least 32 random ones, as "openssl rand -hex 32" prints',
    );
  });
});
