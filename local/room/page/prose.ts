import { h } from "../../../report/page/dom.ts";

/** Makes text from a string in which `**` marks bold words and a grave accent code. */
export function prose(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const [at, part] of text.split("**").entries()) {
    const pieces = part.split("`").map((piece, i) => (i % 2 === 1 ? h("code", {}, piece) : piece));
    fragment.append(...(at % 2 === 1 ? [h("b", {}, ...pieces)] : pieces));
  }
  return fragment;
}

/** A name such as "dataset.table" as code that may break after its dots. */
export function codeName(name: string): HTMLElement {
  return h("code", {}, ...name.split(".").flatMap((part, i) => (i === 0 ? [part] : [".", h("wbr"), part])));
}
