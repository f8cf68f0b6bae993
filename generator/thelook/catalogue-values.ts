/** The values of the synthetic catalogue. Brands and names are invented; sizes, prices and margins follow the public data set. */

const words = (text: string) => text.trim().split(/\s+/);

export interface Category {
  readonly department: "Men" | "Women";
  readonly category: string;
  /** Number of products. */
  readonly products: number;
  /** Mean price, USD. */
  readonly price: number;
  /** The mean cost as a share of the price. Products differ from it by up to 0.05. */
  readonly cost: number;
  /** The last words of product names. */
  readonly kinds: readonly string[];
}

function category(
  department: Category["department"],
  name: string,
  [products, price, cost]: [products: number, price: number, cost: number],
  kinds: string,
): Category {
  return { department, category: name, products, price, cost, kinds: kinds.split(", ") };
}

const women = (name: string, figures: [number, number, number], kinds: string) =>
  category("Women", name, figures, kinds);
const men = (name: string, figures: [number, number, number], kinds: string) => category("Men", name, figures, kinds);

/** In the order of the products' ids, as in the public data set: women's come first. */
export const categories: readonly Category[] = [
  women("Tops & Tees", [766, 33, 0.553], "Tee, Tank Top, Blouse, Tunic, Henley, Camisole"),
  women("Sweaters", [735, 73, 0.445], "Cardigan, Pullover, Turtleneck, Sweater, Poncho"),
  women("Fashion Hoodies & Sweatshirts", [930, 49, 0.479], "Hoodie, Sweatshirt, Zip Hoodie, Fleece Pullover"),
  women("Active", [670, 46, 0.43], "Sports Bra, Track Jacket, Yoga Pant, Running Tank, Training Short"),
  women("Dresses", [955, 85, 0.453], "Maxi Dress, Wrap Dress, Shift Dress, Sheath Dress, Sundress, Cocktail Dress"),
  women("Jumpsuits & Rompers", [162, 44, 0.534], "Jumpsuit, Romper, Playsuit"),
  women("Clothing Sets", [37, 85, 0.617], "Two Piece Set, Skirt Set, Track Suit"),
  women("Jeans", [845, 93, 0.536], "Skinny Jean, Bootcut Jean, Straight Leg Jean, Boyfriend Jean, Cropped Jean"),
  women("Pants & Capris", [615, 54, 0.529], "Capri, Trouser, Cropped Pant, Linen Pant, Wide Leg Pant"),
  women("Leggings", [566, 27.5, 0.601], "Legging, Jegging, Capri Legging"),
  women("Shorts", [825, 41, 0.496], "Short, Denim Short, Bermuda Short, Board Short"),
  women("Skirts", [372, 54, 0.395], "Pencil Skirt, Maxi Skirt, Mini Skirt, Pleated Skirt"),
  women("Blazers & Jackets", [559, 92, 0.378], "Blazer, Bolero, Moto Jacket, Denim Jacket, Cropped Jacket"),
  women("Suits", [188, 117, 0.608], "Skirt Suit, Pant Suit, Jacket and Dress Suit"),
  women("Outerwear & Coats", [560, 143, 0.447], "Down Coat, Trench Coat, Pea Coat, Rain Jacket, Parka, Puffer Vest"),
  women("Socks & Hosiery", [700, 17, 0.396], "Crew Sock, Tights, Knee High Sock, Pantyhose, Ankle Sock 3 Pack"),
  women("Sleep & Lounge", [830, 52, 0.607], "Pajama Set, Robe, Nightgown, Chemise, Lounge Pant"),
  women("Intimates", [2363, 34, 0.531], "Bra, Brief, Thong, Slip, Bralette, Shapewear Short, Bikini Panty 3 Pack"),
  women("Swim", [890, 70, 0.415], "One Piece Swimsuit, Bikini Top, Bikini Bottom, Tankini, Cover Up"),
  women("Accessories", [720, 37, 0.398], "Scarf, Leather Belt, Sunglasses, Sun Hat, Gloves, Beanie"),
  women("Maternity", [946, 49, 0.44], "Maternity Dress, Nursing Tank, Maternity Jean, Maternity Top, Nursing Bra"),
  women("Plus", [755, 38.5, 0.501], "Plus Size Tunic, Plus Size Dress, Plus Size Pant, Plus Size Cardigan"),
  men("Tops & Tees", [1074, 46, 0.56], "Tee, Polo, Henley, Dress Shirt, Tank, Flannel Shirt"),
  men("Sweaters", [1004, 77, 0.505], "Crewneck Sweater, Cardigan, Quarter Zip, V Neck Sweater, Vest"),
  men("Fashion Hoodies & Sweatshirts", [924, 58, 0.545], "Hoodie, Zip Hoodie, Sweatshirt, Fleece Pullover"),
  men("Active", [735, 51, 0.41], "Track Pant, Training Tee, Running Short, Compression Top, Track Jacket"),
  men("Jeans", [1145, 103, 0.535], "Straight Jean, Slim Jean, Bootcut Jean, Relaxed Jean, Carpenter Jean"),
  men("Pants", [1038, 60, 0.459], "Chino, Cargo Pant, Dress Pant, Corduroy Pant, Work Pant"),
  men("Shorts", [938, 50, 0.505], "Cargo Short, Chino Short, Board Short, Plaid Short"),
  men("Suits & Sport Coats", [739, 129, 0.402], "Two Button Suit, Sport Coat, Blazer, Tuxedo, Suit Vest"),
  men(
    "Outerwear & Coats",
    [850, 150, 0.443],
    "Parka, Down Jacket, Leather Jacket, Pea Coat, Soft Shell Jacket, Work Coat",
  ),
  men("Socks", [905, 20, 0.603], "Crew Sock, Dress Sock, Ankle Sock 6 Pack, Boot Sock"),
  men("Sleep & Lounge", [940, 45, 0.4], "Lounge Pant, Robe, Pajama Set, Sleep Short"),
  men("Underwear", [1060, 27, 0.47], "Boxer Brief, Boxer, Brief 3 Pack, Undershirt, Trunk"),
  men("Swim", [930, 46, 0.605], "Swim Trunk, Swim Brief, Rash Guard, Volley Short"),
  men("Accessories", [849, 48, 0.402], "Leather Belt, Wallet, Necktie, Baseball Cap, Sunglasses, Gloves"),
];

