// Rich text over a textarea that holds the small text markup: **fett**, [Text](https://…), lists, {{figures}}.
// The textarea stays what the form sends; without this script, or if it fails, it is the editor.
import { baseKeymap, chainCommands, toggleMark } from "prosemirror-commands";
import { closeHistory, history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { DOMParser as Reader, Fragment, Schema, Slice } from "prosemirror-model";
import { liftListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import { EditorState, Plugin, Selection } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

const HREF = /^(https?:\/\/|mailto:)[^\s<>{}"]+$/;
const TOKEN = /^\{\{\s*[a-z_.]+(\s+[a-z_]+=("[^"{}]*"|[^\s"{}]+))*\s*\}\}$/;

const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { group: "block", content: "inline*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    bullet_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
    ordered_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ol" }], toDOM: () => ["ol", 0] },
    list_item: { content: "paragraph", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
    text: { group: "inline" },
    hard_break: {
      group: "inline", inline: true, selectable: false,
      leafText: () => "\n", parseDOM: [{ tag: "br" }], toDOM: () => ["br"],
    },
    // Not draggable: browsers lose the token when they copy a draggable element.
    figure: {
      group: "inline", inline: true, atom: true, attrs: { token: {}, text: {}, title: { default: "" } },
      leafText: (node) => node.attrs.text,
      parseDOM: [{
        tag: "data[data-token]",
        getAttrs: (at) => ({ token: at.dataset.token, text: at.textContent, title: at.title }),
      }],
      toDOM: ({ attrs }) => ["data", { class: "bound", "data-token": attrs.token, title: attrs.title }, attrs.text],
    },
  },
  marks: {
    strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
    link: {
      attrs: { href: {} }, inclusive: false, toDOM: (mark) => ["a", { href: mark.attrs.href }, 0],
      parseDOM: [{
        tag: "a[href]",
        getAttrs: (at) => HREF.test(at.getAttribute("href")) && { href: at.getAttribute("href") },
      }],
    },
  },
});
const { bullet_list, figure, hard_break, list_item, ordered_list, paragraph } = schema.nodes;
const { link, strong } = schema.marks;
const reader = Reader.fromSchema(schema);

// ---- from the document to the markup

// The pieces of a block, one a character or figure, in lines: marks can then be set right piece by piece.
function lines(block) {
  const found = [[]];
  block.forEach((node) => {
    const marks = { strong: !!strong.isInSet(node.marks), href: link.isInSet(node.marks)?.attrs.href ?? "" };
    if (node.type === hard_break) found.push([]);
    else if (node.type === figure) {  // a figure in a link would not be read
      found.at(-1).push({ out: node.attrs.token, strong: marks.strong, href: "" });
    }
    else for (const char of node.text.replace(/[\0-\x20\x7f\x85\u2028\u2029]/g, " "))
      found.at(-1).push({ out: char.replace(/[\\*[\]{]/, "\\$&"), blank: char === " " || char === "\u00a0", ...marks });
  });
  return found;
}

// Blanks at the edge of a mark stand outside of it: "** fett **" is no markup.
function bare(pieces) {
  const clear = (row, alike, without) => row.forEach((one, at) => {
    if (one.blank && !alike(row[at - 1] ?? {}, one)) Object.assign(one, without);
  });
  const both = (...rule) => { clear(pieces, ...rule); clear(pieces.reverse(), ...rule); pieces.reverse(); };
  both((a, b) => a.strong === b.strong, { strong: false });
  both((a, b) => a.strong === b.strong && a.href === b.href, { href: "" });
  return pieces;
}

function written(line) {
  const single = line.filter((one, at) => one.out !== " " || (at && line[at - 1].out !== " "));
  if (single.at(-1)?.out === " ") single.pop();
  let text = "", last = { strong: false, href: "" };
  for (const one of [...bare(single), last]) {
    const turn = one.strong !== last.strong, away = turn || one.href !== last.href;
    if (away && last.href) text += `](${last.href.replace(/[)\\]/g, (char) => (char === ")" ? "%29" : "%5C"))})`;
    if (turn) text += "**";
    if (away && one.href) text += "[";
    text += one.out ?? "";
    last = one;
  }
  return /\S/.test(text) ? text : "";  // a hard space alone is no line
}

// What a line begins with must not look like a list; two breaks in a row are a new paragraph.
function block(node) {
  if (node.type === paragraph)
    return lines(node)
      .map((line) => written(line).replace(/^-(?= )/, "\\-").replace(/^(\d+)\.(?= )/, "$1\\."))
      .join("\n")
      .replace(/\n{2,}/g, "\n\n")
      .replace(/^\n+|\n+$/g, "");
  const items = node.children
    .map((item) => lines(item.firstChild).map(written).filter(Boolean).join(" "))
    .filter(Boolean);
  return items.map((item, at) => `${node.type === ordered_list ? `${at + 1}.` : "-"} ${item}`).join("\n");
}

const markup = (doc) => doc.children.map(block).filter(Boolean).join("\n\n");

// ---- pasting

const MARKER = /^[\s\u00a0]*([·•§o–-]|\d+[.)]|[a-z][.)])[\s\u00a0]+/i;

