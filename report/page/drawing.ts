/*
 * When charts are drawn: at once where they are in sight, one by one while nothing else is to be done where not, all of them before the
 * page is printed, and anew where their width changes. A filter then waits for what is seen only.
 */

/** What is out of date and out of sight, and how it is drawn. */
const stale = new Map<Element, () => void>();

/** Soon, also where the browser sees no reason for a frame; Safari knows no idle time. */
const whenIdle = (work: () => void): unknown =>
  "requestIdleCallback" in globalThis ? requestIdleCallback(work, { timeout: 100 }) : setTimeout(work, 50);
let waiting = false;

function drawNext(): void {
  waiting = false;
  const [next] = stale.keys();
  if (next === undefined) return;
  redraw(next);
  wait();
}

function wait(): void {
  if (waiting || stale.size === 0) return;
  waiting = true;
  whenIdle(drawNext);
}

/** Draws all that is out of date, wherever it is. */
function drawAll(): void {
  for (const element of [...stale.keys()]) redraw(element);
}

addEventListener("beforeprint", drawAll);

// Charts that are drawn above a place move it.
addEventListener(
  "click",
  ({ target }) => {
    if (target instanceof Element && target.closest("a[href^='#']")) drawAll();
  },
  { capture: true },
);

/** Goes to the section that the page's address names, if it names one. */
export function goToSection(): void {
  const section = document.getElementById(location.hash.slice(1));
  if (section === null) return;
  drawAll();
  section.scrollIntoView({ behavior: "instant" });
}

function redraw(element: Element): void {
  const draw = stale.get(element);
  stale.delete(element);
  draw?.();
}

/** Draws something now or when there is time for it. Replaces what was to be drawn there before. */
export function drawInTime(element: Element, draw: () => void): void {
  stale.set(element, draw);
  const { top, bottom } = element.getBoundingClientRect();
  if (bottom > 0 && top < innerHeight) redraw(element);
  else wait();
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
