"""The access matrix: every role × every address of the URLconf × methods × own, foreign, missing and deleted objects,
with both bodies' canary words looked for in every answer; and the same matrix as a page to read (docs/rights.md)."""

import random
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from kim.access.rules import CHANGES, NOT_PUBLIC, RULE_NAMES, RULES
from kim.models import Role
from tests.helpers import thorough
from tests.security.addresses import CODES, GONE, GRUND, MISSING, PAGES, SECRETS, WORDS, example
from tests.security.canaries import SECRET_CODE, comparable, everything
from tests.security.conftest import ROLES

OWN, FOREIGN = "staedteregion-aachen", "stadt-aachen"
PEOPLE = [*ROLES, "öffentlich", "technik", "nichts", ""]
OTHER_METHODS = ["head", "options", "put", "patch", "delete", "trace"]
LISTS = (
    "/stellen/",
    "/traeger/",
    "/kommunen/",
    "/zuwendungen/",
    "/haushalt/",
    "/dokumente/",
    "/belege/",
    "/umverteilungen/",
)
EXPORTS = [*(f"{page}?format={kind}" for page in LISTS for kind in ("csv", "json", "xlsx")), "/stellen/?format=pdf"]
ASKED = [
    *EXPORTS,
    "/herkunft/neutrality.nominal/?sub_product={}",
    "/herkunft/position.carrier/?position={}",
    "/stellen/?suche={}&status=quatsch",
    "/wiedervorlagen/?format=ics",
    "/pruefung/?startwert=7",
    "/stellen/?herkunft=vzae&zeile={}",
    "/ansichten/neu/?liste=/stellen/&abfrage=suche%3D{}",
    "/pruefung/?gegenstand={}",
    f"/dokumente/{SECRET_CODE}/",
    f"/dokumente/{SECRET_CODE}/pdf/",
]


def test_every_address_states_a_rule():
    assert {p.route: p.rule for p in PAGES if p.rule != "public" and p.rule not in RULES} == {}
    assert len(PAGES) > 70


def allowed(role, rule):
    """Whether a person in this role has the right."""
    if role == "öffentlich" and (rule.endswith(CHANGES) or rule in NOT_PUBLIC):
        return False
    known = {"öffentlich": "pruefung"}.get(role, role)
    return known in {str(r) for r in RULES[rule]}


def words_to_hide(role):
    if role in ROLES:
        return [WORDS[FOREIGN], SECRETS[FOREIGN]]
    own = [WORDS[OWN]] if role != "öffentlich" else []
    return [WORDS[FOREIGN], SECRETS[FOREIGN], SECRETS[OWN], *own, *([GRUND] if role == "öffentlich" else [])]


NAMED = tuple(f"/technik/{t}" for t in ("ben", "funktionen/", "foerder", "bausteine/", "kontengruppen/"))


class Asker:
    """Asks as one person, and looks at every answer for words it must not hold."""

    def __init__(self, client, role):
        self.client, self.role, self.hidden, self.asked = client, role, words_to_hide(role), 0

    def __call__(self, method, url):
        response = getattr(self.client, method)(url)
        self.asked += 1
        words = everything(response)
        # /technik/ is where Systemverwaltung sees the names of accounts and bodies, and what bodies have added to code
        # tables; no other row of a body is there
        named = self.role == "technik" and url.startswith(NAMED)
        hidden = [w for w in self.hidden if not (named and w in WORDS.values())]
        assert not [word for word in hidden if word in words], (self.role, method, url)
        assert response.status_code < 500, (self.role, method, url)
        return response


OF_ITS_KIND = {"documents.edit": "papers.edit", "documents.release": "papers.release"}


def expected(role, page, url, own):
    """What GET has to answer: 200 where there is a page, 405 where one can only send."""
    if not role:
        return {302}
    if page.rule == "kim.account":  # one's own password: whoever is signed in
        return {200}
    if not allowed(role, page.rule):
        return {403}
    if not own:
        return {404, 405}
    if not allowed(
        role, OF_ITS_KIND.get(page.rule, page.rule)
    ):  # planted is a Vorlage: each kind has a right of its own
        return {403, 405}
    # They name more in the query, nothing is released, it is draft no more or not yet; a job is its owner's alone.
    # A Beleg of a Vorlage is edited on the page of that.
    if page.name in {
        "source-edit",
        "source-remove",
        "finding-note",
        "view-new",
        "document-figure",
        "document-since",
        "onward-zip",
        "job",
    }:
        return {404}
    return {200, 405}


