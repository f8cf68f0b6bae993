import { expect } from "chai";
import { isUserError } from "../../generator/errors.ts";

/** The message of the UserError that a call throws; fails when it throws none, or another error. */
export async function userError(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (!isUserError(error)) throw error;
    return error.message;
  }
  expect.fail("no error was thrown");
}
