import { h } from "./dom.ts";

/** Makes a row of toggle buttons. Any number can be on; the first button, All, turns the others off. */
export function chips(legend: string, names: readonly string[], change: (chosen: string[]) => void) {
  const all = h("button", { type: "button", class: "chip", onclick: () => change([]) }, "All");
  all.setAttribute("aria-label", `${legend}: all`);
  const buttons = names.map((name) =>
    h("button", { type: "button", class: "chip", onclick: () => change(toggled(name)) }, name),
  );
  let chosen: readonly string[] = [];
  function toggled(name: string): string[] {
    const next = names.filter((one) => (one === name ? !chosen.includes(one) : chosen.includes(one)));
    return next.length === names.length ? [] : next;
  }
  return {
    element: h("fieldset", {}, h("legend", {}, legend), ...(names.length > 1 ? [all, ...buttons] : buttons)),
    show(shown: readonly string[]) {
      chosen = shown;
      all.setAttribute("aria-pressed", String(shown.length === 0));
      for (const [i, button] of buttons.entries())
        button.setAttribute(
          "aria-pressed",
          String(shown.includes(names[i] ?? "") || (names.length === 1 && shown.length === 0)),
        );
    },
  };
}
