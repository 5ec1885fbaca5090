"""The house rules that no linter knows; each test is also seen to fail on a planted violation."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent
APPS = ["kim", "staffing", "grants", "meetings"]  # from the ground up
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]


def contracts(folder):
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout


def test_import_contracts_hold():
    code, words = contracts(ROOT)
    assert code == 0, words


@pytest.mark.counter
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("kim/values/money.py", "import staffing.models"),
        ("staffing/models/positions.py", "import grants.models"),
        ("grants/figures/stated.py", "import meetings.models"),
        ("grants/models/budget.py", "import grants.views"),
        ("grants/figures/stated.py", "import grants.tables"),
        ("grants/views/__init__.py", "import staffing.forms"),
        ("staffing/views/posts.py", "import kim.pages.views"),
        ("kim/values/money.py", "import kim.store.postgres"),
        ("kim/store/context.py", "import kim.models.base"),
        ("kim/models/base.py", "import kim.history.trail"),
        ("kim/history/trail.py", "import kim.access.rules"),
        ("kim/access/rules.py", "import kim.figures"),
        ("kim/figures/tokens.py", "import kim.lists"),
        ("kim/lists/page.py", "import kim.pages.forms"),
    ],
)
def test_import_contracts_see_a_planted_violation(module, line, tmp_path):
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / module
    path.write_text(path.read_text() + f"\n{line}\n")
    code, words = contracts(tmp_path)
    assert code != 0, words


def upward(relations):
    """Relations from a lower app to a higher one."""
    order = {app: n for n, app in enumerate(APPS)}
    return [(a, b) for a, b in relations if a in order and b in order and order[b] > order[a]]


def test_no_relation_points_upwards():
    relations = [
        (model._meta.app_label, field.related_model._meta.app_label)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.is_relation and field.related_model
    ]
    assert upward(relations) == []
    assert upward([*relations, ("staffing", "grants")]) == [("staffing", "grants")]


def imports(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


FORBIDDEN = re.compile(r"django\.(http|template|forms|shortcuts|views)|kim\.(pages|lists|studio|access)")
CLOCK = re.compile(r"\b(date\.today|timezone\.now|datetime\.now|localdate)\(")


def impure(text):
    return [name for name in imports(text) if FORBIDDEN.match(name)] + CLOCK.findall(text)


def test_figures_are_pure():
    files = [p for app in APPS for p in (ROOT / app / "figures").glob("*.py")]
    assert len(files) > 4
    assert {p.name: found for p in files if (found := impure(p.read_text()))} == {}
    assert impure("from django.http import HttpRequest") and impure("x = date.today()")


PRICE = re.compile(r"rate|price|satz|per_fte")


def reckons(text):
    """Products and quotients with the amount of a rate: names that are a rate, or attributes of one."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            for side in ast.walk(node):
                if isinstance(side, ast.Attribute) and side.attr in {"per_fte", "full_time"}:
                    found.append(ast.unparse(node))
                if isinstance(side, ast.Attribute) and side.attr == "amount" and PRICE.search(ast.unparse(side.value)):
                    found.append(ast.unparse(node))
                if isinstance(side, ast.Name) and re.fullmatch(r"rate|price|per_fte", side.id):
                    found.append(ast.unparse(node))
    return sorted(set(found))


def test_only_one_module_reckons_with_rates():
    """grants/costing.py alone multiplies or divides the amount of a rate (docs/algorithms.md)."""
    found = {str(p.relative_to(ROOT)): made for p in SOURCES if (made := reckons(p.read_text()))}
    assert set(found) == {"grants/costing.py"}, found
    for planted in ("x = fte * item.rate.amount", "y = size * price.amount / price.per_fte", "z = Fraction(rate) * 2"):
        assert reckons(planted), planted
    assert not reckons("x = count * width")


def asks_the_clock(paths):
    return [str(p.relative_to(ROOT)) for p in paths if CLOCK.search(p.read_text())]


def test_nothing_but_the_one_clock_asks_the_system():
    allowed = {"kim/values/periods.py", "kim/lists/exports.py"}  # the second prints "Ausdruck vom"
    assert set(asks_the_clock(SOURCES)) == allowed


