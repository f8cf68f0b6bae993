import { expect } from "chai";
import { UserError } from "../src/index.ts";

/** The message of the UserError that a call throws. Fails if it throws none, or another error. */
export async function userError(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
  expect.fail("no error was thrown");
}
