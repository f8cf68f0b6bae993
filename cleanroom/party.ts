/** A party of the clean room. */
export type Party = "merchant" | "wallet";

/** The names of a party's resources on BigQuery and Analytics Hub. */
export interface PartyNames {
  /** The party's name in sentences, such as "the merchant". */
  readonly title: string;
  /** The dataset of its own tables, which nobody else may read. */
  readonly dataset: string;
  /** The dataset of its shared views, which read those tables. */
  readonly shared: string;
  /** The data exchange, a clean room, that lists the views. */
  readonly room: string;
  /** The linked dataset in its own project, with a table for each view that the other party shares. */
  readonly linked: string;
}

/** The two parties. All dataset names differ, so that a name alone identifies the project. */
export const parties: Readonly<Record<Party, PartyNames>> = {
  merchant: {
    title: "the merchant",
    dataset: "merchant",
    shared: "merchant_shared",
    room: "merchant_clean_room",
    linked: "linked_ewallet_provider",
  },
  wallet: {
    title: "the e-wallet",
    dataset: "ewallet_provider",
    shared: "ewallet_provider_shared",
    room: "ewallet_provider_clean_room",
    linked: "linked_merchant",
  },
};

/** The names of both parties. */
export const PARTIES: readonly Party[] = ["merchant", "wallet"];

/** The parties' names at the start of a sentence, such as "The merchant". */
export const titles: Readonly<Record<Party, string>> = {
  merchant: capital(parties.merchant.title),
  wallet: capital(parties.wallet.title),
};

/** Both names as a heading, "Merchant and e-wallet". */
export const bothParties = capital(PARTIES.map((party) => parties[party].title.replace(/^the /, "")).join(" and "));

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The party that subscribes to the views of this one. */
export function otherParty(party: Party): Party {
  return party === "merchant" ? "wallet" : "merchant";
}