// Parsed text is under the page's CSP, where style= and on…= are violations: they are renamed before parsing.
function parsed(html) {
  const tags = /<[a-z](?:[^>"']|"[^"]*"|'[^']*')*>/gi, named = /([\s"'/])(style|on\w+)\s*=/gi;
  const bare = html.replace(/<style[\s\S]*?<\/style>|<script[\s\S]*?<\/script>|<!--[\s\S]*?-->/gi, "");
  return new DOMParser().parseFromString(bare.replace(tags, (tag) => tag.replace(named, "$1data-$2=")), "text/html");
}

// Word's list items are paragraphs with a typed marker.
function wordItem(item) {
  const marker = item.textContent.match(MARKER);
  if (!marker) return;
  const dom = item.ownerDocument, walk = dom.createTreeWalker(item, NodeFilter.SHOW_TEXT);
  for (let left = marker[0].length, text; left && (text = walk.nextNode());) {
    const cut = Math.min(left, text.data.length);
    text.data = text.data.slice(cut);
    left -= cut;
  }
  const tag = marker[1].length > 1 ? "OL" : "UL", last = item.previousElementSibling;
  const list = last?.tagName === tag && last.dataset.word ? last : dom.createElement(tag);
  if (list !== last) { list.dataset.word = "1"; item.before(list); }
  const entry = dom.createElement("li");
  entry.append(...item.childNodes);
  list.append(entry);
  item.remove();
}

function cleanWord(html) {
  const dom = parsed(html);
  const each = (selector, act) => [...dom.querySelectorAll(selector)].reverse().forEach(act);
  const styled = (at, weight) => new RegExp(`(^|;)\\s*font-weight:\\s*(${weight})`).test(at.dataset.style);
  const rename = (at, tag) => {
    const fresh = dom.createElement(tag);
    fresh.append(...at.childNodes);
    at.replaceWith(fresh);
  };
  each("script,title,xml,meta,link,img,svg,iframe,object", (at) => at.remove());
  each("data", (at) => { if (!TOKEN.test(at.dataset.token ?? "")) at.replaceWith(...at.childNodes); });
  each("b[data-style]", (at) => { if (styled(at, "normal|400")) at.replaceWith(...at.childNodes); });
  each("span[data-style]", (at) => { if (styled(at, "bold|[6-9]00")) rename(at, "strong"); });
  each(":is(td,th) :is(p,div,ul,ol,li,br)", (at) => at.replaceWith(" ", ...at.childNodes));
  each("tr", (row) => {  // the markup has no tables: one line a row
    const line = dom.createElement("p");
    line.append(...[...row.cells].flatMap((cell, at) => [...(at ? [" | "] : []), ...cell.childNodes]));
    if (/[^\s|]/.test(line.textContent)) row.closest("table").after(line);
  });
  each("table", (at) => at.remove());
  dom.querySelectorAll("p[class*=MsoList]").forEach(wordItem);
  each("li :is(ul,ol)", (at) => { at.closest("li").after(...at.children); at.remove(); });  // nor nested lists
  each(":is(ul,ol) > :is(ul,ol)", (at) => at.replaceWith(...at.children));
  each("p", (at) => { if (!/\S/.test(at.textContent)) at.remove(); });
  return dom.body.innerHTML;
}

