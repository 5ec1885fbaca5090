"""A double click on a real server: of two simultaneous identical forms one acts and both lead to the same place."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers import psql

PAIRS = 50


class Session:
    """A signed-in person without a browser."""

    def __init__(self, served, user):
        self.served = served
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), NoRedirect())
        self.send("/anmelden/", {"login": user, "password": served.password}, self.token("/anmelden/"))
        self.csrf = self.token("/")
        self.cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

    def get(self, url):
        return self.opener.open(self.served.url + url, timeout=60).read().decode()

    def token(self, url):
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(url))[1]

    def send(self, url, data, token=None, file=None):
        """POST; the status and where it leads."""
        fields = {"csrfmiddlewaretoken": token or self.csrf, "form_body": ""} | data
        body, kind = multipart(fields, file) if file else (urllib.parse.urlencode(fields, doseq=True).encode(), None)
        headers = {"Referer": self.served.url} | ({"Content-Type": kind} if kind else {})
        if hasattr(self, "cookies"):
            headers["Cookie"] = self.cookies
        request = urllib.request.Request(self.served.url + url, body, headers)
        opener = urllib.request.build_opener(NoRedirect()) if hasattr(self, "cookies") else self.opener
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as answer:
            self.page = answer.read().decode()
            return answer.code, answer.headers.get("Location", "")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Where it leads is what we want to see."""

    def redirect_request(self, *args):
        return None


def multipart(fields, file):
    edge = uuid.uuid4().hex
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{file}.txt"\r\n\r\n{file}\r\n')
    return ("".join(parts) + f"--{edge}--\r\n").encode(), f"multipart/form-data; boundary={edge}"


def option(session, url, name):
    """The value of the first real choice of a select."""
    found = re.search(rf'<select name="{name}".*?</select>', session.get(url), re.DOTALL)[0]
    return re.findall(r'value="(\w+)"', found)[-1]


def forms(clerk, technik):
    """Every form that makes something: who sends it, where, what, and how to count it."""
    return of_a_body(clerk) | of_all(technik)


def of_a_body(clerk):
    hint = urllib.parse.urlencode({"regel": "S11", "gegenstand": "stelle:CM-10"})
    item = option(clerk, "/stellen/neu/", "item")
    facts = {"kind": "own", "item": item, "fte": "1", "stage": "planned", "start": "01.01.2023"}
    return {
        "post": (
            clerk,
            "/stellen/neu/",
            lambda n: {"number": f"D-{n}", "reason": f"Nr. {n}"} | facts,
            "SELECT count(*) FROM staffing_position WHERE number LIKE 'D-%'",
        ),
        "note": (
            clerk,
            "/notizen/neu/stelle/CM-01/",
            lambda n: {"text": f"Notiz {n}"},
            "SELECT count(*) FROM kim_note",
        ),
        "reminder": (
            clerk,
            "/wiedervorlagen/neu/stelle/CM-01/",
            lambda n: {"date": "01.04.2023", "text": f"Nr. {n}", "whom": "rolle-leitung"},
            "SELECT count(*) FROM kim_reminder",
        ),
        "file": (
            clerk,
            "/dateien/neu/stelle/CM-01/",
            lambda n: {"_file": f"Datei {n}"},
            "SELECT count(*) FROM kim_file",
        ),
        "hint": (
            clerk,
            f"/pruefung/hinweise/notiz/?{hint}",
            lambda n: {"text": f"Nr. {n}"},
            "SELECT count(*) FROM kim_findingnote",
        ),
    }


def of_all(technik):
    return {
        "function": (
            technik,
            "/technik/funktionen/neu/",
            lambda n: {"name": f"Funktion {n}", "module": "x", "slug": f"f-{n}", "version": 1},
            "SELECT count(*) FROM staffing_function WHERE slug LIKE 'f-%'",
        ),
        "account": (
            technik,
            "/technik/benutzerkonten/neu/",
            lambda n: {"username": f"person-{n}", "version": 1},
            "SELECT count(*) FROM kim_user WHERE username LIKE 'person-%'",
        ),
    }


NAMES = ["post", "note", "reminder", "file", "hint", "function", "account"]


@pytest.fixture(scope="module")
def everything(served):
    return forms(Session(served, "sachbearbeitung"), Session(served, "technik"))


def send_twice(pool, session, url, data, key):
    data = dict(data)
    file = data.pop("_file", None)
    fields = data | ({"form_key": key} if key else {})
    return [one.result() for one in [pool.submit(session.send, url, fields, None, file) for _ in range(2)]]


@pytest.mark.parametrize("name", NAMES)
def test_fifty_double_clicks_make_fifty(name, everything, served):
    session, url, data, counted = everything[name]
    before = psql(counted, database=served.database)[0][0]
    with ThreadPoolExecutor(2) as pool:
        for n in range(PAIRS):
            answers = send_twice(pool, session, url, data(n), str(uuid.uuid4()))
            assert answers[0] == answers[1] and answers[0][0] == 302, json.dumps(answers)
    assert psql(counted, database=served.database)[0][0] - before == PAIRS


@pytest.mark.counter
def test_without_the_key_there_are_two(everything, served):
    session, url, data, counted = everything["note"]
    before = psql(counted, database=served.database)[0][0]
    with ThreadPoolExecutor(2) as pool:
        for n in range(5):
            send_twice(pool, session, url, data(n), "")
    assert psql(counted, database=served.database)[0][0] - before == 10


def test_two_who_record_the_same_carrier_at_once_get_one_row(served):
    """The second is led to the row of the first, and what was typed is still there."""
    people = [Session(served, "sachbearbeitung"), Session(served, "sachbearbeitung")]
    facts = {"kind": "welfare", "article": "die"}
    with ThreadPoolExecutor(2) as pool:
        for n in range(20):
            data = facts | {"name": f"Diakonie {n}", "short_name": f"Diakonie {n}"}
            sent = [pool.submit(one.send, "/traeger/neu/", data) for one in people]
            answers = [one.result() for one in sent]
            assert sorted(status for status, _ in answers) == [302, 422], answers
            slower = people[[status for status, _ in answers].index(422)]
            assert f'Schon vorhanden: <a href="/traeger/diakonie-{n}/"' in slower.page
            assert f'value="Diakonie {n}"' in slower.page
    counted = "SELECT count(*) FROM staffing_carrier WHERE name LIKE 'Diakonie %'"
    assert psql(counted, database=served.database)[0][0] == 20
