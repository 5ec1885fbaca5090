// What is nicer with script and works without: Herkunft at the side, filters that act at once, menus that close.
(() => {
  "use strict";

  const fetched = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    return { ok: answer.ok, url: answer.url, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };

  // Herkunft: the page it would lead to, in a sheet beside the list; everything else follows the link.
  const sheet = async (link) => {
    const { page } = await fetched(link.href);
    const content = page.querySelector("#herkunft");
    if (!content) { location.href = link.href; return; }
    let dialog = document.querySelector("dialog.sheet");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "sheet";
      dialog.setAttribute("aria-label", "Herkunft");
      document.body.append(dialog);
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    }
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet sheet-close";
    close.textContent = "Schließen";
    close.addEventListener("click", () => dialog.close());
    const whole = document.createElement("p");
    const away = document.createElement("a");
    away.href = link.href;
    away.textContent = "Als eigene Seite öffnen";
    whole.append(away);
    dialog.replaceChildren(close, ...content.childNodes, whole);
    dialog.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    close.focus();
    dialog.onclose = () => link.isConnected && link.focus();
  };

  // Filters: the list is fetched anew and put in the old one's place; the focus stays in the filter.
  let asked = 0;
  let shown = location.search;
  const narrow = async (form) => {
    const data = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(data).toString();
    const turn = ++asked;
    const { page, url } = await fetched(`${location.pathname}?${query}`);
    const found = page.querySelector("#ergebnis");
    if (turn !== asked) return;
    if (!found || page.querySelector("main [role=alert]")) { location.href = url; return; }
    document.querySelector("#ergebnis").replaceChildren(...found.childNodes);
    tick();
    for (const part of ["header.top", ".tabs", ".head .lead"]) {
      const fresh = page.querySelector(part);
      if (fresh) document.querySelector(part)?.replaceChildren(...fresh.childNodes);
    }
    form.querySelectorAll(".pick").forEach((pick) => {
      const count = pick.querySelectorAll("input:checked").length;
      const words = count ? `${count} gewählt` : "alle";
      const summary = pick.querySelector("summary");
      summary.textContent = words;
      summary.setAttribute("aria-label", `${pick.querySelector("[role=group]").getAttribute("aria-label")}: ${words}`);
    });
    history.pushState(null, "", query ? `?${query}` : location.pathname);
    shown = location.search;
  };

  // Back and forward through filters; a jump within the page (a fragment) asks for nothing new.
  window.addEventListener("popstate", () => { if (location.search !== shown) location.reload(); });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.q, a.q-link, dialog.sheet a[href^='/herkunft/']");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      sheet(link).catch(() => { location.href = link.href; });
    }
    document.querySelectorAll("details.menu[open], details.pick[open]").forEach((one) => {
      if (!one.contains(event.target)) one.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    const open = document.activeElement?.closest("details.menu[open], details.pick[open]");
    if (event.key === "Escape" && open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  document.addEventListener("focusout", (event) => {
    const open = event.target.closest("details.menu[open], details.pick[open]");
    if (open && event.relatedTarget && !open.contains(event.relatedTarget)) open.open = false;
  });

  // Consequences of a draft: the page is asked for them at each pause in typing; nothing is saved.
  let pause;
  let foreseen = 0;
  const foresee = async (form) => {
    const turn = ++foreseen;
    const data = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    data.set("vorschau", "1");
    const answer = await fetch(form.action || location.href, { method: "POST", body: data, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#folgen-der-umverteilung, #folgen-der-aenderung");
    if (turn === foreseen && fresh) document.getElementById(fresh.id)?.replaceChildren(...fresh.childNodes);
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-foresee]");
    if (!form) return;
    clearTimeout(pause);
    pause = setTimeout(() => foresee(form).catch(() => {}), 350);
  });

  // Strg+Enter is the main button of the form one is in.
  document.addEventListener("keydown", (event) => {
    const main = event.target.closest?.("form")?.querySelector("[data-main]");
    if (main && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      main.form.requestSubmit(main);
    }
  });

  // Rows that can be ticked: a check box before each, named by the end of the address of its page.
  const tick = () => {
    const form = document.getElementById("auswahl");
    if (!form) return;
    document.querySelectorAll(".rows tbody th[scope=row]").forEach((head) => {
      const link = head.querySelector("a");
      if (!link || head.querySelector("input")) return;
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = form.dataset.tick;
      box.setAttribute("form", "auswahl");
      box.value = decodeURIComponent(new URL(link.href).pathname.replace(/\/$/, "").split("/").pop());
      box.setAttribute("aria-label", `auswählen: ${box.value}`);
      box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });  // would send the form
      head.prepend(box);
    });
  };
  tick();

  // Ticked rows: how many.
  const count = () => {
    const words = document.querySelector(".selection .selected");
    if (!words) return;
    const ticked = document.querySelectorAll(".rows tbody input[form=auswahl]:checked").length;
    words.textContent = ticked ? `${ticked} gewählt` : "";
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches(".rows input[form=auswahl]")) count();
    const form = event.target.closest("form[data-live]");
    if (form) narrow(form).catch(() => form.submit());
  });
})();
