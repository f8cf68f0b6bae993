/** Who takes part in the clean room. */
export type Party = "merchant" | "wallet";

/** What belongs to a party, by its name on BigQuery and Analytics Hub. */
export interface PartyNames {
  /** As people call it, such as "the merchant". */
  readonly title: string;
  /** Its own tables, which nobody else may read. */
  readonly dataset: string;
  /** Its shared views, which read those tables. */
  readonly shared: string;
  /** The data exchange, a clean room, in which it shares them. */
  readonly room: string;
  /** The linked dataset, in its own project, in which it finds what the other party shares. Tables are named as the views are. */
  readonly linked: string;
}

/** The two parties. No two of them share the name of a dataset: a name tells the project it is in. */
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

export const PARTIES: readonly Party[] = ["merchant", "wallet"];

/** Who subscribes to what a party shares. */
export function otherParty(party: Party): Party {
  return party === "merchant" ? "wallet" : "merchant";
}
