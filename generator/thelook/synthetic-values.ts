/* The names of the synthetic thelook, and how dirty it is. People and streets are invented. */

/** The dirt of a synthetic export unless told otherwise. */
export const DIRT_SHARE = 0.005;

/** The folder of the lake to which the synthetic thelook is written. */
export const SYNTHETIC_FOLDER = "thelook";

const words = (text: string) => text.trim().split(/\s+/);

/** Shuffles names, always in the same way: the first ones are the most popular, and popularity does not follow the alphabet. */
function shuffled(names: readonly string[]): readonly string[] {
  // A prime that divides no list's length reaches each name once.
  return names.map((_, i) => names[(i * 617 + 311) % names.length] as string);
}

export const firstNames = {
  F: shuffled(
    words(`
    Ada Agnes Alba Alma Amina Anna Aria Beata Bianca Carla Celia Clara Cora Daria Dina Edith Elena Elif Ella Emma Erika Eva
    Fatima Flora Freya Gina Greta Hana Helen Ida Ines Irene Iris Jana Joan Julia Karin Kira Laura Lea Lena Lily Lina Lola
    Lucia Maya Mara Maria Mei Mila Mira Nadia Nina Nora Olga Paula Petra Rosa Ruth Sara Sofia Sonia Tessa Vera Yuki Zoe`),
  ),
  M: shuffled(
    words(`
    Adam Alan Albert Amir Anton Axel Ben Boris Bruno Carl Cesar Cole Damian Dario David Diego Dmitri Emil Eric Ethan Felix
    Finn Frank Gabriel Georg Hans Hugo Igor Ilya Ivan Jack Jan Jonas Jorge Juan Karl Kenji Kurt Lars Leo Liam Louis Luca
    Lukas Marco Mark Martin Mateo Max Milo Nico Noah Olaf Omar Oscar Otto Pablo Paul Pedro Peter Ravi Rui Sam Simon Theo
    Tom Victor Wei`),
  ),
} as const;

/** A last name is a beginning and an ending: Ashford, Brookwell… */
const beginnings = words(`
  Ash Beck Birch Black Bram Brook Brown Clay Cran Dale East Edge Elder Fair Fen Field Fox Glen Gold Gray Hart Hazel Hill
  Holm Ken Lang Marsh Mill Moor North Oak Red Rock Rose Row Shaw Stan Thorn West White Wind Wood`);
const endings = words(`
  bank berg bridge brook bury by combe croft dale den fell field ford gate hall ham hurst land ley man moor more side son
  stead stone ton ville well wick wood worth`);
export const lastNames = shuffled(endings.flatMap((ending) => beginnings.map((beginning) => beginning + ending)));

export const mailDomains = ["example.com", "example.net", "example.org"] as const;

export const streets = words(`
  Acorn Baker Castle Dyer Elm Ferry Garden Harbour Ivy Juniper Kiln Linden Market Orchard Park Quay River Station Tower
  Willow`).map((name) => `${name} Street`);
