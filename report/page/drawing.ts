/*
 * Decides when charts are drawn, so that a change of the filter waits only for the charts in sight. Those out of sight are drawn one by
 * one while the browser is idle, and all of them before the page is printed.
 */

/** Elements that wait to be drawn, with the functions that draw them. */
const stale = new Map<Element, () => void>();

/** Runs work when the browser is idle, and soon in any case. Safari has no requestIdleCallback. */
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

/** Draws all that waits. */
function drawAll(): void {
  for (const element of [...stale.keys()]) redraw(element);
}

addEventListener("beforeprint", drawAll);

// A chart drawn later would move the target of the link, so draw all before the jump.
addEventListener(
  "click",
  ({ target }) => {
    if (target instanceof Element && target.closest("a[href^='#']")) drawAll();
  },
  { capture: true },
);

/** Scrolls to the section that the page's address names, if it names one. */
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

/** Draws an element now if it is in sight, else when the browser is idle. Replaces a drawing that still waits for it. */
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

/** Calls `change` with the new width in pixels whenever the element's width changes. */
export function onWidth(element: Element, change: (width: number) => void): void {
  widths.set(element, change);
  resized.observe(element);
}
