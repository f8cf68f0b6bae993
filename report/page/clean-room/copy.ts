import { h } from "../dom.ts";

/** A button that copies a text, and says so. @param what names the text, such as "the query" @param of the card, for screen readers */
export function copyButton(what: string, of: string, text: string): HTMLElement {
  const said = h("span", { class: "sr", role: "status" });
  const button = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": `Copy ${what}: ${of}`,
      onclick: async () => {
        const done = await copy(text);
        button.textContent = done ? "Copied" : "Select and copy it by hand";
        said.textContent = done ? `Copied ${what}.` : "";
        setTimeout(() => {
          button.textContent = `Copy ${what}`;
        }, 2_000);
      },
    },
    `Copy ${what}`,
  );
  return h("span", {}, button, said);
}

/** Copies to the clipboard. Browsers without the Clipboard API for local files copy a selection instead. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "sr", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
