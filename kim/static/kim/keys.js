// Keys of a page that has them, and acts that do not leave it. Without script every button does the same.
(() => {
  "use strict";

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const on = () => localStorage.getItem("keys") !== "off";
  const show = () => {
    const keys = document.querySelector("[data-keys]");
    keys.hidden = false;
    keys.querySelector("[data-keys-switch]").checked = on();
  };
  if (!document.querySelector("[data-keys]")) return;
  show();
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) localStorage.setItem("keys", event.target.checked ? "on" : "off");
  });

  // A button shows its own key, a field the one that leads into it. They rest while one types and when they are off.
  const at = () => rows().findIndex((one) => one.closest("tr").contains(document.activeElement));
  const current = () => Math.max(0, rows().findIndex((one) => one.hasAttribute("aria-current")));
  const move = (step) => {
    const now = at() < 0 ? current() : at() + step;
    rows()[Math.max(0, Math.min(rows().length - 1, now))].focus();
  };
  const tick = () => {
    const row = rows()[at() < 0 ? current() : at()];
    row.closest("tr").querySelector("[type=checkbox]").click();
  };
  const acts = {
    arrowdown: () => move(1), j: () => move(1), arrowup: () => move(-1), k: () => move(-1), x: tick,
  };
  document.addEventListener("keydown", (event) => {
    if (!on() || event.ctrlKey || event.altKey || event.metaKey) return;
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (typing) return;
    const key = event.key.toLowerCase(), quoted = CSS.escape(key);
    const button = document.querySelector(`[data-key="${quoted}"]`);
    const field = document.querySelector(`[data-focus="${quoted}"] :is(input, select)`);
    if (!acts[key] && !button && !field) return;
    event.preventDefault();
    if (acts[key]) acts[key]();
    else act(key);
  });

  // A key acts on what is ticked, else on the row that has the focus: it is opened first, if it is not the one at hand.
  const act = async (key) => {
    const row = rows()[at()];
    const other = row && !row.hasAttribute("aria-current") && !ticked().length;
    if (other) await once(() => fetch(row.href, { headers, credentials: "same-origin" }));
    const quoted = CSS.escape(key);
    const field = document.querySelector(`[data-focus="${quoted}"] :is(input, select)`);
    if (field) { field.focus(); field.select?.(); }
    else document.querySelector(`[data-key="${quoted}"]`)?.click();
  };

  // An act is sent without leaving the page, an item is opened without leaving it; what was typed stays when nothing
  // answers. Whatever is another page (signed out, closed) is gone to.
  const ticked = () => [...document.querySelectorAll("[name=items]:checked")].map((box) => box.value);
  const put = async (asked, sent) => {
    const note = document.querySelector("[data-keys-note]");
    let answer, page;
    try {
      answer = await asked();
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      note.textContent = "Nicht gespeichert: Der Server antwortet nicht. Bitte noch einmal senden.";
      return;
    }
    if (!page.querySelector("main [data-keys]")) { location.href = answer.url; return; }
    const done = sent && answer.redirected;  // kept: the ticks have served
    const inRows = at() >= 0, kept = done ? [] : ticked();
    document.querySelector("main").replaceWith(page.querySelector("main"));
    history.replaceState(null, "", answer.url);
    document.querySelectorAll("[name=items]").forEach((box) => { box.checked ||= kept.includes(box.value); });
    if (inRows) rows()[current()]?.focus();
    show();
  };
  const headers = { Accept: "text/html" };
  let busy = false;
  const once = async (asked, sent = false) => {
    if (busy) return;
    busy = true;
    await put(asked, sent);
    busy = false;
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-stay]")) return;
    event.preventDefault();
    const body = new FormData(event.target, event.submitter);
    once(() => fetch(location.href, { method: "POST", body, headers, credentials: "same-origin" }), true);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-stay]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    once(() => fetch(link.href, { headers, credentials: "same-origin" }));
  });
})();
