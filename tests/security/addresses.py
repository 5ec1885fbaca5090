"""Every address of the program, from the URLconf, filled with objects: one's own, foreign, missing, deleted."""

import re
import uuid
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

WORDS = {"staedteregion-aachen": "Kanarienregion", "stadt-aachen": "Kanarienstadt"}
SECRETS = {"staedteregion-aachen": "Kanariengeheimregion", "stadt-aachen": "Kanariengeheimstadt"}
CODES = {"staedteregion-aachen": "vogel-7", "stadt-aachen": "vogel-8"}  # what stands in addresses instead
GONE, MISSING = "vogel-0", "gibt-es-nicht"
FILES = {
    "vogel-7": uuid.UUID(int=7),
    "vogel-8": uuid.UUID(int=8),
    GONE: uuid.UUID(int=9),
    MISSING: uuid.UUID(int=10),
}
SUBJECTS = (
    "stelle",
    "zuwendung",
    "vorlage",
    "traeger",
    "kommune",
    "umverteilung",
    "weiterleitung",
    "beleg",
    "auftrag",
    "dringlichkeit",
)
GRUND = "Grundelsame"  # stands in every Grund of the history: never public
NUMBERS = {"vogel-7": "7", "vogel-8": "8", GONE: "9", MISSING: "10"}  # of reallocations
GROUPS = {"vogel-7": "997", "vogel-8": "998", GONE: "999"}  # beginnings of account numbers
BASIS = {"vogel-7": "notice", "vogel-8": "contract", GONE: "gone", MISSING: "missing"}  # of a Muster
YEARS = {"year-reopen": "2017"}  # closed in every planted body
BODY_ARGUMENTS = {"number", "slug", "reference", "key", "basis", "carrier"}


@dataclass(frozen=True)
class Page:
    """One address of the URLconf."""

    route: str
    name: str
    rule: str
    view: object

    @property
    def arguments(self):
        return re.findall(r"<(?:\w+:)?(\w+)>", self.route)

    @property
    def of_a_body(self):
        """Whether the address names an object of a body."""
        if self.name == "onward-template-new":  # a form of Weiterleitung, the same for all
            return False
        return bool(self.arguments) and not self.route.startswith(("technik/", "herkunft/", "konto/", "foerderjahre/"))

    def urls(self, code):
        """The addresses with the object of this code in them; one for each kind of object it can be about."""
        if self.name == "file":
            return [f"/dateien/{FILES[code]}/"]
        if (
            self.name.startswith(("job", "person", "membership", "follow-up", "urgent"))
            or self.name == "signatory-edit"
        ):
            return ["/" + filled(self.route, {"key": str(FILES[code])})]
        if self.name.startswith("onward"):
            given = {"slug": code, "carrier": code, "number": "1", "basis": BASIS[code]}
            return ["/" + filled(self.route, given)]
        values = {"number": code, "slug": code, "reference": code, "key": code, "name": "allocation.by_carrier"}
        values |= {"year": YEARS.get(self.name, "2018"), "address": f"vorlage-{code}"}
        values |= {"uidb64": "MQ", "token": "abc-def"}
        values |= {"item": "oe-1", "part": "oe"}
        values |= {"slot": "1", "start": "ohne-beginn", "order": "1"}
        if self.name.startswith("plan-note"):
            return ["/" + filled(self.route, values | {"kind": "sperrvermerk", "start": "2018-01-01"})]
        if self.name.startswith("procedure"):
            return ["/" + filled(self.route, values | {"kind": "ausschreibung", "start": "2018-01-01"})]
        if self.route.startswith("umverteilungen/"):
            values["number"] = NUMBERS[code]
        kinds = SUBJECTS if "kind" in self.arguments else ("",)
        if self.name == "notice-version-edit":
            values["number"] = "1"
        keys = {
            "umverteilung": NUMBERS[code],
            "auftrag": str(FILES[code]),
            "dringlichkeit": str(FILES[code]),
            "beleg": f"vorlage-{code}",
            "weiterleitung": f"weiterleitung.{code}.{code}.1",
        }
        if self.name.startswith("office"):
            keys[""] = f"{code}-amt"
        if self.name.startswith(("module", "rate", "account-group")):
            keys[""] = reference_key(self.name, code)
        if self.name.startswith("known-paper"):
            keys[""] = f"{code}-alt"
        return ["/" + filled(self.route, values | {"kind": k, "key": keys.get(k, code)}) for k in kinds]


def reference_key(name, code):
    """A row of a code table that a body has added: what it is in addresses."""
    if name.startswith("module"):
        return f"{code}-1"
    return f"{code}-{code}-2018-01-01" if name.startswith("rate") else f"{GROUPS.get(code, '990')}-2018-01-01"


def filled(route, values):
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: values[m[1]], route)


def walk(resolver=None, prefix="", space=""):
    for one in (resolver or get_resolver()).url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from walk(one, route, f"{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern):
            yield Page(route, f"{space}{one.name}", rule_of(one.callback) or "", one.callback)


def rule_of(view):
    return getattr(view, "rule", None) or getattr(getattr(view, "view_class", None), "rule", None)


PAGES = list(walk())
TECHNICAL = {  # a row that exists, for each code table
    "benutzerkonten": "technik@",
    "koerperschaften": "stadt-aachen",
    "kommunen": "aachen",
    "funktionen": "case-management",
    "foerderprogramme": "kim",
    "bausteine": "kim-baustein-1",
    "foerdersaetze": "kim-case-management-2023-01-01",
    "kontengruppen": "53-2005-01-01",
}


def example(page):
    """An address of the page that is there for the StädteRegion or for Systemverwaltung."""
    if page.name.endswith("_takeover"):  # what a body has added
        noun = {"fundingprogramme": "programme", "programmemodule": "module", "accountgroup": "account-group"}
        word = page.name.removeprefix("admin:").split("_")[1]
        key = next(p for p in PAGES if p.name == noun.get(word, word)).urls(CODES["staedteregion-aachen"])[0]
        values = {"body": "staedteregion-aachen", "key": key.rstrip("/").rsplit("/", 1)[1]}
        return "/" + filled(page.route, values)
    table = page.route.split("/")[1] if page.route.startswith("technik/") else ""
    if table in TECHNICAL:
        return "/" + page.route.replace("<str:key>", TECHNICAL[table])
    return page.urls(CODES["staedteregion-aachen"])[0]
