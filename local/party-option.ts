import { PARTIES, type Party } from "../cleanroom/party.ts";
import { UserError } from "../generator/errors.ts";
import type { Option } from "../generator/options.ts";

/** The option `--as`. @param does what the party does, for the help */
export function partyOption(does: string): Option<Party | undefined> {
  return {
    help: `${does}: ${PARTIES.join(" or ")}`,
    default: undefined,
    parse: (given) => {
      const found = PARTIES.find((each) => each === given);
      if (found === undefined) throw PARTIES.join(" or ");
      return found;
    },
  };
}

/** The error for a command without `--as`. */
export function partyIsMissing(): UserError {
  return new UserError(`--as is missing: use ${PARTIES.map((each) => `--as ${each}`).join(" or ")}`);
}
