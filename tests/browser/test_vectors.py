"""Sixty ways to let something run, through every kind of field in Chromium: nothing runs, and the words are shown."""

import random

from playwright.sync_api import expect

from tests.browser.test_papers import TEXT, at_end, clerk, field, press, saved
from tests.helpers import psql, thorough

__all__ = ["clerk"]  # the fixture: no dialog and nothing refused by the Content Security Policy
VECTORS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>", "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>", "javascript:alert(1)",
    "<a href=javascript:alert(1)>x</a>", "[x](javascript:alert(1))", "[x](data:text/html,<script>alert(1)</script>)",
    "[x](https://a.de\" onclick=\"alert(1))", "[<img src=x onerror=alert(1)>](https://a.de)", "**<script>alert(1)</script>**",
    "</textarea><script>alert(1)</script>", "</template><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--><script>alert(1)</script>",
    "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>", "<video><source onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>", "<marquee onstart=alert(1)>", "<math><mi xlink:href=javascript:alert(1)>x",
    "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<form action=javascript:alert(1)><button>x",
    "<button formaction=javascript:alert(1)>x", "<link rel=stylesheet href=javascript:alert(1)>", "<meta http-equiv=refresh content=0;url=javascript:alert(1)>",
    "<base href=javascript:alert(1)//>", "<table background=javascript:alert(1)>", "<div style=background:url(javascript:alert(1))>",
    "<style>@import 'javascript:alert(1)'</style>", "<x onclick=alert(1)>x", "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text y=9>x", "<svg><animate onbegin=alert(1) attributeName=x>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;", "%3Cscript%3Ealert(1)%3C/script%3E", "\\u003cscript\\u003ealert(1)", "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<IMG SRC=`javascript:alert(1)`>", "<img src=\"x\" onerror=\"&#97;lert(1)\">", "<img/src/onerror=alert(1)>", "<svg/onload=alert(1)//",
    "<select onfocus=alert(1) autofocus>", "<keygen autofocus onfocus=alert(1)>", "<isindex type=image src=1 onerror=alert(1)>",
    "<data data-token=\"\" onclick=alert(1)>x</data>", "<data class=bound data-token='\"><script>alert(1)</script>'>x</data>", "<dialog open onclose=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<template><script>alert(1)</script></template>", "${alert(1)}",
    "<img src=x:x onerror=alert(1) //", "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
]  # fmt: skip


def together(size):
    """All of them in as few values as a field of this size allows."""
    values = [""]
    for vector in VECTORS:
        if len(values[-1]) + len(vector) >= size:
            values.append("")
        values[-1] = f"{values[-1]} {vector}".strip()
    return values


def shown(page, url, vectors=VECTORS):
    """The page has each of them in what is read, as it was typed."""
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
    words = page.locator("body").inner_text()
    assert [v for v in vectors if v not in words] == [], url


def test_there_are_sixty():
    assert len(VECTORS) == len(set(VECTORS)) == 60


def test_nothing_in_a_text_runs(served, clerk):
    """All sixty in the text; then every page that shows them, the editor included."""
    clerk.goto(served.url + TEXT)
    clerk.evaluate("document.querySelectorAll('[data-rich]').forEach((e) => { e.hidden = false })")
    field(clerk).fill("\n\n".join(v.replace("{{", "") for v in VECTORS))
    clerk.get_by_role("button", name="Speichern").click()
    expect(clerk.locator("body")).to_contain_text("Der Text ist gespeichert")
    for page in ("/dokumente/2023-0120/", TEXT, "/dokumente/2023-0120/versionen/", "/dokumente/"):
        clerk.goto(served.url + page)
        if page == TEXT:
            at_end(clerk)
            press(clerk, "x", "Backspace")
            saved(clerk)
    assert clerk.request.get(served.url + "/dokumente/2023-0120/pdf/").status == 200


