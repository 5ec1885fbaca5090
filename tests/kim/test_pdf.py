"""The tags of the PDF: whole tables, related header cells, and a tree that every reader can follow."""

import io
import re
import threading
from collections import Counter

import outloud
import page as checker
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from weasyprint import HTML

from kim.studio import bundles, pdf
from kim.studio.pdf import MARKED, descend, finished, kids
from tests.helpers import drawn_paper

PAGE = (
    '<!doctype html><html lang="de"><head><title>T</title><meta name="dcterms.created" content="2023-01-01">'
    '<meta name="dcterms.modified" content="2023-01-01"><style>@page{size:A5;margin:15mm;'
    "@bottom-right{content:counter(page)}} tr{break-inside:avoid} td,th{border:1px solid}</style></head>"
    "<body><h1>Titel</h1>%s</body></html>"
)
HEAD = "<thead><tr><th>A</th><th>B</th></tr></thead>"


def rows(count, head=False):
    cell = "<th scope=row>R%d</th>" if head else ""
    return "".join("<tr>" + (cell % i if head else "") + f"<td>z{i}</td><td>y{i}</td></tr>" for i in range(count))


CASES = {
    "a table over many pages": f"<table>{HEAD}<tbody>{rows(90)}</tbody></table>",
    "nested, text after": f"<div><section><table>{HEAD}<tbody>{rows(90)}</tbody></table></section><p>Ende</p></div>",
    "head of two rows, foot": f"<table><thead><tr><th rowspan=2>K<th colspan=2>AB<tr><th>A<th>B</thead><tbody>{rows(80, True)}</tbody><tfoot><tr><th scope=row>S<td>1<td>2</tfoot></table>",
    "two tables, a heading between": f"<table>{HEAD}<tbody>{rows(20)}</tbody></table><h2>Zwei</h2><table>{HEAD}<tbody>{rows(60)}</tbody></table>",
    "two tables, own caption": f"<table>{HEAD}<tbody>{rows(5)}</tbody></table><table style='break-before:page'><caption>Zweite</caption>{HEAD}<tbody>{rows(5)}</tbody></table>",
    "two tables on one page": f"<table>{HEAD}<tbody>{rows(5)}</tbody></table><table>{HEAD}<tbody>{rows(5)}</tbody></table>",
    "another head on the next page": f"<table>{HEAD}<tbody>{rows(5)}</tbody></table><table style='break-before:page'>{HEAD.replace('B', 'C')}<tbody>{rows(5)}</tbody></table>",
    "rows that head a group": f"<table>{HEAD}<tbody><tr><th colspan=2>G1</th></tr>{rows(40)}</tbody><tbody><tr><th colspan=2>G2</th></tr>{rows(40)}</tbody></table>",
}


def tags(content):
    with Pdf.open(io.BytesIO(content)) as found:
        return Counter(str(e.S)[1:] for e in descend(found.Root.StructTreeRoot.K[0]))


@pytest.mark.parametrize("name", CASES)
def test_as_many_tables_as_in_the_html(name):
    body = CASES[name]
    content = finished(HTML(string=PAGE % body).write_pdf(pdf_variant="pdf/a-3a"))
    found = tags(content)
    for tag in ("Table", "THead", "TFoot", "TR", "TH", "TD"):
        assert found[tag] == len(re.findall(f"<{tag}[ >]", body, re.I)), tag
    proved(content)
    assert finished(HTML(string=PAGE % body).write_pdf(pdf_variant="pdf/a-3a")) == content


@pytest.mark.counter
def test_the_engine_alone_tears_a_table_at_each_page():
    assert tags(HTML(string=PAGE % CASES["a table over many pages"]).write_pdf(pdf_variant="pdf/a-3a"))["Table"] > 1


def proved(content):
    """What rule checkers do not look at: who owns each marked content, ids, headers, bookmarks, stray pages."""
    found = Pdf.open(io.BytesIO(content))
    tree, pages = found.Root.StructTreeRoot, {p.objgen: p for p in found.pages}
    nums = list(tree.ParentTree.Nums)
    parents = dict(zip(map(int, nums[::2]), nums[1::2], strict=True))
    elements = [e for root in kids(tree) for e in descend(root)]
    owner = {}
    for element in elements:
        for kid in kids(element):
            if isinstance(kid, int):
                owner[element.Pg.objgen, int(kid)] = element.objgen
            elif kid.get(Name.Type) != Name.OBJR:
                assert kid.P.objgen == element.objgen, f"{kid.S} names another parent"
    marked = 0
    for objgen, one in pages.items():
        for number in map(int, MARKED.findall(one.Contents.read_bytes())):
            marked += 1
            assert parents[int(one.StructParents)][number].objgen == owner[objgen, number]
    assert marked == len(owner), "text in the tree that is on no page"
    ids = [str(e.ID) for e in elements if Name.ID in e]
    assert len(ids) == len(set(ids))
    attributes = [e.A for e in elements if isinstance(e.get(Name.A), Dictionary)]
    assert {str(h) for a in attributes for h in a.get(Name.Headers, ())} <= set(ids)
    with found.open_outline() as outline:
        waiting = list(outline.root)
        while waiting:
            item = waiting.pop()
            waiting += list(item.children)
            assert not isinstance(item.destination, Array) or item.destination[0].objgen in pages
    every = sum(isinstance(o, Dictionary) and o.get(Name.Type) == Name.Page for o in found.objects)
    assert every == len(found.pages)


