"""The address of a list: its parts are independent, and nothing in it breaks the page."""

import random
import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest

from kim.lists.listing import VIEW_PARTS
from tests.helpers import table_of, thorough
from tests.kim.lists import LISTS

ALL_PARTS = {
    "/stellen/": "art=dritte&status=besetzt&status=unbesetzt&sortierung=-vzae&spalten=nummer&spalten=vzae&spalten=status&stand=28.02.2023&dichte=bequem&ansicht=bei-dritten",
    "/zuwendungen/": "verfahrensstand=bewilligt&sortierung=-betrag&spalten=zuwendung&spalten=betrag&jahr=2023&dichte=bequem&ansicht=bewilligt",
}
TIME = {"stand", "jahr"}


def addresses_on(html):
    """Where links and GET forms of a page lead on the page itself: (what it is, query)."""
    for link in re.findall(r'href="(\?[^"#]*)', html):
        if "zeile=" in link:
            continue  # the source of a cell: another page
        yield link, parse_qs(unescape(link)[1:])
    for form in re.findall(r'<form method="get"(?![^>]*action=).*?</form>', html, re.DOTALL):
        fields = [
            (n, unescape(v)) for n, v in re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form)
        ]
        fields += [
            (n, unescape(v))
            for n, v in re.findall(r'<input type="checkbox" name="([a-z_]+)" value="([^"]*)"[^>]* checked', form)
        ]
        fields += [
            (n, unescape(v))
            for n, v in re.findall(r'<input (?:type="text" )?[^>]*name="(suche)" value="([^"]*)"', form)
        ]
        yield form[:60], parse_qs(urlencode(fields))


@pytest.mark.parametrize("path", ALL_PARTS)
def test_changing_one_part_of_the_address_keeps_every_other(path, login):
    """For every pair of parts: whatever on the page changes one of them leaves the other as it is."""
    browser, query = login(), ALL_PARTS[path]
    now = parse_qs(query)
    filters = set(LISTS[path].table_class.filters.base_filters)
    html = browser.get(f"{path}?{query}").content.decode()
    changed = {}
    for what, then in addresses_on(html):
        then = {k: v for k, v in then.items() if k not in {"format", "herkunft", "zeile", "seite"}}
        parts = {k for k in now.keys() | then.keys() if now.get(k) != then.get(k)}
        kinds = {"time" if k in TIME else "filter" if k in filters else k for k in parts}
        if then.get("ansicht") == now["ansicht"] and kinds > {"filter"} and kinds <= {"filter", *VIEW_PARTS}:
            kinds.add("ansicht")  # back to the view as it was saved
        if "ansicht" in kinds and kinds <= {"filter", "ansicht", *VIEW_PARTS}:  # another view, or none
            assert then.get("stand") == now.get("stand") and then.get("dichte") == now.get("dichte"), what
            kinds = {"ansicht"}
        assert len(kinds) <= 1, (what, kinds)
        changed |= dict.fromkeys(kinds)
    assert set(changed) == {"filter", "sortierung", "spalten", "dichte", "time", "ansicht"}


@pytest.mark.counter
def test_a_link_that_drops_a_part_is_seen(login, monkeypatch):
    from kim.lists.listing import Listing

    kept = Listing.url
    monkeypatch.setattr(Listing, "url", lambda self, **c: kept(self, **{"spalten": None} | c))
    with pytest.raises(AssertionError):
        test_changing_one_part_of_the_address_keeps_every_other("/stellen/", login)


# nothing breaks a list

WORDS = ["", "x", "CM-01", "besetzt", "dritte", "-1", "9" * 20, "NaN", "1e400", "%00", "\x7f", "ä", "'", '"', "<b>", "{{", "\\", "../", "2023-02-30", "seite", "nummer", "-vzae", "on", "😀", "a" * 300]  # fmt: skip


def noise(chance, path):
    names = [*LISTS[path].table_class.filters.base_filters, "sortierung", "spalten", "stand", "jahr", "seite", "format", "dichte", "ansicht", "hoch", "runter", "offen", "herkunft", "zeile", "quatsch"]  # fmt: skip
    return urlencode([(chance.choice(names), chance.choice(WORDS)) for _ in range(chance.randint(1, 5))])


def test_random_addresses_give_a_list_or_a_sentence(login):
    browser, chance, refused = login(), random.Random(300), 0
    for number in range(thorough(300, 100)):
        path = list(LISTS)[number % len(LISTS)]
        query = noise(chance, path)
        response = browser.get(f"{path}?{query}")
        assert response.status_code in {200, 302, 400, 404}, query
        if response.status_code == 400:
            refused += 1
            words = response.content.decode()
            asked_json = dict(parse_qsl(query)).get("format") == "json" and words.startswith("{")
            assert asked_json or ('role="alert"' in words and table_of(response)[1] == []) or "kern-heading" in words
    assert refused > thorough(100, 30)


def test_an_invalid_value_gives_a_message_and_nothing_else(login):
    for query in ("status=quatsch", "art=dritte&art=x", "spalten=geheim", "ansicht=weg", "dichte=eng", "programm=zzz"):
        response = login().get(f"/stellen/?{query}")
        assert response.status_code == 400 and table_of(response)[1] == []
        assert "nichts angezeigt" in response.content.decode()
