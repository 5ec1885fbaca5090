"""Small things several tests need."""

import os
import re
import subprocess
from decimal import Decimal as D
from html.parser import HTMLParser

import psycopg
from django.db import connection, transaction

from kim.store import postgres
from kim.values.periods import inclusive_range


def thorough(every, some):
    """How often something is tried: every with KIM_TESTS=all (as before a release), else some, by another seed each
    time a run asks for it; what each of them must fulfil is the same."""
    return every if os.environ.get("KIM_TESTS") == "all" else some


def close():
    """No connection is left open, so that the database can be copied."""
    connection.close()


def sql(statement, *parameters):
    """Run SQL in a savepoint; the rows if there are any."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else None


def psql(statement, *, database="postgres", user="postgres"):
    """Run SQL on a connection of its own, as another login."""
    with psycopg.connect(host=str(postgres.socket_directory()), user=user, dbname=database, autocommit=True) as one:
        found = one.execute(statement)
        return found.fetchall() if found.description else None


def name_of_database():
    """The test database of this process."""
    return connection.settings_dict["NAME"]


def copy_database(name):
    """A copy of the test database under another name; nobody may be connected meanwhile, we neither."""
    close()
    psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_of_database()}'")
    psql(f'CREATE DATABASE "{name}" TEMPLATE "{name_of_database()}" OWNER kim_owner')


def pdf_text(content):
    """The text of a PDF, read by another program, blanks folded."""
    run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return re.sub(r"\s+", " ", run.stdout.decode().replace("\u00a0", " "))


def said(response):
    """A page with its blanks folded, as a browser does: how its template breaks lines is nobody's business."""
    words = re.sub(r"\s+", " ", response.content.decode().replace("\u00a0", " "))
    return re.sub(r" (?=/?>)", "", words)  # also within tags


def fresh_draft(body, reference="2023/0120"):
    """A draft with the figures as the data say them now (as if all were taken over)."""
    from kim.models import Body
    from kim.studio import documents

    found = documents.find(Body.objects.get(pk=body.pk), reference)
    chips = [chip for block in found.fresh() for chip in block.chips()]
    documents.take_over(found.text, chips, {chip.token for chip in chips})
    return found


def drawn_paper(body, reference="2023/0120"):
    """The PDF of a draft with the figures as the data say them now."""
    from kim.studio import releases

    return releases.draft_pdf(fresh_draft(body, reference))


def drawn_from(body, reference="2023/0120"):
    """The page that this PDF is drawn from."""
    import html

    from django.template.loader import render_to_string

    from kim.studio import releases

    found = fresh_draft(body, reference)
    return html.unescape(
        render_to_string(found.template, {"content": {"fingerprint": ""} | releases.printable_draft(found)[0]})
    )


def shown(browser, url):
    """What the page of a draft sends of what it showed, with its forms for release and Mitzeichnung."""
    page = browser.get(url).content.decode()
    forms = re.findall(r"<form[^>]*(?:freigeben|mitzeichnen)/[^>]*>.*?</form>", page, re.S)
    return {"fingerprint": re.search(r'name="fingerprint"\s+value="([^"]+)"', forms[0])[1]}


def new_position(body, number, fte="1.0", kind="own", first=None, last=None, item=None, **facts):
    """A post with its facts, through the models."""
    from grants.models import Funding
    from staffing.models import Function, Position, PositionPeriod

    function = Function.objects.get(slug="case-management")
    position = Position(body=body, number=number, kind=kind, function=function)
    position.full_clean()
    position.save()
    row = PositionPeriod(
        body=body, position=position, fte=D(fte), validity=inclusive_range(first or body.reference_day, last), **facts
    )
    row.full_clean()
    row.save()
    if item:
        funding = Funding(body=body, item=item, position=position)
        funding.full_clean()
        funding.save()
    return row


class _Table(HTMLParser):
    """The first table with the class "rows": heads, rows and feet as lists of words."""

    def __init__(self):
        super().__init__()
        self.heads, self.rows, self.feet = [], [], []
        self.target, self.cell, self.hidden, self.inside, self.done = None, None, 0, False, False

    def handle_starttag(self, tag, attrs):
        names = dict(attrs).get("class", "") or ""
        if tag == "table" and "rows" in names.split() and not self.done:
            self.inside = True
        if not self.inside:
            return
        if tag in {"thead", "tbody", "tfoot"}:
            self.target = {"thead": self.heads, "tbody": self.rows, "tfoot": self.feet}[tag]
        elif tag == "tr" and self.target is not None:
            self.target.append([])
        elif tag in {"th", "td"} and self.target is not None:
            self.cell = ""
            self.notice = "empty" in names.split()
        elif tag == "span" and self.cell is not None:
            self.hidden += 1 if self.hidden or "unseen" in names or dict(attrs).get("aria-hidden") else 0

    def handle_endtag(self, tag):
        if tag == "table" and self.inside:
            self.inside, self.done = False, True
        elif tag in {"th", "td"} and self.cell is not None:
            if not self.notice:
                self.target[-1].append(self.cell.strip())
            self.cell = None
        elif tag == "span" and self.hidden:
            self.hidden -= 1

    def handle_data(self, data):
        if self.cell is not None and not self.hidden:
            self.cell += data


def table_of(response):
    """(heads, rows, foot) of the list on a page, as words."""
    found = _Table()
    found.feed(response.content.decode())
    rows = [row for row in found.rows if len(row) == len(found.heads[0])] if found.heads else []
    return (found.heads[0] if found.heads else [], rows, found.feet[0] if found.feet else [])


def new_notice(body, slug, *staff, state="granted", first=None, last=None, rule="", amount=None, given=None, **facts):
    """A notice with one version, through the models. staff: (FTE, EUR a year for 1,0 or None), all Case Management."""
    from grants.models import FundingNotice, FundingProgramme, NoticeItem, NoticeVersion, SubProduct
    from kim.models import Source
    from staffing.models import Function

    first, last = (
        first or body.reference_day.replace(month=1, day=1),
        last or body.reference_day.replace(month=12, day=31),
    )
    facts = {"programme": FundingProgramme.objects.get(slug="kim"), "instrument": "grant", "funder": "Land"} | facts
    facts.setdefault("sub_product", SubProduct.objects.filter(body=body).first())
    notice = keep(FundingNotice(body=body, slug=slug, title=facts.pop("title", f"Bescheid {slug}"), **facts))
    source = keep(Source(body=body, kind="notice", title=notice.title, date=given or first))
    version = NoticeVersion(body=body, notice=notice, source=source, state=state, validity=inclusive_range(first, last))
    version.amount, version.proration = (D(amount) if amount is not None else None), rule
    if amount is None and state == "granted":
        version.amount = D(0)
    keep(version)
    for number, (fte, rate) in enumerate(staff):
        function = Function.objects.get(slug="case-management")
        item = keep(NoticeItem(body=body, notice=notice, function=function, label=f"{number}" if number else ""))
        state_terms(version, item, fte, *([(version.validity, rate)] if rate is not None else []))
    return notice


def state_terms(version, item, fte, *rates):
    """What a version says of a position: FTE, and (range, EUR a year for 1,0) for each span."""
    from grants.models import ItemRate, ItemTerms

    terms = keep(ItemTerms(body=version.body, item=item, notice_version=version, fte=D(fte)))
    for span, rate in rates:
        keep(ItemRate(body=version.body, terms=terms, validity=span, amount=D(rate)))
    return terms


def keep(row):
    """The row, through all its rules, in the database."""
    return row.save_checked()
