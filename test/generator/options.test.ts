import { expect } from "chai";
import { yesterdayInKyiv } from "../../generator/command-settings.ts";
import { UserError } from "../../generator/errors.ts";
import { argument, flag, number, readOptions, text, usage } from "../../generator/options.ts";

const options = {
  seed: number("seed", 42, { min: 0, env: "SEED" }),
  scale: number("scale", 1, { above: 0, max: 500, whole: false }),
  days: number("days", undefined, { min: 1 }),
  out: text("folder", ".local"),
};
const read = (args: string[], env: Record<string, string> = {}) => readOptions("demo", options, args, env);

describe("a command's settings", () => {
  it("come from the arguments, then the environment, then the defaults", () => {
    expect(read([])).to.deep.equal({ seed: 42, scale: 1, days: undefined, out: ".local" });
    expect(read([], { SEED: "7" }).seed).to.equal(7);
    expect(read(["--seed", "8", "--scale=0.5"], { SEED: "7" })).to.include({ seed: 8, scale: 0.5 });
  });

  it("treat an empty environment variable as not set", () => {
    expect(read([], { SEED: "" }).seed).to.equal(42);
  });

  it("are refused all at once, each with its value and what is allowed", () => {
    const args = ["--seed", "x", "--days", "0", "--scale", "0", "--colour", "red", "extra"];
    expect(() => read(args))
      .to.throw(UserError)
      .with.property("message")
      .that.satisfies((message: string) =>
        [
          '--seed is "x": use a whole number from 0',
          '--days is "0"',
          '--scale is "0": use a number above 0 to 500',
          "--colour is not a setting",
          '"extra"',
        ].every((part) => message.includes(part)),
      );
  });

  it("take decimal numbers only, and no text with a NUL byte", () => {
    expect(read(["--scale", "1e1", "--seed", "+7"])).to.include({ scale: 10, seed: 7 });
    for (const value of ["0x10", "0b1", "Infinity", "1_000", "١"])
      expect(() => read(["--scale", value]), value).to.throw(`--scale is "${value}": use a number`);
    expect(() => read(["--out", "a\0b"])).to.throw("use a value without NUL bytes");
  });

  it("give one message for a misspelt setting and its value, and suggest the setting that was meant", () => {
    expect(() => read(["--colour", "red"])).to.throw(/^--colour is not a setting\n\n/);
    expect(() => read(["--sed", "7"])).to.throw(/^--sed is not a setting: did you mean --seed\?\n\n/);
  });

  it("name the environment variable if its value is wrong", () => {
    expect(() => read([], { SEED: "-1" })).to.throw('SEED is "-1": use a whole number from 0');
  });

  it("refuse an empty path, which would mean the current folder", () => {
    expect(() => read(["--out="])).to.throw('--out is "": use a value that is not empty');
  });

  it("refuse a setting without its value", () => {
    expect(() => read(["--out"])).to.throw("--out needs a value");
    expect(() => read(["--out", "--seed", "x"])).to.throw(/^--out needs a value\n +--seed is "x": use [^\n]+\n\n/);
    expect(read(["--out=--x"]).out).to.equal("--x");
  });

  it("may follow a -- that pnpm has passed on", () => {
    expect(read(["--", "--seed", "7"]).seed).to.equal(7);
    expect(() => read(["--seed", "7", "--", "--out"])).to.throw('"--out" is not understood');
  });

  it("are refused if npm swallowed them, with the command to type instead", () => {
    const npm = { npm_lifecycle_event: "query", npm_config_prefix: "/usr" };
    const swallowed = (env: Record<string, string>) => () => read([], { ...npm, ...env });
    expect(swallowed({})).not.to.throw();
    expect(swallowed({ npm_config_scale: "0.05", npm_config_out: "x" }))
      .to.throw(UserError)
      .with.property("message", "put -- before the settings: npm run query -- --scale 0.05 --out x");
    expect(swallowed({ npm_config_scale: "true" })).to.throw("-- --scale …");
  });

  it("may be flags and one text without a name, which may start with an SQL comment", () => {
    const query = { json: flag("as JSON"), sql: argument("the query") };
    const given = (...args: string[]) => readOptions("query", query, args, {});
    expect(given("--json", "SELECT 1")).to.deep.equal({ json: true, sql: "SELECT 1" });
    expect(given("-- one\nSELECT 1")).to.deep.equal({ json: false, sql: "-- one\nSELECT 1" });
    expect(given()).to.deep.equal({ json: false, sql: undefined });
    expect(() => given("--json=no")).to.throw("--json takes no value");
    expect(() => given("SELECT 1", "SELECT 2")).to.throw('"SELECT 2" is not understood');
    expect(usage("query", query)).to.match(/--json +as JSON\n +"SQL" +the query$/);
  });

  it("are listed with help, default and environment variable", () => {
    expect(usage("demo", options)).to.match(/--seed +seed \(default 42, or SEED\)/);
    const decidedLater = { ...options.seed, default: undefined, otherwise: 7 };
    expect(usage("demo", { seed: decidedLater })).to.match(/--seed +seed \(default 7, or SEED\)/);
  });

  it("keep a word that is longer than a line", () => {
    const address = `https://example.com/${"a".repeat(90)}`;
    expect(usage("demo", { long: flag(`see ${address}`) })).to.include(`see\n${" ".repeat(19)}${address}`);
  });

  it("are listed in 80 columns", () => {
    const words = "one two three four five six seven eight nine ten ".repeat(3).trim();
    const lines = usage("demo", { long: flag(words) }).split("\n");
    for (const line of lines) expect(line.length, line).to.be.at.most(80);
    expect(lines.slice(1).join(" ").replace("--long", "").trim().split(/ +/).join(" ")).to.equal(words);
  });
});

describe("yesterday in Kyiv", () => {
  it("is the day before Kyiv's date, whatever the hour in UTC", () => {
    expect(yesterdayInKyiv(Date.parse("2026-11-22T21:59:00Z"))).to.equal("2026-11-21");
    expect(yesterdayInKyiv(Date.parse("2026-11-22T22:00:00Z"))).to.equal("2026-11-22");
  });

  it("is the day before across a change of the clocks, too", () => {
    expect(yesterdayInKyiv(Date.parse("2026-03-29T21:30:00Z"))).to.equal("2026-03-29");
    expect(yesterdayInKyiv(Date.parse("2026-10-25T22:30:00Z"))).to.equal("2026-10-25");
  });
});
