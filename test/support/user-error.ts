import { expect } from "chai";

/** The message of the UserError that a call throws; fails when it throws none, or another error. */
export async function userError(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    // By name: under tsx a module that is imported on demand may be loaded a second time, with classes of its own.
    if (!(error instanceof Error) || error.name !== "UserError") throw error;
    return error.message;
  }
  expect.fail("no error was thrown");
}