KIM = {"settings", "urls", "admin", "checks", "apps", "wsgi", "management", "templatetags", "__init__"}
ROOMS = {
    "values": {"money", "periods", "formats", "richtext", "differences", "uploads", "charts", "places"},
    "store": {"postgres", "ranges", "migrating", "trail_view", "context", "reading", "backup"},
    "models": {
        *("versioned", "refusals", "base", "reference", "bodies", "sources", "attached", "years", "jobs"),
        *("releases", "list_views", "logos", "setup", "submissions", "trail"),
    },
    "history": {"changes", "trail", "knowledge", "preview"},
    "access": {"rules", "middleware", "submissions", "request", "working_date", "views", "jobs"},
    "figures": {"values", "tokens", "findings", "choices"},
    "studio": {
        "documents",
        "releases",
        "bundles",
        "seen",
        "pdf",
        "word",
        "restoring",
        "writing",
        "picker",
        "consequences",
        "letterhead",
        "logos",
        "passages",
    },
    "lists": {"columns", "exports", "filters", "listing", "page"},
    "pages": {"sections", "besides", "forms", "rows", "reference", "sheets", "documents", "accounts", "views"},
}
APP = {
    "sentences",
    "apps",
    "changes",
    "costing",
    "granting",
    "models",
    "figures",
    "documents",
    "tables",
    "filters",
    "forms",
    "views",
    "urls",
    "rights",
    "admin",
    "findings",
    "tasks",
    "oparl",
    "__init__",
}


def foreign_modules(paths):
    """Modules that stand in no list; of kim each room has its own."""
    found = []
    for path in paths:
        app, *rest = path.relative_to(ROOT).with_suffix("").parts
        if (
            rest[0] in {"figures", "management", "templatetags", "models", "views", "forms", "documents"}
            and len(rest) > 1
            and app != "kim"
        ):
            continue
        if app == "kim" and rest[0] in ROOMS and len(rest) > 1:
            known = ROOMS[rest[0]] | {"__init__"}
        else:
            known = KIM if app == "kim" else APP
            rest = [rest[0] if len(rest) == 1 or rest[0] in KIM else "-".join(rest)]
            rest.insert(0, "")
        if rest[1] not in known:
            found.append(str(path.relative_to(ROOT)))
    return found


def test_the_list_of_modules_is_closed():
    assert foreign_modules(SOURCES) == []
    assert foreign_modules([ROOT / "grants" / "services.py"]) == ["grants/services.py"]
    assert foreign_modules([ROOT / "kim" / "utils.py"]) == ["kim/utils.py"]
    assert foreign_modules([ROOT / "kim" / "values" / "helpers.py"]) == ["kim/values/helpers.py"]


def circles(imports):
    """Groups of modules that import each other in a circle, each sorted; imports: {module: modules it imports}."""
    reached = {}

    def reach(start):
        found, ways = set(), [*imports.get(start, ())]
        while ways:
            one = ways.pop()
            if one not in found:
                found.add(one)
                ways += imports.get(one, ())
        return found

    for module in imports:
        reached[module] = reach(module)
    groups = {frozenset(m for m in found | {start} if start in reached.get(m, ())) for start, found in reached.items()}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def test_no_circle_of_files():
    """Imports within functions count too; those for types only do not."""
    import grimp

    graph = grimp.build_graph(*APPS, include_external_packages=False, exclude_type_checking_imports=True)
    imports = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    assert len(imports) > 150 and circles(imports) == []
    planted = imports | {"kim.values.formats": imports["kim.values.formats"] | {"kim.figures"}}
    assert any({"kim.values.formats", "kim.figures"} <= set(group) for group in circles(planted))


def too_long(text):
    found = ["module"] if text.count("\n") > 400 else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 40:
            found.append(node.name)
    return found


def test_modules_and_functions_stay_short():
    long = {str(p.relative_to(ROOT)): found for p in SOURCES if (found := too_long(p.read_text()))}
    assert long == {}
    assert too_long("def f():\n" + "    x = 1\n" * 50) == ["f"]


def undocumented(text):
    tree = ast.parse(text)
    nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    return [n.name for n in nodes if not ast.get_docstring(n)] + ([] if ast.get_docstring(tree) else ["module"])