@pytest.mark.parametrize("library", ["pango", "harfbuzz"])
def test_a_library_that_sets_the_text_is_one_of_the_programs(library, monkeypatch):
    """Drawn with another version of it, a release was drawn by another program."""

    def programs():
        return bundles.renderer("documents/vorlage_brief.html", ("print.css",))["programs"]

    before = programs()
    assert re.fullmatch(r"\d+\.\d+\.\d+", before[library])
    monkeypatch.setattr(f"kim.studio.pdf.{library}_version", lambda: "99")
    assert programs() == before | {library: "99"}


def heard(content, tmp_path):
    """What a screen reader would stumble over: the rules that found an error, by another checker than the profiles'."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    result = outloud.check(str(path))
    assert not result.error and not [run.rule for run in result.runs if run.status == "crashed"]
    return [(f.rule, f.message) for f in result.findings if f.severity == "error"]


@pytest.mark.counter
def test_what_the_engine_alone_would_say_is_heard(tmp_path):
    raw = HTML(string=PAGE % CASES["head of two rows, foot"]).write_pdf(pdf_variant="pdf/a-3a")
    assert heard(raw, tmp_path) and heard(finished(raw), tmp_path) == []


@pytest.mark.parametrize(("slug", "reference", "pages"), [("staedteregion-aachen", "2023/0120", 2), ("stadt-aachen", "FB 56/0051/WP18", 1), ("stadt-aachen", "FB 56/0014/WP18", 2)])  # fmt: skip
def test_the_papers_themselves(slug, reference, pages, bodies, tmp_path):
    """PDF/A-3a and PDF/UA-1 in one file, read aloud without a fault, with figures and tables attached, both houses."""
    from kim.store.context import acting

    with acting(None, [bodies[slug].pk], reason="Test"):
        content = drawn_paper(bodies[slug], reference)
    proved(content)
    for profile in (checker.ValidationProfile.PDF_A_3A, checker.ValidationProfile.PDF_UA_1):
        assert list(checker.validate_pdf_bytes(content, profile=profile).failures) == [], profile
    assert heard(content, tmp_path) == []
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert len(paper.pages) == pages
        assert set(paper.attachments) == {"zahlen.json", "zahlen.csv", "beratungsfolge.csv"}
        assert str(paper.attachments["zahlen.json"].obj.AFRelationship) == "/Data"
        assert str(paper.attachments["zahlen.csv"].obj.EF.F.Subtype) == "/text/csv"


class Reader:
    """In place of a PDF: notes how many are read at once, and ends only when told to."""

    inside = most = 0
    entered, leave = threading.Semaphore(0), threading.Event()

    def __init__(self, content):
        pass

    def __enter__(self):
        Reader.inside += 1
        Reader.most = max(Reader.most, Reader.inside)
        Reader.entered.release()
        assert Reader.leave.wait(60)
        return []

    def __exit__(self, *error):
        Reader.inside -= 1


class Watched:
    """A lock that says how many have asked for it."""

    def __init__(self, lock):
        self.lock, self.asked = lock, threading.Semaphore(0)

    def __enter__(self):
        self.asked.release()
        self.lock.acquire()

    def __exit__(self, *error):
        self.lock.release()


def read_by_three(monkeypatch, lock):
    """How many of three threads read a PDF at once."""
    import pypdfium2

    Reader.inside = Reader.most = 0
    Reader.entered, Reader.leave = threading.Semaphore(0), threading.Event()
    watched = Watched(lock)
    monkeypatch.setattr(pypdfium2, "PdfDocument", Reader)
    monkeypatch.setattr(pdf, "PDFIUM", watched)
    people = [threading.Thread(target=pdf.pictures, args=(b"",)) for _ in range(3)]
    for one in people:
        one.start()
    for _ in people:
        assert watched.asked.acquire(timeout=60)
    for _ in people if isinstance(lock, Open) else people[:1]:
        assert Reader.entered.acquire(timeout=60)
    Reader.leave.set()
    for one in people:
        one.join(60)
    return Reader.most


class Open:
    """A lock that keeps nobody out."""

    def acquire(self):
        pass

    def release(self):
        pass


def test_pages_are_drawn_by_one_thread_at_a_time(monkeypatch):
    assert isinstance(pdf.PDFIUM, type(threading.Lock()))
    assert read_by_three(monkeypatch, pdf.PDFIUM) == 1


@pytest.mark.counter
def test_without_the_lock_several_threads_are_in_the_library_at_once(monkeypatch):
    assert read_by_three(monkeypatch, Open()) == 3


def test_threads_that_draw_at_once_see_the_same_pages():
    content = HTML(string=PAGE % CASES["head of two rows, foot"]).write_pdf()
    found = []
    people = [threading.Thread(target=lambda: found.append(pdf.pictures(content))) for _ in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert len(found) == 8 and all(pages == found[0] and pages for pages in found)