// Plain text: blank lines part paragraphs, other line ends stay.
function plainText(text, $context) {
  const inline = (line, at) => [
    ...(at ? [hard_break.create()] : []),
    ...(line ? [schema.text(line, $context.marks())] : []),
  ];
  const parts = text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n\s*/);
  return Slice.maxOpen(Fragment.from(parts.map((part) => paragraph.create(null, part.split("\n").flatMap(inline)))));
}

// ---- commands

const listOf = ({ $from }) => ($from.depth > 2 ? $from.node($from.depth - 2) : null);

// The same button makes a list, turns one kind into the other, and dissolves it.
const toList = (type) => (state, dispatch) => {
  const { $from } = state.selection, now = listOf(state.selection);
  if (!now) return wrapInList(type)(state, dispatch);
  if (now.type === type) return liftListItem(list_item)(state, dispatch);
  dispatch?.(state.tr.setNodeMarkup($from.before($from.depth - 2), type));
  return true;
};

const leaveList = (state, dispatch) => {
  const { $from, empty } = state.selection;
  return empty && !$from.parent.content.size && !!listOf(state.selection) && liftListItem(list_item)(state, dispatch);
};

// Left to the browser, joining two items would set an inline style, which the CSP reports.
const joinItems = (way) => ({ doc, tr, selection: { $from, empty } }, dispatch) => {
  const at = $from.pos, next = $from.depth > 2 && doc.resolve(way < 0 ? $from.before(-1) : $from.after(-1));
  if (!empty || !next || at !== (way < 0 ? $from.start() : $from.end())) return false;
  if (!(way < 0 ? next.nodeBefore : next.nodeAfter)) return false;
  dispatch?.(tr.delete(Math.min(at, at + 4 * way), Math.max(at, at + 4 * way)).scrollIntoView());
  return true;
};

const breakLine = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(hard_break.create()).scrollIntoView());
  return true;
};

// An item of the markup is one line: a break in it makes two items, however it came there.
const itemsAreLines = new Plugin({
  appendTransaction(_, __, state) {
    const breaks = [];
    state.doc.descendants((node, at) => {
      if (node.type === hard_break && state.doc.resolve(at).node(-1).type === list_item) breaks.unshift(at);
    });
    return breaks.length ? breaks.reduce((tr, at) => tr.delete(at, at + 1).split(at, 2), state.tr) : null;
  },
});

// ---- dialogs, both native: focus, Escape and roles are the browser's

