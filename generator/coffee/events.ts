import { dayOf, isoDay, weekdayOf } from "./calendar.ts";
import { promotions } from "./discounts.ts";
import { FIRST_DAY, LAST_DAY } from "./shop-settings.ts";
import { stores } from "./stores.ts";

export const eventKinds = [
  "invasion",
  "curfew",
  "closing",
  "attack",
  "outage",
  "holiday",
  "opening",
  "promotion",
] as const;

/** The effect of an event on its shops, on each of its days. */
interface Effect {
  /** Index of the only store that it reaches; by default it reaches all. */
  readonly store?: number;
  readonly closed?: true;
  /** The shops open no earlier, and close no later. */
  readonly opensAt?: number;
  readonly closesAt?: number;
  /** Demand relative to an ordinary day. A promotion with hours of its own changes only those. */
  readonly demand?: number;
  /** The mobile networks are down: nobody orders in the app, and nearly everybody pays in cash. */
  readonly offline?: true;
}

/** An event, which the sales charts mark. Days are numbers, see calendar.ts. */
export interface ShopEvent extends Effect {
  readonly name: string;
  readonly kind: (typeof eventKinds)[number];
  readonly from: number;
  /** The last day. */
  readonly to: number;
  /** The web page that reports it, or `theChain`. */
  readonly source: string;
}

const theChain = "the chain";

type Kind = ShopEvent["kind"];
/** Kind, name, first and last day, effect, source. */
type Entry = readonly [kind: Kind, name: string, from: string, to: string, effect: Effect, source: string];

const [goldenGate, podil, lesi] = [0, 1, 2];
const rusanivka = 5;

const interfax = "https://en.interfax.com.ua/news/general";
const ukranews = "https://ukranews.com/en/news";
const babel = "https://babel.ua/en/news";

/**
 * Events in Kyiv. The sources report days and hours. The effects on trade are estimates, as large as café owners reported: https://ubn.news/kyiv-cafes-and-restaurants-are-gradually-resuming-their-work for 2022.
 */
