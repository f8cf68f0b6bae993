import { execFileSync } from "node:child_process";
import { expect } from "chai";

/** Prints how many lines of traces Pulumi takes for a promise before and after `skipPromiseTraces`, and whether an error still has a trace. */
const PROGRAM = `
  import debuggable from "@pulumi/pulumi/runtime/debuggable.js";
  import { skipPromiseTraces } from "pulumi-rehearsal/quick-promises";

  async function linesOfAPromise() {
    let lines = 0;
    Error.prepareStackTrace = (_, sites) => { lines += sites.length; };
    await debuggable.debuggablePromise(Promise.resolve(), "a promise");
    delete Error.prepareStackTrace;
    return lines;
  }

  const before = await linesOfAPromise();
  skipPromiseTraces();
  console.log(JSON.stringify([before > 0, await linesOfAPromise(), / at /.test(new Error("traced").stack)]));
`;

describe("skipPromiseTraces", () => {
  it("keeps Pulumi from tracing its promises, and leaves the traces of errors", () => {
    // A process of its own: other tests may have called it in this one.
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(JSON.parse(printed)).to.deep.equal([true, 0, true]);
  });
});