def test_modules_classes_and_figures_say_what_they_are():
    missing = {}
    for path in SOURCES:
        found = undocumented(path.read_text())
        if path.name in {"__init__.py"} or not found:
            continue
        if "figures" in path.parts or path.name == "models.py" or "module" in found:
            missing[str(path.relative_to(ROOT))] = found
    allowed = {"text", "place", "rest", "said", "planned"}  # operands, in one line
    assert {p: left for p, f in missing.items() if (left := set(f) - allowed)} == {}
    assert undocumented("def bare():\n    pass\n") == ["bare", "module"]


def without_example(functions):
    """Figures whose docstring shows no worked example."""
    return [name for name, one in functions if not re.search(r"[Ee]xample", one.__doc__ or "")]


def test_every_registered_figure_has_a_docstring_with_an_example():
    from kim.figures import CATALOGUE

    assert without_example((n, e.function) for n, e in CATALOGUE.items()) == ["document.day"]
    assert without_example([("bare", lambda: None)]) == ["bare"]


def test_every_figure_named_in_a_template_or_text_exists():
    from kim.figures.tokens import check_tokens
    from kim.values.richtext import TOKEN

    found = set()
    for path in (ROOT / "fixtures").rglob("*.toml"):
        check_tokens("".join(m[0] for m in TOKEN.finditer(path.read_text())))
        found |= {name for name, _ in TOKEN.findall(path.read_text())}
    assert len(found) > 30
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    assert unknown_figures(pages) == set()
    assert unknown_figures("{% source_link 'no.such' %}") == {"no.such"}


def unknown_figures(text):
    """Names of figures in a template that the catalogue does not have."""
    from kim.figures import CATALOGUE

    return set(re.findall(r"(?:source_link|figure) [\"']([a-z_.]+)[\"']", text)) - set(CATALOGUE)


LOOSE = re.compile(r"<style|<script(?! src)| style=| on[a-z]+=|\|safe|mark_safe")
PLACES = re.compile(r"/(?:wor" + r"k|hom" + r"e)/\w|\"resol" + r"ved\":")


def test_no_style_or_script_stands_in_a_page():
    for path in (ROOT / "templates").rglob("*.html"):
        assert not LOOSE.search(path.read_text()), path.name
    assert LOOSE.search('<p onclick="x()">') and LOOSE.search("{{ text|safe }}")


def test_the_repository_names_no_place_outside_itself():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for path in (ROOT / name for name in listed):
        if path.is_file() and path.suffix not in {".png", ".svg"}:
            assert not PLACES.search(path.read_text(errors="replace")), path.name
    assert PLACES.search("/hom" + "e/jemand")


WRITING = {"save", "save_checked", "delete", "create", "update", "bulk_create", "get_or_create", "update_or_create"}


def writes(text):
    """Calls in a page that write rows themselves instead of asking a verb of the model; super().save() is a form's."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING:
            of = ast.unparse(node.func.value)
            verb = node.func.attr == "create" and re.fullmatch(r"[A-Z]\w+\(.*\)", of)  # of what is about to be made
            if of not in {"self", "super()", "hashlib"} and not of.startswith("form") and not verb:
                found.append(ast.unparse(node))
    return found


def test_pages_write_by_verbs():
    folders = [ROOT / "kim" / "pages", *(ROOT / app / name for app in APPS[1:] for name in ("views", "forms"))]
    files = [path for folder in folders for path in folder.rglob("*.py")] + [
        ROOT / app / "admin.py" for app in APPS[1:]
    ]
    files += (ROOT / "kim" / "admin").glob("*.py")
    assert len(files) > 25
    assert {str(p.relative_to(ROOT)): found for p in files if (found := writes(p.read_text()))} == {}
    planted = "row.save_checked()\nNote.objects.create(text='x')\nrows.update(state='x')\nself.save(form)"
    assert len(writes(planted)) == 3


WIDTH = 120


def too_wide(text):
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > WIDTH]


def test_lines_that_no_linter_reads_can_be_read_by_a_person():
    own = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "kim" / "editor").glob("*.js")]
    own += [p for p in (ROOT / "kim" / "static" / "kim").rglob("*") if p.suffix in {".css", ".js"}]
    assert len(own) > 80
    assert {str(p.relative_to(ROOT)): found for p in own if (found := too_wide(p.read_text()))} == {}
    assert too_wide("<p>\n" + "x" * 121 + "\n</p>") == [2] and too_wide("ü" * 120) == []
