import { dayOf } from "./calendar.ts";
import { FIRST_DAY } from "./shop-settings.ts";

export interface Store {
  readonly name: string;
  readonly district: string;
  readonly address: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly openedOn: number;
  readonly format: "flagship" | "neighbourhood" | "kiosk";
  readonly seats: number;
  /** First hour of trade, and the hour the doors close. */
  readonly opensAt: number;
  readonly closesAt: number;
  /** Orders on an average day of 2022 at scale 1, once the store is known. */
  readonly ordersADay: number;
  /** Demand on a weekend day, relative to a workday: at weekends offices are empty and parks fill. */
  readonly weekend: number;
}

/**
 * The stores in the order of opening. A store's id is its position here, from 1. The shops are invented; streets and coordinates
 * are real.
 */
export const stores: readonly Store[] = [
  {
    name: "Golden Gate",
    district: "Shevchenkivskyi",
    address: "9 Yaroslaviv Val St",
    latitude: 50.4494,
    longitude: 30.5112,
    openedOn: dayOf(FIRST_DAY),
    format: "flagship",
    seats: 54,
    opensAt: 8,
    closesAt: 22,
    ordersADay: 24,
    weekend: 1.15,
  },
  {
    name: "Podil",
    district: "Podilskyi",
    address: "18 Petra Sahaidachnoho St",
    latitude: 50.4612,
    longitude: 30.5221,
    openedOn: dayOf("2022-01-29"),
    format: "neighbourhood",
    seats: 32,
    opensAt: 8,
    closesAt: 21,
    ordersADay: 18,
    weekend: 1.3,
  },
  {
    name: "Lesi Boulevard",
    district: "Pecherskyi",
    address: "24 Lesi Ukrainky Blvd",
    latitude: 50.4275,
    longitude: 30.5392,
    openedOn: dayOf("2022-09-01"),
    format: "kiosk",
    seats: 0,
    opensAt: 7,
    closesAt: 20,
    ordersADay: 18,
    weekend: 0.55,
  },
  {
    name: "Holosiiv Park",
    district: "Holosiivskyi",
    address: "68 Holosiivskyi Ave",
    latitude: 50.3971,
    longitude: 30.508,
    openedOn: dayOf("2023-04-14"),
    format: "neighbourhood",
    seats: 28,
    opensAt: 8,
    closesAt: 21,
    ordersADay: 15,
    weekend: 1.35,
  },
  {
    name: "Obolon",
    district: "Obolonskyi",
    address: "21 Obolonskyi Ave",
    latitude: 50.5078,
    longitude: 30.4989,
    openedOn: dayOf("2024-03-01"),
    format: "kiosk",
    seats: 0,
    opensAt: 7,
    closesAt: 21,
    ordersADay: 14,
    weekend: 0.8,
  },
  {
    name: "Rusanivka",
    district: "Dniprovskyi",
    address: "10 Rusanivska Embankment",
    latitude: 50.4392,
    longitude: 30.5968,
    openedOn: dayOf("2025-05-10"),
    format: "neighbourhood",
    seats: 36,
    opensAt: 8,
    closesAt: 22,
    ordersADay: 14,
    weekend: 1.25,
  },
];
