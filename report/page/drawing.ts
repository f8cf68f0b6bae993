/*
 * When charts are drawn: at once where they are in sight, when they come near where not, all of them before the page is printed, and
 * anew where their width changes. A filter then waits for what is seen only.
 */

/** What is out of date and out of sight, and how it is drawn. */
const stale = new Map<Element, () => void>();

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) redraw(target);
  },
  { rootMargin: "50%" },
);

addEventListener("beforeprint", () => {
  for (const element of [...stale.keys()]) redraw(element);
});

function redraw(element: Element): void {
  const draw = stale.get(element);
  stale.delete(element);
  draw?.();
}

/** Draws something now or when it comes near. Replaces what was to be drawn there before. */
export function drawInTime(element: Element, draw: () => void): void {
  stale.set(element, draw);
  const { top, bottom } = element.getBoundingClientRect();
  if (bottom > 0 && top < innerHeight) redraw(element);
  else {
    // Observed anew, it reports at once where it stands.
    near.unobserve(element);
    near.observe(element);
  }
}

const widths = new Map<Element, (width: number) => void>();

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) widths.get(target)?.(contentRect.width);
});

/** Calls with the new width in pixels whenever it has changed. */
export function onWidth(element: Element, change: (width: number) => void): void {
  widths.set(element, change);
  resized.observe(element);
}
