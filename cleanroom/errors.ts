/** A mistake in a file of this folder. `npm start` prints its message without a stack trace, as it does for every error of this name. */
export class UserError extends Error {
  override name = "UserError";
  readonly exitCode = 1;
}