// A number found by its words. A slower older answer must not replace a newer one, and Enter counts only for what is
// shown.
function pick(view, address) {
  const dialog = document.getElementById("picker");
  const [query, list, count] = ["input", "select", "output"].map((tag) => dialog.querySelector(tag));
  let asked = 0, shown = -1, pause, hits = [];
  const load = async (turn) => {
    const url = `${address}?q=${encodeURIComponent(query.value)}`;
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then((one) => one.json()).catch(() => null);
    if (turn !== asked) return;
    hits = answer ?? [];
    const words = (hit) => `${hit.text} – ${hit.title}${hit.source ? ` (${hit.source})` : ""}`;
    list.replaceChildren(...hits.map((hit) => new Option(words(hit))));
    list.selectedIndex = hits.length ? 0 : -1;
    count.textContent = answer ? `${hits.length} Treffer` : "Die Zahlen ließen sich nicht laden.";
    shown = turn;
  };
  const accept = () => { if (shown === asked && hits[list.selectedIndex]) dialog.close("ok"); };
  query.value = dialog.returnValue = count.textContent = "";
  list.replaceChildren();
  query.oninput = () => { clearTimeout(pause); asked += 1; pause = setTimeout(load, 150, asked); };
  list.ondblclick = accept;
  dialog.onkeydown = (event) => {
    const down = event.key === "ArrowDown" && event.target === query;
    const enter = event.key === "Enter" && [query, list].includes(event.target);
    if (!down && !enter) return;
    event.preventDefault();
    if (enter) accept();
    else list.focus();
  };
  dialog.querySelector("form").onsubmit = (event) => {
    if (event.submitter?.value === "ok") { event.preventDefault(); accept(); }
  };
  dialog.onclose = () => {
    clearTimeout(pause);
    asked += 1;
    view.focus();
    const hit = dialog.returnValue === "ok" && hits[list.selectedIndex];
    if (!hit) return;
    const title = hit.source ? `${hit.title}: ${hit.source}` : hit.title;
    const made = figure.create({ token: hit.token, text: hit.text, title });
    view.dispatch(closeHistory(view.state.tr).replaceSelectionWith(made).scrollIntoView());
  };
  dialog.showModal();
  query.focus();
  load(asked);
}

// What a link is set on: the selection, or the whole link the cursor stands in.
function linkRange({ doc, selection: { $from, from, to, empty } }) {
  let found = { from, to, href: "" };
  if (!empty) doc.nodesBetween(from, to, (node) => { found.href ||= link.isInSet(node.marks)?.attrs.href ?? ""; });
  const mark = empty && link.isInSet($from.marks());
  if (!mark) return found;
  let run;
  $from.parent.forEach((node, offset) => {
    const at = $from.start() + offset;
    if (!mark.isInSet(node.marks)) return;
    if (run?.to !== at) run = { from: at, href: mark.attrs.href };
    run.to = at + node.nodeSize;
    if (run.from <= from && from <= run.to) found = run;  // grows on with what follows
  });
  return found;
}

const LINK = `
<dialog class="editor-dialog" aria-labelledby="editor-link-h">
  <form method="dialog">
    <h2 id="editor-link-h" class="kern-heading-small">Link</h2>
    <p>
      <label for="editor-link-text">Text</label>
      <input id="editor-link-text" class="kern-form-input__input" autocomplete="off">
    </p>
    <p>
      <label for="editor-link-href">Adresse</label>
      <input id="editor-link-href" class="kern-form-input__input" inputmode="url" autocomplete="off"
        placeholder="https://">
    </p>
    <p class="actions">
      <button class="kern-btn kern-btn--primary kern-btn--small" value="ok">
        <span class="kern-label">Übernehmen</span>
      </button>
      <button class="kern-btn kern-btn--secondary kern-btn--small" value="remove">
        <span class="kern-label">Link entfernen</span>
      </button>
      <button class="kern-btn kern-btn--tertiary kern-btn--small" value="cancel">
        <span class="kern-label">Abbrechen</span>
      </button>
    </p>
  </form>
</dialog>`.trim();
let linkDialog;

// "www.stadt.de" and "a@stadt.de" are what people type.
function address(typed) {
  const words = typed.trim();
  if (/^[a-z]+:/i.test(words)) return words.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
  return (words.includes("@") ? "mailto:" : "https://") + words;
}

function setLink(view, { from, to }, href, words) {
  const { tr } = view.state, mark = href && link.create({ href });
  if (from === to && mark) {
    const marks = mark.addToSet(view.state.selection.$from.marks());
    tr.replaceSelectionWith(schema.text(words || href.replace(/^mailto:/, ""), marks), false);
  }
  else tr.removeMark(from, to, link);
  if (from !== to && mark) tr.addMark(from, to, mark);
  view.dispatch(closeHistory(tr).scrollIntoView());
}

