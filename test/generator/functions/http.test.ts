import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { UserError } from "../../../generator/errors.ts";
import { HttpError, jsonFunction } from "../../../generator/functions/http.ts";
import { call } from "../../support/functions.ts";

describe("A function that answers in JSON", () => {
  const logged: unknown[] = [];
  const log = console.error;
  beforeEach(() => {
    logged.length = 0;
    console.error = (entry: unknown) => logged.push(entry);
  });
  afterEach(() => {
    console.error = log;
  });

  const answerOf = async (work: () => Promise<{ status: number; body: object }>) => {
    const server = createServer(jsonFunction(work)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { status, body } = await call(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.closeAllConnections();
    server.close();
    return { status, body };
  };
  const throwing = (error: unknown) => answerOf(() => Promise.reject(error));

  it("answers with what its work returns", async () => {
    expect(await answerOf(async () => ({ status: 202, body: { started: 1 } }))).to.deep.equal({
      status: 202,
      body: { started: 1 },
    });
    expect(logged).to.deep.equal([]);
  });

  it("answers with the message of an error that a person can fix, and logs it as one line", async () => {
    expect(await throwing(new HttpError(409, "not now"))).to.deep.equal({ status: 409, body: { error: "not now" } });
    expect(await throwing(new UserError("no\nbucket"))).to.deep.equal({ status: 500, body: { error: "no\nbucket" } });
    expect(logged).to.deep.equal([
      '{"severity":"ERROR","message":"not now"}',
      '{"severity":"ERROR","message":"no\\nbucket"}',
    ]);
  });

  it("hides the details of a bug from the caller, and logs its stack trace", async () => {
    const fault = new TypeError("secret is not a function");
    expect(await throwing(fault)).to.deep.equal({
      status: 500,
      body: { error: "the function failed: see its log" },
    });
    expect(logged).to.deep.equal([fault]);
  });
});