// biome-ignore format: it reads as a table, one event a line
const history: readonly Entry[] = [
  ["invasion", "Full-scale invasion", "2022-02-24", "2022-02-24", {}, `${babel}/78535`],
  ["closing", "Golden Gate closed", "2022-02-24", "2022-03-29", { store: goldenGate, closed: true }, theChain],
  ["closing", "Podil closed", "2022-02-24", "2022-04-25", { store: podil, closed: true }, theChain],
  ["opening", "Golden Gate reopens", "2022-03-30", "2022-03-30", { store: goldenGate }, theChain],
  ["opening", "Podil reopens", "2022-04-26", "2022-04-26", { store: podil }, theChain],
  // The city's people leave, and come back.
  ["invasion", "Half of Kyiv away", "2022-02-25", "2022-04-30", { demand: 0.45 }, "https://forsal.pl/swiat/ukraina/artykuly/8377860"],
  ["invasion", "A third of Kyiv away", "2022-05-01", "2022-06-30", { demand: 0.65 }, `${babel}/78535`],
  ["invasion", "Kyiv fills again", "2022-07-01", "2022-08-31", { demand: 0.85 }, "https://bzh.life/gorod/naselenie-kieva-uzhe-pochti-kak-do-vtorzheniya-okolo-3-mln-gorozhan"],
  // A shop closes an hour or two before the curfew, so that its people get home.
  ["curfew", "Curfew from 22:00", "2022-02-24", "2022-02-25", { opensAt: 8, closesAt: 21 }, "https://report.az/en/other-countries/curfew-imposed-in-kyiv"],
  ["curfew", "Curfew from 17:00", "2022-02-26", "2022-02-26", { opensAt: 8, closesAt: 16 }, `${interfax}/802679.html`],
  ["curfew", "Curfew all day", "2022-02-27", "2022-02-27", { closed: true }, `${interfax}/802679.html`],
  ["curfew", "Curfew from 20:00", "2022-02-28", "2022-03-15", { opensAt: 8, closesAt: 19 }, "https://www.pravda.com.ua/eng/news/2022/02/28/7326845/"],
  ["curfew", "Curfew all day", "2022-03-16", "2022-03-16", { closed: true }, `${interfax}/813566.html`],
  ["curfew", "Curfew from 20:00", "2022-03-17", "2022-03-21", { opensAt: 8, closesAt: 19 }, `${ukranews}/844314`],
  ["curfew", "Curfew all day", "2022-03-22", "2022-03-22", { closed: true }, `${interfax}/816362.html`],
  ["curfew", "Curfew from 20:00", "2022-03-23", "2022-03-27", { opensAt: 8, closesAt: 19 }, `${ukranews}/844314`],
  ["curfew", "Curfew from 21:00", "2022-03-28", "2022-04-16", { closesAt: 19 }, `${ukranews}/844760`],
  ["curfew", "Curfew from 22:00", "2022-04-17", "2022-05-14", { closesAt: 20 }, "https://censor.net/ua/news/3334675"],
  ["curfew", "Curfew from 23:00", "2022-05-15", "2023-03-25", { closesAt: 21 }, `${ukranews}/921968`],
  ["curfew", "Curfew only from midnight", "2023-03-26", "2023-03-26", {}, `${ukranews}/921968`],
  // The first winter of strikes on the power grid.
  ["attack", "Missiles on the city centre", "2022-10-10", "2022-10-10", { demand: 0.45 }, `${babel}/85462`],
  ["closing", "Golden Gate closed", "2022-10-10", "2022-10-10", { store: goldenGate, closed: true }, theChain],
  ["outage", "Scheduled outages", "2022-10-20", "2023-02-11", { demand: 0.88 }, `${babel}/86167`],
  ["outage", "Most of Kyiv without water", "2022-10-31", "2022-10-31", { demand: 0.6 }, `${babel}/86167`],
  ["outage", "Half of Kyiv without power", "2022-11-15", "2022-11-15", { closesAt: 17, demand: 0.8 }, "https://www.kyivpost.com/post/4862"],
  ["outage", "Blackout", "2022-11-23", "2022-11-23", { closesAt: 15 }, "https://war.ukraine.ua/war-news/russian-attack-on-ukrainian-infrastructure-left-major-cities-without-electricity-and-water-supply/"],
  ["outage", "Blackout", "2022-11-24", "2022-11-24", { opensAt: 10, closesAt: 18, demand: 0.6, offline: true }, "https://tg24.sky.it/mondo/2022/11/24/guerra-ucraina-kiev-blackout"],
  ["closing", "Podil without power", "2022-11-24", "2022-11-24", { store: podil, closed: true }, theChain],
  ["closing", "Lesi Boulevard without power", "2022-11-24", "2022-11-25", { store: lesi, closed: true }, theChain],
  ["outage", "After the blackout", "2022-11-25", "2022-11-25", { demand: 0.7 }, "https://www.scotsman.com/news/world/war-in-ukraine-kyiv-worker-says-we-open-the-cafe-when-we-have-power-and-when-the-lights-go-out-we-close-it-again-3906159"],
  // People sit where there is light and internet.
  ["outage", "Golden Gate on a generator", "2022-11-26", "2023-02-11", { store: goldenGate, demand: 1.2 }, theChain],
  ["attack", "Metro stopped, no water", "2022-12-16", "2022-12-16", { demand: 0.45 }, "https://kyivindependent.com/klitschko-subway-resumes-work-in-kyiv-water-supply-restored/"],
  ["outage", "Scheduled outages", "2024-05-14", "2024-07-30", { demand: 0.95 }, "https://news.online.ua/en/power-outages-in-four-ukrainian-regions-to-begin-earlier-878907/"],
  ["attack", "Missile attack on Kyiv", "2024-07-08", "2024-07-08", { demand: 0.6 }, `${babel}/108786`],
  ["attack", "Strikes on the power grid", "2024-08-26", "2024-08-26", { demand: 0.65 }, "https://news.online.ua/en/electricity-outages-began-in-ukraine-due-to-a-large-scale-attack-by-the-russian-federation-883815/"],
  ["outage", "Scheduled outages", "2024-08-27", "2024-09-04", { demand: 0.93 }, "https://unn.ua/en/news/schedules-dont-work-emergency-blackouts-introduced-in-kyiv-and-14-regions-of-ukraine"],
  ["outage", "Scheduled outages", "2024-11-18", "2024-12-31", { demand: 0.95 }, `${babel}/112754`],
  ["attack", "Strikes on the power grid", "2025-10-10", "2025-10-10", { demand: 0.75 }, "https://www.rferl.org/a/ukraine-russia-kyiv-attack-drones-energy-grynchuk/33556046.html"],
  ["closing", "Rusanivka without power", "2025-10-10", "2025-10-10", { store: rusanivka, closed: true }, theChain],
  ["outage", "Scheduled outages", "2025-10-24", "2026-01-08", { demand: 0.93 }, "https://www.rbc.ua/rus/news/10-godin-svitla-opublikovano-grafiki-vidklyuchen-1761256112.html"],
  ["attack", "A third of Kyiv without heat", "2025-12-27", "2025-12-27", { demand: 0.7 }, "https://unn.ua/en/news/as-a-result-of-the-russian-attack-consumers-in-kyiv-kyiv-and-chernihiv-regions-are-without-power-ministry-of-energy"],
  ["outage", "Energy emergency and frost", "2026-01-09", "2026-01-28", { closesAt: 19, demand: 0.78 }, "https://unn.ua/en/news/kyiv-residents-informed-when-hourly-power-outages-will-return"],
  ["outage", "No heat, water or trams", "2026-01-10", "2026-01-10", { demand: 0.6 }, "https://report.az/en/other-countries/emergency-power-outages-halt-heat-water-and-transport-across-kyiv"],
  ["outage", "Scheduled outages", "2026-01-29", "2026-03-08", { demand: 0.88 }, "https://unn.ua/news/kyiv-z-opivnochi-perekhodyt-na-tymchasovi-hrafiky-dtek"],
];