function askLink(view) {
  if (!linkDialog) {
    const holder = document.createElement("template");
    holder.innerHTML = LINK;
    linkDialog = holder.content.firstElementChild;
    document.body.append(linkDialog);
  }
  const [words, href] = linkDialog.querySelectorAll("input"), range = linkRange(view.state);
  words.parentElement.hidden = range.from !== range.to;
  linkDialog.querySelector("[value=remove]").hidden = !range.href;
  words.value = linkDialog.returnValue = "";
  href.value = range.href;
  href.oninput = () => href.setCustomValidity("");
  linkDialog.querySelector("form").noValidate = true;
  linkDialog.querySelector("form").onsubmit = (event) => {
    if (event.submitter.value !== "ok" || HREF.test(address(href.value))) return;
    event.preventDefault();
    href.setCustomValidity("Bitte eine Adresse mit https://, http:// oder mailto: angeben.");
    href.reportValidity();
  };
  linkDialog.onclose = () => {
    view.focus();
    if (linkDialog.returnValue === "ok") setLink(view, range, address(href.value), words.value.trim());
    if (linkDialog.returnValue === "remove") setLink(view, range, "");
  };
  linkDialog.showModal();
  (words.parentElement.hidden ? href : words).focus();
}

// ---- one editor

const within = (mark) => ({ doc, storedMarks, selection: { $from, from, to, empty } }) =>
  empty ? !!mark.isInSet(storedMarks || $from.marks()) : doc.rangeHasMark(from, to, mark);
const inList = (type) => ({ selection }) => listOf(selection)?.type === type;

// Label, command, whether it holds where the cursor is, keys.
const tools = (figures) => [
  ["Fett", toggleMark(strong, null, { removeWhenPresent: false }), within(strong), "b"],
  ["Liste", toList(bullet_list), inList(bullet_list)],
  ["Nummern", toList(ordered_list), inList(ordered_list)],
  ["Liste aufheben", liftListItem(list_item)],
  ["Link", (state, run, view) => (askLink(view), true), within(link), "k"],
  ["Zahl einfügen", (state, run, view) => (pick(view, figures), true), null, "."],
];

const keys = (buttons) => ({
  ...Object.fromEntries(buttons.filter((one) => one[3]).map(([, run, , key]) => [`Mod-${key}`, run])),
  "Mod-z": undo, "Mod-y": redo, "Shift-Mod-z": redo, "Shift-Enter": breakLine,
  Backspace: joinItems(-1), Delete: joinItems(1), Enter: chainCommands(leaveList, splitListItem(list_item)),
});

// One stop of the tab key for the whole bar, arrows within it.
function toolbar(label, buttons, view) {
  const bar = document.createElement("div");
  bar.className = "editor-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", `Text gestalten: ${label}`);
  buttons.forEach(([words, run, , key], at) => {
    const button = document.createElement("button"), inner = document.createElement("span");
    const className = "kern-btn kern-btn--tertiary kern-btn--small";
    Object.assign(button, { type: "button", className, tabIndex: at ? -1 : 0 });
    Object.assign(inner, { className: "kern-label", textContent: words });
    if (key) {
      button.setAttribute("aria-keyshortcuts", `Control+${key.toUpperCase()}`);
      button.title = `Strg+${key === "." ? "Punkt" : key.toUpperCase()}`;
    }
    button.append(inner);
    button.addEventListener("mousedown", (event) => event.preventDefault());  // the selection stays
    button.addEventListener("click", () => {
      run(view.state, view.dispatch, view);
      if (!document.querySelector("dialog:modal")) view.focus();
    });
    bar.append(button);
  });
  bar.addEventListener("keydown", (event) => {
    const all = [...bar.children], at = all.indexOf(document.activeElement);
    const count = all.length;
    const places = { ArrowRight: (at + 1) % count, ArrowLeft: (at + count - 1) % count, Home: 0, End: count - 1 };
    const next = places[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all.forEach((one, place) => { one.tabIndex = place === next ? 0 : -1; });
    all[next].focus();
  });
  return bar;
}

