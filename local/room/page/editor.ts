import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { PartyView } from "../api.ts";
import { languageFor } from "./language.ts";

/** The editor for queries. */
export interface Editor {
  readonly element: HTMLElement;
  text(): string;
  /** Replaces the text. The change can be undone. */
  setText(text: string): void;
  /** Inserts a name at the cursor. */
  insert(text: string): void;
  /** Offers the names that a party can write. */
  setParty(party: PartyView): void;
  /** Marks the place of a refusal until the text changes. */
  mark(line: number, column: number): void;
  /** Puts the cursor at the mark. */
  goToMark(): void;
  focus(): void;
}

const setMark = StateEffect.define<{ readonly from: number; readonly to: number } | undefined>();

/** The marked place of a refusal. */
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(setMark))
        return effect.value === undefined
          ? Decoration.none
          : Decoration.set(Decoration.mark({ class: "refused-here" }).range(effect.value.from, effect.value.to));
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Colours are variables of the theme, so that they follow light and dark mode. */
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--c1)", fontWeight: "600" },
  { tag: [tags.standard(tags.name), tags.function(tags.name)], color: "var(--c3)" },
  { tag: tags.typeName, color: "var(--c4)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--up)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--c5)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

/**
 * Makes the editor. Tab leaves it, as everywhere on the page; Ctrl-Enter or Cmd-Enter asks.
 * @param run asks the query
 */
export function editor(run: () => void): Editor {
  const language = new Compartment();
  const asks = () => {
    run();
    return true;
  };
  const view = new EditorView({
    state: EditorState.create({
      extensions: [
        keymap.of([
          { key: "Mod-Enter", preventDefault: true, run: asks },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        EditorView.lineWrapping,
        syntaxHighlighting(colours),
        marked,
        language.of([]),
        EditorView.contentAttributes.of({
          "aria-label": "Query, in GoogleSQL",
          "aria-describedby": "keys",
          // Says to checkers that the keyboard reaches, and so scrolls, a long query.
          tabindex: "0",
        }),
      ],
    }),
  });

  return {
    element: view.dom,
    text: () => view.state.doc.toString(),
    setText(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
      view.scrollDOM.scrollTop = 0;
    },
    insert(text) {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    setParty: (party) => view.dispatch({ effects: language.reconfigure(sql(languageFor(party))) }),
    mark(line, column) {
      if (line > view.state.doc.lines) return;
      const { from, to, text } = view.state.doc.line(line);
      const start = from + placeOf(text, column);
      // Mark the name at the place, with its dataset, or at least one letter.
      const [word = ""] = /^[\w.`]+/.exec(view.state.sliceDoc(start, to)) ?? [];
      const range = {
        from: Math.min(start, Math.max(from, to - 1)),
        to: Math.min(to, start + Math.max(word.length, 1)),
      };
      if (range.from >= range.to) return;
      view.dispatch({ effects: setMark.of(range) });
      // Scroll only the editor, not the page.
      const { top, bottom } = view.lineBlockAt(range.from);
      const { scrollTop, clientHeight } = view.scrollDOM;
      if (top < scrollTop || bottom > scrollTop + clientHeight) view.scrollDOM.scrollTop = top - clientHeight / 2;
    },
    goToMark() {
      const place = view.state.field(marked).iter();
      if (place.value) view.dispatch({ selection: { anchor: place.from, head: place.to }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
  };
}

/** The index in a line of a column counted from 1, where a tab goes to the next multiple of eight. */
function placeOf(line: string, column: number): number {
  let wide = 1;
  for (const [index, letter] of [...line].entries()) {
    if (wide >= column) return index;
    wide = letter === "\t" ? wide + 8 - ((wide - 1) % 8) : wide + 1;
  }
  return line.length;
}
