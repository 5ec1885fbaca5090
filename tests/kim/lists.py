"""Every list of the program, found in the URLconf, and more rows for all of them."""

import re
from datetime import date
from html import unescape
from urllib.parse import urlencode

from kim.lists import ListPage
from tests.helpers import new_notice, new_position
from tests.security.addresses import PAGES

LISTS = {
    "/" + page.route: page.view.view_class
    for page in PAGES
    if hasattr(page.view, "view_class") and issubclass(page.view.view_class, ListPage)
}
ALL_COLUMNS = {path: urlencode([("spalten", n) for n in view.table_class.base_columns]) for path, view in LISTS.items()}
# what the budget, the house, the sittings are made of: the same for every programme and at every Stand
KEPT = {
    *("/haushalt/teilprodukte/", "/haushalt/sachkonten/", "/dienststellen/"),
    *("/funktionen/", "/zuwendungen/programme/", "/zuwendungen/bausteine/", "/zuwendungen/foerdersaetze/"),
    *("/haushalt/kontengruppen/", "/sitzungen/", "/gremien/", "/wahlperioden/", "/personen/", "/mitgliedschaften/"),
    *("/beschluesse/", "/auftraege/", "/dringlichkeit/"),
}


def form_of(browser, path):
    """Every filter of a list with the values it offers, read from its page."""
    html = browser.get(path).content.decode()
    found = {}
    for name, value in re.findall(r'<label><input type="checkbox" name="([a-z_]+)" value="([^"]*)"', html):
        found.setdefault(name, []).append(unescape(value))
    return found


def fill(body, start, stop):
    """More of everything a list shows, numbered from start to stop."""
    from grants.models import BudgetLine, FundingNotice, NoticeItem, SubProduct
    from kim.models import Source
    from meetings.models import Consultation, Organization, Paper
    from staffing.models import (  # fmt: skip
        BodyMunicipality,
        Carrier,
        LegMunicipality,
        Municipality,
        Reallocation,
        ReallocationLeg,
        ServedMunicipality,
    )

    item, product = NoticeItem.objects.filter(function__slug="case-management").first(), SubProduct.objects.first()
    organization, template = Organization.objects.first(), FundingNotice.objects.first()
    places = []
    for n in range(start, stop):
        short = f"Caritas Region Nummer {n:03}"
        carrier = Carrier.objects.create(body=body, slug=f"traeger-{n:03}", name=short + " gemeinnützige GmbH", short_name=short, kind="company")  # fmt: skip
        name = f"Ort an der Rur Nummer {n:03}"
        place, _ = Municipality.objects.get_or_create(slug=f"ort-{n:03}", defaults={"ags": f"0588{n:04}", "name": name, "short_name": name})  # fmt: skip
        BodyMunicipality.objects.create(body=body, municipality=place)
        places.append(place)
        row = new_position(body, f"CMX-{n:03}", item=item, carrier=carrier, kind="onward", stage="advertising_planned")
        new_position(body, f"EG-{n:03}", first=date(2022, 1, 1), last=date(2022, 12, 31), pay_group=f"EG Stufe Nummer {n:03}")  # fmt: skip
        for one in {places[-1], places[len(places) // 2]}:
            ServedMunicipality.objects.create(body=body, period=row, municipality=one)
        BudgetLine.objects.create(body=body, year=2023, sub_product=product, purpose="own", label=f"Personalaufwand für Stelle CMX-{n:03}", amount=n)  # fmt: skip
        fill_kept(body, n)
        source = Source.objects.create(body=body, kind="paper", number=f"W/{n:04}", title=f"Sachstand zur Umsetzung, Nummer {n:03}", date=date(2023, 1, 5))  # fmt: skip
        paper = Paper.objects.create(body=body, source=source, paper_type="information", notice=template, public=True)
        Consultation.objects.create(body=body, paper=paper, organization=organization, role="information")
        facts = {"title": f"Zuwendungsbescheid Nummer {n:03}", "funder": "Bezirksregierung Arnsberg"}
        new_notice(body, f"t-{n:03}", state="planned", given=date(2023, 1, 5), **facts)
        moved = Reallocation.objects.create(body=body, number=1000 + n, effective=date(2023, 7, 1), reason=f"Bedarf im Ort Nummer {n:03} geringer")  # fmt: skip
        ReallocationLeg.objects.create(body=body, reallocation=moved, order=1, fte=-1, position=row.position)
        other = ReallocationLeg.objects.create(body=body, reallocation=moved, order=2, fte=1, establishes=True, carrier=carrier)  # fmt: skip
        LegMunicipality.objects.create(body=body, leg=other, municipality=place)


def fill_kept(body, n):
    """One more of each noun of the house: what the budget and the sittings are made of."""
    from grants.models import Account, AccountGroup, FundingProgramme, ProgrammeModule, Rate, SubProduct
    from kim.values.periods import inclusive_range
    from meetings.models import (
        AgendaItem,
        FollowUp,
        LegislativeTerm,
        Meeting,
        Membership,
        Organization,
        Person,
        UrgentDecision,
        Vote,
    )
    from staffing.models import Function

    for kind, name in (("committee", "Ausschuss"), ("department", "Amt")):
        made = Organization.objects.create(body=body, name=f"{name} Nummer {n:03}", organization_type=kind)
        if kind == "committee":
            meeting = Meeting.objects.create(body=body, organization=made, date=date(2023, 5, 1))
            item = AgendaItem.objects.create(body=body, meeting=meeting, public=True, number="1", title=f"Punkt {n:03}")
            Vote.objects.create(body=body, item=item, outcome="unanimous", abstained=n)
            person = Person.objects.create(body=body, name=f"Herr Eile {n:03}", family_name=f"Eile {n:03}")
            UrgentDecision.objects.create(body=body, organization=made, decided_on=date(2023, 4, 1), title=f"Eile {n:03}", resolution="x", reason="y", first_decider=person, public=True)  # fmt: skip
            FollowUp.objects.create(body=body, item=item, words=f"Auftrag Nummer {n:03}", due_on=date(2023, 6, 1), public=True)  # fmt: skip
    LegislativeTerm.objects.create(body=body, name=f"Wahlperiode Nummer {n:03}")
    person = Person.objects.create(body=body, name=f"Frau Nummer {n:03}", family_name=f"Nummer {n:03}")
    committee = Organization.objects.get(body=body, name=f"Ausschuss Nummer {n:03}")
    Membership.objects.create(body=body, organization=committee, person=person, on_behalf_of=f"Fraktion {n:03}")
    programme = FundingProgramme.objects.create(body=body, name=f"Programm Nummer {n:03}", short_name=f"P{n:03}")
    function = Function.objects.create(body=body, name=f"Funktion Nummer {n:03}", module="1")
    ProgrammeModule.objects.create(body=body, programme=programme, name=f"Baustein {n:03}", title="Bezeichnung")
    span = inclusive_range(date(2023, 1, 1), None)
    Rate.objects.create(body=body, programme=programme, function=function, amount=n + 1, validity=span, source="Erlass")
    AccountGroup.objects.create(body=body, prefix=f"88{n:03}", meaning="income", validity=span, source="Rahmen")
    SubProduct.objects.create(body=body, number=f"9.{n:03}", name=f"Teilprodukt Nummer {n:03}")
    Account.objects.create(body=body, number=f"59{n:03}", name=f"Aufwandskonto Nummer {n:03}")
