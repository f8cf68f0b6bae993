import { createRequire } from "node:module";
import { expect } from "chai";
import { skipPromiseTraces } from "../src/quick-promises.ts";

describe("skipPromiseTraces", () => {
  const pulumi = createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable.js");
  const { debuggablePromise } = pulumi;
  afterEach(() => {
    pulumi.debuggablePromise = debuggablePromise;
  });

  /** The lines of the traces that are taken while Pulumi wraps a promise. */
  async function tracesOfAPromise(): Promise<number> {
    let lines = 0;
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (_, sites) => {
      lines += sites.length;
      return "";
    };
    try {
      expect(await pulumi.debuggablePromise(Promise.resolve("kept"), "a promise")).to.equal("kept");
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
    return lines;
  }

  it("keeps Pulumi from tracing its promises, and leaves the traces of errors", async () => {
    expect(await tracesOfAPromise()).to.be.above(0);
    skipPromiseTraces();
    expect(await tracesOfAPromise()).to.equal(0);
    expect(new Error("traced").stack).to.match(/ at /);
  });
});