/** Orthodox Easter Sundays. */
// biome-ignore format: one line
const easters = ["2022-04-24", "2023-04-16", "2024-05-05", "2025-04-20", "2026-04-12", "2027-05-02", "2028-04-16", "2029-04-08", "2030-04-28", "2031-04-13"];

/** The days on which Kyiv's schools celebrated the end of the school year: not in 2022, and by custom on the last Friday of May in years to come. */
// biome-ignore format: one line each
const lastBells: readonly (readonly [day: string, source: string])[] = [
  ["2023-06-16", "https://lenta.ua/u-kmda-nazvali-datu-ostannogo-dzvonika-u-shkolah-kieva-136916"],
  ["2024-05-31", "https://ria24.today/news/uchebnyy-god-i-kanikuly-v-shkolah-kieva-v/13948701"],
  ["2025-05-30", "https://uanews.net/post/796006-ostanniy-dzvonyk-u-kyyevi-koly-zavershytsya-navchannya-ta-vydadut-dokumenty"],
  ...["2026-05-29", "2027-05-28", "2028-05-26", "2029-05-25", "2030-05-31", "2031-05-30"].map((day) => [day, theChain] as const),
];

/** Public holidays are working days under martial law, but people keep them: https://babel.ua/en/news/77846. */
const holidays: readonly Entry[] = easters.flatMap((easter): Entry[] => {
  const year = Number(easter.slice(0, 4));
  const christmas = year < 2023 ? [`${year}-01-07`] : year === 2023 ? ["2023-01-07", "2023-12-25"] : [`${year}-12-25`];
  const holiday = (name: string, day: string, effect: Effect, source = theChain): Entry => [
    "holiday",
    name,
    day,
    day,
    effect,
    source,
  ];
  return [
    holiday("New Year's Day", `${year}-01-01`, { opensAt: 11, demand: 0.45 }),
    ...christmas.map((day) =>
      holiday(
        "Christmas",
        day,
        { opensAt: 10, demand: 0.7 },
        "https://www.rferl.org/a/ukraine-christmas-day-moved-zelenskiy-russian-orthodox/32525650.html",
      ),
    ),
    holiday(
      "Women's Day",
      `${year}-03-08`,
      { demand: 1.25 },
      "https://www.calendardate.com/ua_international_womens_day.htm",
    ),
    holiday(
      "Easter",
      easter,
      { opensAt: 10, demand: 0.7 },
      "https://www.officeholidays.com/holidays/ukraine/orthodox-easter-monday",
    ),
    // In 2022, Kyiv expected missiles on this day, forbade gatherings and had people work from home.
    holiday(
      "Independence Day",
      `${year}-08-24`,
      { demand: year === 2022 ? 0.8 : 1.05 },
      year === 2022
        ? `${ukranews}/877415-mass-events-in-kyiv-prohibited-on-august-22-25`
        : "https://newsreadonline.com/in-august-in-ukraine-all-state-holidays-will-be-working/",
    ),
    ...lastBells
      .filter(([day]) => day.startsWith(String(year)))
      .map(([day, source]) => holiday("Last School Bell", day, { demand: 1.15 }, source)),
    holiday("Knowledge Day", `${year}-09-01`, { demand: 1.2 }),
    holiday("New Year's Eve", `${year}-12-31`, { closesAt: 17, demand: 0.9 }),
  ];
});

const openings: readonly Entry[] = stores.map(({ name, openedOn }, store) => [
  "opening",
  `${name} opens`,
  isoDay(openedOn),
  isoDay(openedOn),
  { store },
  theChain,
]);

const firstDay = dayOf(FIRST_DAY);
const lastDay = dayOf(LAST_DAY);

/** Each unbroken run of a promotion's days. */
function* promotionEvents(): Generator<ShopEvent> {
  for (const { code, lift, runs } of promotions) {
    let from: number | undefined;
    for (let day = firstDay; day <= lastDay + 1; day++) {
      const on = day <= lastDay && runs(isoDay(day), weekdayOf(day));
      if (on) from ??= day;
      else if (from !== undefined) {
        yield { kind: "promotion", name: code, from, to: day - 1, demand: lift, source: theChain };
        from = undefined;
      }
    }
  }
}

/** All events since the chain's first day, in the order of their first days. An event's id is its position here, from 1. */
export const events: readonly ShopEvent[] = [
  ...[...openings, ...history, ...holidays].map(
    ([kind, name, from, to, effect, source]): ShopEvent => ({
      kind,
      name,
      from: dayOf(from),
      to: dayOf(to),
      source,
      ...effect,
    }),
  ),
  ...promotionEvents(),
]
  .filter(({ from }) => from >= firstDay)
  .sort((a, b) => a.from - b.from);