/** The words of a product name that follow the brand: a style, then a colour. */
export const styles = words(`
  Classic Essential Heritage Relaxed Slim Modern Vintage Everyday Lightweight Soft Ribbed Striped Printed Washed Quilted
  Stretch Cotton Linen Wool Merino Bamboo Organic Textured Embroidered Contrast Seamless Reversible Tailored`);
export const colors = words(`
  Black White Ivory Grey Charcoal Navy Blue Teal Green Olive Khaki Sand Brown Burgundy Red Coral Pink Lilac Purple Gold`);

const first = words(`
  Copper Silver Golden Amber Ivory Crimson Scarlet Indigo Cobalt Jade Olive Ochre Russet Sable Slate Pearl Coral Saffron
  Velvet Linen Woollen Denim Paper Salt Stone Iron Cedar Maple Willow Hazel Juniper Thistle Clover Briar Fern Harvest
  Winter Summer Autumn Morning Evening Northern Southern Western Eastern Hidden Quiet Bright Little Wild Old Second Third
  Open Twin`);
const second = words(`
  Heron Finch Sparrow Magpie Kestrel Otter Badger Fox Hare Stag Pony Lark Wren Robin Crane Harbour Anchor Lantern Compass
  Bridge Tower Orchard Meadow Valley River Island Canyon Prairie Summit Ridge Hollow Grove Garden Cottage Mill Forge Loom
  Needle Thimble Button Ribbon Spool Thread Weave Stitch Pocket Cuff Collar Seam Hem`);

/** All pairs of the two lists, from the brand with the most products to the one with the fewest. */
export const brands: readonly string[] = second.flatMap((_, round) =>
  first.map((word, place) => `${word} ${second[(round + place) % second.length]}`),
);

/** The public data set's ten distribution centers, in the order of their ids, with their share of the products. */
export const distributionCenters = [
  { name: "Memphis TN", latitude: 35.1174, longitude: -89.9711, share: 0.132 },
  { name: "Chicago IL", latitude: 41.8369, longitude: -87.6847, share: 0.133 },
  { name: "Houston TX", latitude: 29.7604, longitude: -95.3698, share: 0.124 },
  { name: "Los Angeles CA", latitude: 34.05, longitude: -118.25, share: 0.095 },
  { name: "New Orleans LA", latitude: 29.95, longitude: -90.0667, share: 0.071 },
  { name: "Port Authority of New York/New Jersey NY/NJ", latitude: 40.634, longitude: -73.7834, share: 0.092 },
  { name: "Philadelphia PA", latitude: 39.95, longitude: -75.1667, share: 0.093 },
  { name: "Mobile AL", latitude: 30.6944, longitude: -88.0431, share: 0.101 },
  { name: "Charleston SC", latitude: 32.7833, longitude: -79.9333, share: 0.093 },
  { name: "Savannah GA", latitude: 32.0167, longitude: -81.1167, share: 0.066 },
] as const;
