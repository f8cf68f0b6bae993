/** The values of the synthetic thelook. People, streets and prices are invented; shares follow the public data set. */

const words = (text: string) => text.trim().split(/\s+/);

export const firstNames = {
  F: words(`
    Ada Agnes Alba Alma Amina Anna Aria Beata Bianca Carla Celia Clara Cora Daria Dina Edith Elena Elif Ella Emma Erika Eva
    Fatima Flora Freya Gina Greta Hana Helen Ida Ines Irene Iris Jana Joan Julia Karin Kira Laura Lea Lena Lily Lina Lola
    Lucia Maya Mara Maria Mei Mila Mira Nadia Nina Nora Olga Paula Petra Rosa Ruth Sara Sofia Sonia Tessa Vera Yuki Zoe`),
  M: words(`
    Adam Alan Albert Amir Anton Axel Ben Boris Bruno Carl Cesar Cole Damian Dario David Diego Dmitri Emil Eric Ethan Felix
    Finn Frank Gabriel Georg Hans Hugo Igor Ilya Ivan Jack Jan Jonas Jorge Juan Karl Kenji Kurt Lars Leo Liam Louis Luca
    Lukas Marco Mark Martin Mateo Max Milo Nico Noah Olaf Omar Oscar Otto Pablo Paul Pedro Peter Ravi Rui Sam Simon Theo
    Tom Victor Wei`),
} as const;

/** A last name is a beginning and an ending: Ashford, Brookwell… */
const beginnings = words(`
  Ash Beck Birch Black Bram Brook Brown Clay Cran Dale East Edge Elder Fair Fen Field Fox Glen Gold Gray Hart Hazel Hill
  Holm Ken Lang Marsh Mill Moor North Oak Red Rock Rose Row Shaw Stan Thorn West White Wind Wood`);
const endings = words(`
  bank berg bridge brook bury by combe croft dale den fell field ford gate hall ham hurst land ley man moor more side son
  stead stone ton ville well wick wood worth`);
export const lastNames = endings.flatMap((ending) => beginnings.map((beginning) => beginning + ending));

export const mailDomains = ["example.com", "example.net", "example.org"] as const;

export const streets = words(`
  Acorn Baker Castle Dyer Elm Ferry Garden Harbour Ivy Juniper Kiln Linden Market Orchard Park Quay River Station Tower
  Willow`).map((name) => `${name} Street`);

export interface Place {
  readonly state: string;
  readonly city: string;
  readonly postalCode: string;
  readonly latitude: number;
  readonly longitude: number;
}

const place = (state: string, city: string, postalCode: string, latitude: number, longitude: number): Place => ({
  state,
  city,
  postalCode,
  latitude,
  longitude,
});

const spain = [
  place("Comunidad de Madrid", "Madrid", "28004", 40.42, -3.7),
  place("Andalucía", "Sevilla", "41001", 37.39, -5.99),
];
const germany = [
  place("Berlin", "Berlin", "10115", 52.53, 13.38),
  place("Bayern", "München", "80331", 48.14, 11.57),
  place("Hamburg", "Hamburg", "20095", 53.55, 10.0),
];

/** The countries in which users live. As in the public data set, two have two spellings, and a few have hardly any users. */
export const countries: readonly {
  readonly country: string;
  /** Users per 100,000. */
  readonly users: number;
  readonly places: readonly Place[];
}[] = [
  {
    country: "China",
    users: 33_915,
    places: [
      place("Guangdong", "Shenzhen", "518000", 22.54, 114.06),
      place("Zhejiang", "Hangzhou", "310000", 30.27, 120.15),
      place("Shanghai", "Shanghai", "200000", 31.23, 121.47),
    ],
  },
  {
    country: "United States",
    users: 22_534,
    places: [
      place("California", "San Diego", "92101", 32.72, -117.16),
      place("Texas", "Austin", "78701", 30.27, -97.74),
      place("Illinois", "Chicago", "60601", 41.88, -87.62),
    ],
  },
  {
    country: "Brasil",
    users: 14_563,
    places: [
      place("São Paulo", "Campinas", "13010-000", -22.91, -47.06),
      place("Acre", "Rio Branco", "69900-000", -9.97, -67.81),
    ],
  },
  { country: "South Korea", users: 5_340, places: [place("Busan", "Busan", "48058", 35.18, 129.08)] },
  { country: "France", users: 4_714, places: [place("Occitanie", "Toulouse", "31000", 43.6, 1.44)] },
  { country: "United Kingdom", users: 4_610, places: [place("Scotland", "Glasgow", "G2", 55.86, -4.25)] },
  { country: "Germany", users: 4_171, places: germany },
  { country: "Spain", users: 4_018, places: spain },
  { country: "Japan", users: 2_447, places: [place("Osaka", "Osaka", "530-0001", 34.7, 135.5)] },
  { country: "Australia", users: 2_184, places: [place("Queensland", "Cairns", "4870", -16.92, 145.77)] },
  { country: "Belgium", users: 1_248, places: [place("Vlaams Gewest", "Gent", "9000", 51.05, 3.72)] },
  { country: "Poland", users: 237, places: [place("Mazowieckie", "Warszawa", "00-001", 52.23, 21.01)] },
  { country: "Colombia", users: 13, places: [place("Antioquia", "Medellín", "050001", 6.24, -75.58)] },
  { country: "Austria", users: 3, places: [place("Wien", "Wien", "1010", 48.21, 16.37)] },
  { country: "España", users: 2, places: spain },
  { country: "Deutschland", users: 1, places: germany },
];

/**
 * US dollars, from cheap to expensive: a product costs one of these. They are skewed as in fashion: the mean is 58, the median 37.
 */
export const prices = [
  6.5, 8.99, 9.99, 12, 12.99, 14.95, 16, 17.99, 18.5, 19.99, 21.95, 24, 24.99, 26.5, 28, 29.99, 31.5, 34, 34.99, 36, 38,
  39.5, 42, 44.99, 46, 49.5, 52, 54.99, 58, 64, 68, 74.5, 79, 88, 98, 110, 128, 154, 198, 398,
] as const;

export const productCount = 1_200;

/** A product's price. 7 and the number of prices share no divisor, so every price is as frequent. */
export function priceOf(product: number): number {
  return prices[(product * 7) % prices.length] as number;
}