function attributes(textarea, label) {
  const given = ["aria-describedby", "aria-invalid"]
    .filter((name) => textarea.hasAttribute(name))
    .map((name) => [name, textarea.getAttribute(name)]);
  return { role: "textbox", "aria-multiline": "true", "aria-labelledby": label.id, lang: "de", spellcheck: "true",
    class: "editor-text",
    ...(textarea.required ? { "aria-required": "true" } : {}), ...Object.fromEntries(given) };
}

function enhance(textarea) {
  const form = textarea.form, label = textarea.labels[0];
  const source = form.querySelector(`template[data-for="${CSS.escape(textarea.id)}"]`).content;
  label.id ||= `${textarea.id}-label`;
  const buttons = tools(form.dataset.figures), status = document.createElement("output");
  status.className = "editor-status";
  let bar;
  const paint = ({ selection: { node } }) => {
    buttons.forEach(([, , holds], at) => { if (holds) bar.children[at].ariaPressed = String(holds(view.state)); });
    const title = node?.attrs.title ? ` (${node.attrs.title})` : "";
    const words = node?.type === figure ? `Zahl ${node.attrs.text} ausgewählt${title}. Entf löscht sie.` : "";
    if (status.textContent !== words) status.textContent = words;
  };
  const view = new EditorView({ mount: document.createElement("div") }, {
    state: EditorState.create({
      doc: reader.parse(source),
      plugins: [history(), itemsAreLines, keymap(keys(buttons)), keymap(baseKeymap)],
    }),
    attributes: attributes(textarea, label), transformPastedHTML: cleanWord, clipboardTextParser: plainText,
    dispatchTransaction(tr) {
      const before = view.state.doc;
      view.updateState(view.state.apply(tr));
      paint(view.state);
      if (before === view.state.doc) return;
      textarea.value = markup(view.state.doc);
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  bar = toolbar(label.textContent.trim(), buttons, view);
  paint(view.state);
  // the page hears of a change once, from the textarea
  view.dom.addEventListener("input", (event) => event.stopPropagation());
  label.addEventListener("click", () => view.focus());
  textarea.before(bar, view.dom, status);
  // Hidden it cannot show that it is required; and a browser that restores it would set it at odds with the template.
  Object.assign(textarea, { hidden: true, required: false, autocomplete: "off" });
  return { view, paint };
}

// ---- all editors of the page

const editors = new Map();

function enhanceAll() {
  for (const [textarea, { view }] of editors) if (!textarea.isConnected) { view.destroy(); editors.delete(textarea); }
  for (const textarea of document.querySelectorAll("form[data-editor] textarea[data-rich]:enabled:read-write")) {
    if (editors.has(textarea)) continue;
    try { editors.set(textarea, enhance(textarea)); } catch (fault) { console.error(fault); }
  }
}

// The server's text takes the place of what is there; the history would undo into a text that is gone.
document.addEventListener("kim:reload", ({ detail: { id, html, value } }) => {
  const textarea = document.getElementById(id), editor = editors.get(textarea);
  if (textarea) textarea.value = value;
  if (!editor) return;
  const holder = document.createElement("template"), { view, paint } = editor;
  holder.innerHTML = html;
  const doc = reader.parse(holder.content), place = Math.min(view.state.selection.head, doc.content.size);
  const fresh = EditorState.create({ doc, plugins: view.state.plugins });
  view.updateState(fresh.apply(fresh.tr.setSelection(Selection.near(doc.resolve(place)))));
  paint(view.state);
});
document.addEventListener("kim:enhance", enhanceAll);
enhanceAll();
