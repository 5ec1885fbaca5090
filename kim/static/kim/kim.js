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
    const content = page.querySelector("#source");
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
    const found = page.querySelector("#result");
    if (turn !== asked) return;
    if (!found || page.querySelector("main [role=alert]")) { location.href = url; return; }
    document.querySelector("#result").replaceChildren(...found.childNodes);
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
    const link = event.target.closest("a.q, a.q-link, a.bound, dialog.sheet a[href^='/herkunft/']");
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
    data.set("preview", "1");
    const url = form.action || location.href;
    const answer = await fetch(url, { method: "POST", body: data, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#effects-of-reallocation, #effects-of-change, #pages");
    if (turn === foreseen && fresh) document.getElementById(fresh.id)?.replaceChildren(...fresh.childNodes);
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-foresee]");
    if (!form) return;
    clearTimeout(pause);
    pause = setTimeout(() => foresee(form).catch(() => {}), Number(form.dataset.foresee) || 350);
  });

  // Long work: how far it has got, each second until it is finished.
  const again = async () => {
    const { ok, page } = await fetched(location.href);
    const fresh = page.querySelector("#progress");
    if (!ok || !fresh) return;
    const state = document.getElementById("progress");
    if (fresh.innerHTML !== state.innerHTML) state.replaceWith(fresh);
    if (fresh.matches("[data-again]")) setTimeout(() => again().catch(() => {}), 1000);
  };
  if (document.querySelector("#progress[data-again]")) setTimeout(() => again().catch(() => {}), 700);

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
    const form = document.getElementById("selection");
    if (!form) return;
    document.querySelectorAll(".rows tbody th[scope=row]").forEach((head) => {
      const link = head.querySelector("a");
      if (!link || head.querySelector("input")) return;
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = form.dataset.tick;
      box.setAttribute("form", "selection");
      box.value = decodeURIComponent(new URL(link.href).pathname.replace(/\/$/, "").split("/").pop());
      box.setAttribute("aria-label", `auswählen: ${box.value}`);
      // Enter would send the form
      box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
      head.prepend(box);
    });
  };
  tick();

  // Ticked rows: how many.
  const count = () => {
    const words = document.querySelector(".selection .selected");
    if (!words) return;
    const ticked = document.querySelectorAll(".rows tbody input[form=selection]:checked").length;
    words.textContent = ticked ? `${ticked} gewählt` : "";
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches(".rows input[form=selection]")) count();
    const form = event.target.closest("form[data-live]");
    if (form) narrow(form).catch(() => form.submit());
  });

  // Writing a paper: what is typed is previewed at a short pause and saved at a longer one, one after the other.
  const writing = document.querySelector("form[data-preview]");
  if (writing) {
    const live = document.querySelector("[data-live]");
    const state = writing.querySelector("[data-state]");
    const later = (run, pause) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(run, pause); }; };
    const post = (url, accept) => {
      const body = new FormData(writing);
      return fetch(url, { method: "POST", headers: { Accept: accept }, credentials: "same-origin", body });
    };
    writing.querySelectorAll(".without-script").forEach((one) => { one.hidden = true; });
    let turn = 0;
    let dirty = false;
    let queue = Promise.resolve();
    const preview = later(async () => {
      const mine = ++turn;
      const answer = await post(writing.dataset.preview, "text/html").catch(() => null);
      if (!answer?.ok || mine !== turn) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      live.replaceChildren(...page.body.childNodes);
    }, 500);
    // The pages as they are printed, drawn anew while they are looked at.
    const pages = document.querySelector("details[data-pages]");
    let drawing = 0;
    const draw = async () => {
      if (!pages?.open) return;
      const mine = ++drawing;
      const answer = await post(pages.dataset.pages, "text/html").catch(() => null);
      const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page?.querySelector("#pages");
      if (fresh && mine === drawing) pages.querySelector("div").replaceChildren(...fresh.childNodes);
    };
    const redraw = later(draw, 1500);
    pages?.addEventListener("toggle", draw);
    let busy = 0;
    let away = false;
    const store = async () => {
      dirty = false;
      const answer = await post(writing.getAttribute("action") || location.href, "application/json").catch(() => null);
      away = !answer || answer.redirected || answer.status === 403;
      const found = away ? null : await answer.json().catch(() => null);
      if (!found?.versions) {
        dirty = true;
        state.textContent = found?.error ||
          "Nicht gespeichert: keine Verbindung, oder nicht mehr angemeldet. " +
          "Der Text steht noch hier; bitte in einem neuen Fenster anmelden.";
        if (!found?.error) save();
        return;
      }
      for (const [key, version] of Object.entries(found.versions)) {
        const field = writing.elements[`version_${key}`];
        if (field) field.value = version;
      }
      const time = new Date().toLocaleTimeString("de", { hour: "2-digit", minute: "2-digit" });
      state.textContent = `Gespeichert um ${time} Uhr`;
    };
    const line = () => {
      busy += 1;
      queue = queue.then(store).catch(() => { dirty = true; }).finally(() => { busy -= 1; });
    };
    let timer;
    // Where Mitzeichnungen hold, the writer says first whether the change is only redaktionell: nothing saves itself.
    const asks = writing.querySelector("[name=editorial]");
    const save = () => { clearTimeout(timer); if (!asks) timer = setTimeout(line, away ? 10000 : 2000); };
    writing.addEventListener("input", (event) => {
      if (!event.target.matches("textarea")) return;
      dirty = true;
      if (!away) state.textContent = "";
      preview();
      redraw();
      save();
    });
    writing.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (away) line();
      if (busy) {  // what is under way first: it brings the versions this form has to send
        event.preventDefault();
        queue.then(() => { if (!away) writing.requestSubmit(event.submitter); });
        return;
      }
      dirty = false;
    });
    addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  }

  // A Bescheid beside the fields into which it is typed: the file that is chosen, or the one that lies there. It stays
  // in the browser; only what is a PDF gets a frame, and only as a PDF.
  const aside = document.querySelector(".typing-file");
  if (aside) {
    let address = "";
    const show = (file, name) => {
      URL.revokeObjectURL(address);
      const pdf = file?.type === "application/pdf";
      aside.hidden = !pdf && !["image/png", "image/jpeg"].includes(file?.type);
      aside.replaceChildren();
      if (aside.hidden) return;
      const shown = document.createElement(pdf ? "iframe" : "img");
      if (pdf) {
        address = URL.createObjectURL(file);
        shown.title = `Datei: ${name}`;
        shown.src = `${address}#navpanes=0`;
      } else {
        const reader = new FileReader();
        reader.addEventListener("load", () => { shown.src = reader.result; });
        reader.readAsDataURL(file);
        shown.alt = `Datei: ${name}`;
      }
      aside.append(shown);
    };
    const kept = async () => {
      if (!aside.dataset.file) { show(null); return; }
      const answer = await fetch(aside.dataset.file, { credentials: "same-origin" });
      if (answer.ok) show(await answer.blob(), aside.dataset.name);
    };
    const field = aside.closest("form").querySelector("input[type=file]");
    const choose = () => {
      const [file] = field.files;
      if (file) show(file, file.name); else kept().catch(() => {});
    };
    field.addEventListener("change", choose);
    choose();
  }

  // Posts that a Zuwendung pays: how many VZÄ are ticked, and what is left.
  const tally = document.querySelector("[data-granted]");
  if (tally) {
    const thousandths = (words) => Math.round(Number(words.trim().replace(",", ".")) * 1000);
    const places = { minimumFractionDigits: 1, maximumFractionDigits: 3 };
    const said = (number) => (number / 1000).toLocaleString("de-DE", places);
    const tell = () => {
      const granted = thousandths(tally.dataset.granted);
      let ticked = 0;
      tally.closest("form").querySelectorAll("input[data-fte]:checked").forEach((box) => {
        const part = box.closest("tr").querySelector("[name$=-part]").value;
        ticked += thousandths(part.trim() ? part : box.dataset.fte) || 0;
      });
      const rest = granted - ticked;
      const more = rest < 0 ? `; ${said(-rest)} VZÄ mehr, als sie fördert` : "";
      const words = rest > 0 ? `; ${said(rest)} VZÄ sind noch frei` : more;
      tally.textContent = `Angekreuzt: ${said(ticked)} von ${said(granted)} VZÄ dieser Position${words}.`;
    };
    tally.closest("form").addEventListener("input", tell);
  }

  // A long list to choose from is narrowed by typing; umlauts may be left out or spelled, capitals do not matter.
  const LONG = 20;
  const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("ß", "ss").toLowerCase();
  const spelled = (words) => plain(words.toLowerCase().replace(/[äöü]/g, (sign) => `${sign.normalize("NFD")[0]}e`));
  const entries_of = (one) => [...one.querySelectorAll("option, label.choice")];
  document.querySelectorAll("form select, .choices").forEach((one) => {
    if (one.closest("table") || entries_of(one).length <= LONG) return;
    const name = document.querySelector(`label[for="${one.id}"]`) || one.closest("fieldset")?.querySelector("legend");
    const field = document.createElement("input");
    field.type = "search";
    field.className = "narrow";
    field.placeholder = "eingrenzen";
    field.autocomplete = "off";
    field.setAttribute("aria-label", `${name?.firstChild.textContent.trim() || "Auswahl"} eingrenzen`);
    const found = document.createElement("span");
    found.setAttribute("role", "status");
    const fitting = () => entries_of(one).filter((entry) => !entry.hidden && entry.value !== "");
    const narrow = () => {
      const wanted = plain(field.value.trim()).split(/\s+/);
      const fits = (entry) => wanted.every((word) =>
        plain(entry.textContent).includes(word) || spelled(entry.textContent).includes(word));
      const chosen = (entry) => entry.selected || entry.querySelector("input")?.checked;
      entries_of(one).forEach((entry) => { entry.hidden = entry.value !== "" && !chosen(entry) && !fits(entry); });
      const there = fitting().filter(fits);
      const all = entries_of(one).filter((entry) => entry.value !== "").length;
      found.textContent = field.value.trim() ? `${there.length} von ${all}` : "";
      return there;
    };
    const take_first = () => {
      const [first] = narrow();
      if (!first || !field.value.trim()) return;
      if (first.matches("option")) one.value = first.value; else first.querySelector("input").checked = true;
      one.dispatchEvent(new Event("change", { bubbles: true }));
      field.value = "";
      narrow();
    };
    field.addEventListener("input", () => {
      const there = narrow();
      if (one.matches("select") && there.length === 1) {
        one.value = there[0].value;
        one.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
    field.addEventListener("keydown", (event) => {  // Enter takes the first that fits, it does not send the form
      if (event.key === "Enter") { event.preventDefault(); take_first(); }
    });
    const place = document.createElement("div");
    place.className = "narrowing";
    place.append(field, found);
    (one.closest(".kern-form-input__select-wrapper") || one).before(place);
  });

  // What is not in a list yet: its page opens beside this one, and what was recorded there is chosen here on the way
  // back; nothing that was typed here is lost.
  const pages = JSON.parse(document.getElementById("new-pages")?.textContent || "{}");
  const choices = [...document.querySelectorAll("[data-new]")].filter((one) => pages[one.dataset.new]);
  const values = (one) => new Set([...one.querySelectorAll("option, input")].map((entry) => entry.value));
  const alike = (page, one) => page.getElementById(one.id) || page.querySelector(`[data-new="${one.dataset.new}"]`);
  let asked_for = null;
  const take = async () => {
    const wanted = asked_for;
    if (!wanted) return;
    const { ok, page } = await fetched(location.href);
    if (!ok) return;
    for (const one of choices.filter((other) => other.dataset.new === wanted.dataset.new)) {
      const there = values(one);
      const entries = [...(alike(page, one)?.querySelectorAll("option, label.choice") || [])];
      const fresh = entries.filter((entry) => !there.has(entry.value ?? entry.querySelector("input").value))
        .map((entry) => entry.cloneNode(true));
      if (!fresh.length) continue;
      asked_for = null;
      one.append(...fresh);
      const words = fresh[0].textContent.trim();
      if (!choices.includes(wanted)) { wanted.told.textContent = `„${words}“ steht jetzt zur Auswahl.`; continue; }
      if (one !== wanted) continue;
      if (fresh[0].matches("option")) one.value = fresh[0].value; else fresh[0].querySelector("input").checked = true;
      one.dispatchEvent(new Event("change", { bubbles: true }));
      wanted.told.textContent = `„${words}“ ist hier jetzt gewählt.`;
    }
  };
  const tell = (one, after) => {
    one.told = document.createElement("span");
    one.told.setAttribute("role", "status");
    after.append(" ", one.told);
  };
  document.querySelectorAll("a[data-adds]").forEach((link) => {  // once for all lines of a table
    link.target = "_blank";
    link.dataset.new = link.dataset.adds;
    link.addEventListener("click", () => { asked_for = link; });
    tell(link, link.parentNode);
  });
  choices.filter((one) => !one.closest("table")).forEach((one) => {
    const place = document.createElement("span");
    place.className = "new-row";
    const link = document.createElement("a");
    link.href = pages[one.dataset.new];
    link.target = "_blank";
    link.append("neu anlegen");
    const name = document.querySelector(`label[for="${one.id}"]`) || one.closest("fieldset")?.querySelector("legend");
    const about = document.createElement("span");
    about.className = "unseen";
    about.textContent = ` zu „${name?.firstChild.textContent.trim() || ""}“, öffnet einen weiteren Tab`;
    link.append(about);
    link.addEventListener("click", () => { asked_for = one; });
    place.append(link);
    tell(one, place);
    (one.closest(".kern-form-input__select-wrapper") || one).after(place);
  });
  addEventListener("focus", take);

  // A block for the forms of the council's system: copied with its bold words, lists and links, figures as words.
  document.querySelectorAll("[data-copy]").forEach((block) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link copy";
    button.textContent = "Block kopieren";
    button.setAttribute("aria-label", `Block kopieren: ${block.dataset.copy}`);
    button.addEventListener("click", async () => {
      const text = block.querySelector("div").cloneNode(true);
      text.querySelectorAll("data, a.bound").forEach((one) => one.replaceWith(one.textContent));
      const words = (one) => [...(one.matches("ul, ol") ? one.children : [one])].map((line) => line.textContent.trim());
      const plain = [...text.children].map((one) => words(one).join("\n")).join("\n\n");
      const parts = { "text/html": text.innerHTML, "text/plain": plain };
      try {
        const blobs = Object.entries(parts).map(([type, part]) => [type, new Blob([part], { type })]);
        await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
        button.textContent = "Kopiert";
      } catch {
        button.textContent = "Kopieren ist in diesem Browser nicht erlaubt";
      }
      setTimeout(() => { button.textContent = "Block kopieren"; }, 3000);
    });
    block.querySelector("h3").after(button);
  });
})();
