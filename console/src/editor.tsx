// The editor of scripts. It lives in a shadow root: there its styles need no inline style, which the page's policy forbids.
import { autocompletion, completionKeymap, type Completion, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { ask, sendYaml } from "./api";
import { keysAt, valuesAt, type Schema } from "./schema";
import { findLine, placeOf } from "./yaml-places";

export interface Checked {
  rules: number;
  problems: { place: string; reason: string }[];
  warnings: string[];
}

let schema: Promise<Schema> | null = null;

async function complete(context: CompletionContext) {
  const word = context.matchBefore(/[\w-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  schema ??= ask<Schema>("/_emulator/script.schema.json");
  const root = await schema.catch(() => ({}));
  const { steps, isKey } = placeOf(context.state.doc.toString(), word.from);
  const found = isKey ? keysAt(root, steps) : valuesAt(root, steps);
  const options: Completion[] = found.map(({ label, detail }) => ({
    label,
    info: detail || undefined,
    apply: isKey ? `${label}: ` : label,
    type: isKey ? "property" : "enum",
  }));
  return { from: word.from, options, validFor: /^[\w-]*$/ };
}

function checkText(told: (checked: Checked) => void) {
  return linter(
    async (view): Promise<Diagnostic[]> => {
      const text = view.state.doc.toString();
      if (!text.trim()) return [];
      const checked = await sendYaml<Checked>("/_emulator/script/check", text);
      told(checked);
      return checked.problems.map((problem) => markProblem(view, text, problem));
    },
    { delay: 400 },
  );
}

function markProblem(view: EditorView, text: string, { place, reason }: { place: string; reason: string }): Diagnostic {
  const named = /line (\d+)/.exec(reason)?.[1];
  const number = named ? Number(named) : findLine(text, place) + 1;
  const line = view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)));
  const from = line.from + (line.text.length - line.text.trimStart().length);
  return { from: Math.min(from, line.to), to: line.to, severity: "error", message: place ? `${place}: ${reason}` : reason };
}

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--text)", backgroundColor: "var(--field)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--soft)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--chosen) !important" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionInfo": { maxWidth: "22rem", padding: "6px 8px" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--key)" },
  { tag: [tags.string, tags.content], color: "var(--string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--number)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

export default function Editor(properties: {
  /** What was opened last: it replaces what is in the editor once, and what is written then is the editor's own. */
  opened: { text: string };
  label: string;
  onChange: (text: string) => void;
  onCheck: (checked: Checked) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const current = useRef(properties);
  current.current = properties;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const editor = new EditorView({
      root,
      parent: root as unknown as Element,
      state: EditorState.create({
        doc: current.current.opened.text,
        extensions: [
          lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(),
          yaml(), syntaxHighlighting(colours), theme, lintGutter(), EditorView.lineWrapping,
          autocompletion({ override: [complete] }),
          checkText((checked) => current.current.onCheck(checked)),
          EditorView.contentAttributes.of({ "aria-label": current.current.label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) current.current.onChange(update.state.doc.toString());
          }),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
        ],
      }),
    });
    view.current = editor;
    editor.scrollDOM.tabIndex = 0;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== properties.opened.text)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: properties.opened.text } });
  }, [properties.opened]);

  return <div class="editor" ref={box} />;
}