def test_nothing_in_the_head_of_a_paper_runs(served, clerk):
    """Each field gets another part of them at a time; with KIM_TESTS=all until each has had all."""
    fields = {"Betreff": 300, "Verfasser/in": 80, "Klimarelevanz": 120, "Zeichnungsformel": 60, "Amt": 80}
    values = {label: [one for one in together(size) if len(one) <= size] for label, size in fields.items()}
    values = {label: random.sample(some, min(len(some), thorough(len(some), 5))) for label, some in values.items()}
    for turn in range(max(map(len, values.values()))):
        clerk.goto(served.url + "/dokumente/2023-0120/kopf/")
        filled = {label: some[turn % len(some)] for label, some in values.items()}
        for label, words in filled.items():
            clerk.get_by_label(label).fill(words)
        clerk.get_by_role("button", name="Speichern").click()
        expect(clerk.get_by_text("Der Kopf der Vorlage ist gespeichert")).to_be_visible(timeout=20000)
        assert filled["Betreff"] in clerk.locator("main").inner_text()
    assert clerk.request.get(served.url + "/dokumente/2023-0120/pdf/").status == 200


def test_nothing_in_a_note_or_wiedervorlage_runs(served, clerk):
    clerk.goto(served.url + "/notizen/neu/stelle/CM-01/")
    clerk.get_by_label("Notiz").fill("\n".join(VECTORS))
    clerk.get_by_role("button", name="Notiz speichern").click()
    for words in together(300):
        clerk.goto(served.url + "/wiedervorlagen/neu/stelle/CM-02/")
        clerk.get_by_label("Datum").fill("01.04.2023")
        clerk.get_by_label("Was ist zu tun?").fill(words)
        clerk.get_by_role("button", name="Wiedervorlage speichern").click()
    for page in ("/stellen/CM-01/", "/stellen/CM-02/", "/wiedervorlagen/"):
        shown(clerk, served.url + page)


def test_nothing_in_the_reason_of_a_correction_runs(served, browser, clerk):
    """Some of them in each run, with KIM_TESTS=all every one."""
    values = together(300)
    for number, words in enumerate(some := random.sample(values, thorough(len(values), 3))):
        clerk.goto(served.url + "/stellen/CM-03/berichtigen/")
        clerk.get_by_label("VZÄ").fill(("0,5", "1")[number % 2])
        clerk.get_by_label("Grund", exact=True).fill(words)
        clerk.get_by_role("button", name="Berichtigung speichern").click()
        expect(clerk.locator("body")).to_contain_text("ist berichtigt")
    vectors = [one for one in VECTORS if any(one in words for words in some)]
    shown(clerk, served.url + "/stellen/CM-03/", vectors)
    auditor = served.open(browser, "pruefung")
    shown(auditor, served.url + "/pruefung/?gegenstand=CM-03", vectors)
    assert auditor.problems == []


OFFICES = """
    SELECT set_config('pghistory.context_id', gen_random_uuid()::text, false),
        set_config('pghistory.context_metadata', '{"user": null}', false), set_config('app.nonpublic', 'on', false),
        set_config('app.body_ids', (SELECT id::text FROM kim_body WHERE slug = 'staedteregion-aachen'), false);
    INSERT INTO meetings_organization (version, body_id, name, short_name, organization_type, slug)
        SELECT 1, current_setting('app.body_ids')::bigint, 'Amt ' || n, '', 'department', 'amt-' || n FROM generate_series(1, 10) n;
    INSERT INTO meetings_cosignature (version, body_id, paper_id, organization_id, fingerprint, comment)
        SELECT 1, p.body_id, p.id, o.id, '', '' FROM meetings_organization o, meetings_paper p JOIN kim_source s
        ON s.id = p.source_id WHERE s.number = '2023/0120' AND o.name LIKE 'Amt %' AND o.body_id = p.body_id
"""


def test_nothing_in_the_remark_of_a_mitzeichnung_runs(served, clerk):
    psql(OFFICES, database=served.database)
    for number, words in enumerate(together(1000), start=1):
        clerk.goto(served.url + "/dokumente/2023-0120/")
        clerk.get_by_label(f"Bemerkung für Amt {number}", exact=True).fill(words)
        with clerk.expect_navigation():
            clerk.keyboard.press("Enter")
    shown(clerk, served.url + "/dokumente/2023-0120/")