@pytest.mark.parametrize("role", PEOPLE)
def test_everybody_gets_what_the_rules_say_and_nothing_else(role, planted, someone):
    someone("sachbearbeitung", FOREIGN)  # so that there are names to be hidden
    ask = Asker(someone(role) if role else Client(raise_request_exception=False), role)
    chance = random.Random(random.random())  # another share each run; the seed of the run gives it again
    for page in PAGES:
        if page.rule == "public":
            continue
        own = [example(page)] if not page.of_a_body else page.urls(CODES[OWN])
        for url in own:
            status = ask("get", url).status_code
            assert status in expected(role, page, url, True), (role, url, status)
            ask("post", url)
            ask(chance.choice(OTHER_METHODS), url)
        # What is foreign is hidden the same way from everybody: the others are asked of some pages, or KIM_TESTS=all.
        share = 0.5 if role in {"sachbearbeitung", "öffentlich"} else 0.1
        if page.of_a_body and chance.random() < thorough(1, share):
            strangers_are_alike(ask, page)
    for url in ASKED if role in {"sachbearbeitung", "öffentlich"} else chance.sample(ASKED, thorough(len(ASKED), 8)):
        for wanted in dict.fromkeys(url.format(code) for code in CODES.values()):
            ask("get", wanted)
    assert ask.asked > 200, ask.asked


def strangers_are_alike(ask, page):
    """Foreign, missing and deleted objects give the very same answer, to GET and to POST."""
    for position in range(len(page.urls(GONE))):
        urls = [page.urls(code)[position] for code in (CODES[FOREIGN], MISSING, GONE)]
        ask("get", "/nirgends/")  # what the last act said is read, on the cheapest page
        for method in ("get", "post"):
            answers = [ask(method, url) for url in urls]
            if ask.role:
                assert len({comparable(a) for a in answers}) == 1, (ask.role, method, urls)
            assert answers[0].status_code in expected(ask.role, page, urls[0], False) | {302 if not ask.role else 404}


@pytest.mark.counter
def test_a_right_too_many_is_seen(planted, someone, monkeypatch):
    monkeypatch.setitem(RULES, "staffing.edit", {Role.CLERK, Role.AUDIT})
    page = next(p for p in PAGES if p.name == "position-correct")
    monkeypatch.undo()
    response = someone("pruefung").get(page.urls(CODES[OWN])[0])
    assert response.status_code == 403 and {403} == expected("pruefung", page, "", True)
    monkeypatch.setitem(RULES, "staffing.edit", {Role.CLERK, Role.AUDIT})
    assert someone("pruefung").get(page.urls(CODES[OWN])[0]).status_code == 200


def test_without_a_token_nothing_is_sent(someone):
    """Every form of every page is refused without the token against forged requests."""
    from kim.models import User

    someone("sachbearbeitung")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(username=f"sachbearbeitung@{OWN}"))
    for page in PAGES:
        assert client.post(example(page), {}).status_code in {403, 404, 405}, page.route


PAGES_IN_WORDS = {
    "technical.edit": "nur Tabellen ohne Fachdaten",
    "public": "ohne Anmeldung",
}


def as_page():
    """The matrix for people who do not program: one row a right, one a page, one column a role."""
    roles = list(Role)
    lines = [
        "# Wer darf was",
        "",
        "Diese Seite schreibt der Test `tests/security/test_matrix.py` aus dem Programm; er prüft jede Zeile für jede",
        "Rolle mit eigenen, fremden, fehlenden und gelöschten Gegenständen. Jede Rolle gilt für eine Körperschaft; von",
        "einer anderen ist nichts zu sehen, auch nicht, dass es etwas gibt. Wer nur Öffentliches sehen darf, liest mit",
        "dem Recht der Rolle und ändert nichts: keine nichtöffentlichen Vorlagen, keine Notizen, Wiedervorlagen, Dateien.",
        "",
        "## Rechte",
        "",
        "| Recht | " + " | ".join(r.label for r in roles) + " |",
        "|---|" + "---|" * len(roles),
    ]
    for rule in RULE_NAMES:
        holders = RULES[rule]
        lines.append(f"| {RULE_NAMES[rule]} | " + " | ".join("ja" if r in holders else "–" for r in roles) + " |")
    lines += ["", "## Seiten", "", "| Adresse | Recht | " + " | ".join(r.label for r in roles) + " |"]
    lines.append("|---|---|" + "---|" * len(roles))
    for page in sorted(PAGES, key=lambda p: p.route):
        route = "/" + page.route.replace("<", "‹").replace(">", "›").replace("str:", "").replace("slug:", "").replace("uuid:", "")  # fmt: skip
        if page.rule == "public":
            cells = ["ohne Anmeldung"] + ["ja"] * len(roles)
        else:
            cells = [RULE_NAMES[page.rule], *("ja" if r in RULES[page.rule] else "–" for r in roles)]
        lines.append(f"| `{route}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def test_the_matrix_is_printed():
    path = Path(settings.BASE_DIR) / "docs" / "rights.md"
    before = path.read_text() if path.exists() else ""
    path.write_text(as_page())
    assert before == as_page(), "docs/rights.md was out of date and has been written anew"
    assert set(RULE_NAMES) == set(RULES)
