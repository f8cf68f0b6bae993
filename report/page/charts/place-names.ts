/** A circle on the map that gets a name. */
export interface Circle {
  readonly name: string;
  /** The circle with the highest value gets its place first. */
  readonly value: number;
  /** Written under the name. */
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Places each name right, left, below or above its circle, where it covers the least of other names and circles. */
export function placeNames<C extends Circle>(
  circles: readonly C[],
  { width, height }: { readonly width: number; readonly height: number },
) {
  const taken: Box[] = circles.map(({ x, y, radius }) => ({
    left: x - radius,
    top: y - radius,
    right: x + radius,
    bottom: y + radius,
  }));
  return [...circles]
    .sort((a, b) => b.value - a.value)
    .map((circle) => {
      const { x, y, radius, name, text } = circle;
      const long = Math.max(name.length * 7.4, text.length * 6.4);
      const tall = 30;
      const box = (left: number, top: number): Box => ({ left, top, right: left + long, bottom: top + tall });
      const boxes = [
        box(x + radius + 6, y - tall / 2),
        box(x - radius - 6 - long, y - tall / 2),
        box(x - long / 2, y + radius + 2),
        box(x - long / 2, y - radius - 2 - tall),
      ];
      const covered = (one: Box) =>
        taken.reduce((sum, other) => sum + common(one, other), 0) +
        (long * tall - common(one, { left: 0, top: 0, right: width, bottom: height })) * 4;
      const best = boxes.reduce((least, one) => (covered(one) < covered(least) ? one : least));
      taken.push(best);
      return { ...circle, ...best };
    });
}

/** The area that two boxes share. */
function common(a: Box, b: Box): number {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(across, 0) * Math.max(down, 0);
}
