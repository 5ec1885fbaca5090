"""The rules of the house for every model; each test is also seen to fail on a planted violation."""

import importlib
import re

from django.apps import apps
from django.db import models

from kim.figures import CATALOGUE
from kim.figures.findings import RULES
from kim.models import BodyRow, SameBody
from tests.test_architecture import APPS, ROOT


def unkept(all_models):
    """Foreign keys between rows of a body without their composite key."""
    for model in all_models:
        kept = {c.field for c in model._meta.constraints if isinstance(c, SameBody)}
        for field in model._meta.local_fields if issubclass(model, BodyRow) else ():
            if field.is_relation and issubclass(field.related_model, BodyRow) and field.name not in kept:
                yield f"{model._meta.label}.{field.name}"


def test_foreign_keys_stay_within_the_body(monkeypatch):
    from grants.models import Funding

    assert list(unkept(apps.get_models())) == []
    monkeypatch.setattr(Funding._meta, "constraints", [])
    assert list(unkept(apps.get_models())) == ["grants.Funding.item", "grants.Funding.position"]


def led_by_another(all_models):
    """Unique and exclusion constraints of a body's rows that do not begin with the body."""
    from django.contrib.postgres.constraints import ExclusionConstraint

    for model in all_models:
        for one in model._meta.constraints if issubclass(model, BodyRow) else ():
            first = one.fields[:1] if isinstance(one, models.UniqueConstraint) else ()
            if isinstance(one, models.UniqueConstraint) and one.expressions:
                first = (one.expressions[0].name,)
            if isinstance(one, models.UniqueConstraint) and first != ("body",):
                yield one.name
            if isinstance(one, ExclusionConstraint) and one.expressions[0][0] != "body":
                yield one.name


def test_the_body_leads_every_unique_and_exclusion_constraint(monkeypatch):
    from staffing.models import Position

    assert list(led_by_another(apps.get_models())) == []
    wrong = models.UniqueConstraint(fields=["number", "body"], name="wrong")
    monkeypatch.setattr(Position._meta, "constraints", [wrong])
    assert list(led_by_another(apps.get_models())) == ["wrong"]


def cascades(all_models):
    """Relations that would delete with what they refer to."""
    for model in all_models:
        if model._meta.app_label in APPS and not hasattr(model, "pgh_tracked_model"):
            for field in model._meta.local_fields:
                if field.is_relation and field.remote_field.on_delete is not models.PROTECT:
                    yield f"{model._meta.label}.{field.name}"


def test_nothing_is_deleted_with_what_it_refers_to(monkeypatch):
    from staffing.models import Occupancy

    assert list(cascades(apps.get_models())) == []
    monkeypatch.setattr(Occupancy._meta.get_field("position").remote_field, "on_delete", models.CASCADE)
    assert list(cascades(apps.get_models())) == ["staffing.Occupancy.position"]


SAME = {"name", "slug", "version", "text", "person"}  # German and English alike, or never shown


def unlabelled(all_models):
    """Fields whose label is only their English name, and models without a German one."""
    for model in all_models:
        if model._meta.app_label not in APPS or hasattr(model, "pgh_tracked_model") or model.__name__ == "User":
            continue
        if not str(model._meta.verbose_name)[0].isupper():
            yield model._meta.label
        for field in model._meta.local_fields:
            shown = not field.auto_created and field.name not in SAME | {"id", "sort_key"}
            if shown and str(field.verbose_name) == field.name.replace("_", " "):
                yield f"{model._meta.label}.{field.name}"


def test_every_name_and_label_is_german_and_set(monkeypatch):
    from staffing.models import Position

    assert list(unlabelled(apps.get_models())) == []
    monkeypatch.setattr(Position._meta.get_field("file_reference"), "verbose_name", "file reference")
    assert list(unlabelled(apps.get_models())) == ["staffing.Position.file_reference"]


def unexplained(glossary):
    """Models the glossary does not name."""
    ours = (m for m in apps.get_models() if m._meta.app_label in APPS and not hasattr(m, "pgh_tracked_model"))
    return {m.__name__ for m in ours if f"`{m.__name__}`" not in glossary}


def test_the_glossary_names_every_model():
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    assert unexplained(glossary) == set()
    assert unexplained(glossary.replace("`Carrier`", "")) == {"Carrier"}


def exists_in_code(name):
    """Whether a name of the glossary leads somewhere: a model, a part of one, a figure, a hint, or a path to a name."""
    models = {m.__name__: m for m in apps.get_models()}
    head, _, rest = name.partition(".")
    if name in CATALOGUE or name in RULES or head in models:
        return not rest or name in CATALOGUE or hasattr(models.get(head), rest)
    if "." not in name:
        return any(hasattr(model, name) for model in models.values())
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def names_in(glossary):
    """What the second column gives as code; paths of files have a test of their own."""
    rows = [line.split("|") for line in glossary.splitlines() if line.startswith("|")]
    return {name for cells in rows[2:] for name in re.findall(r"`([^`]+)`", cells[2])}


def test_every_name_of_the_glossary_exists():
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    assert len(names_in(glossary)) > 80
    assert {name for name in names_in(glossary) if not exists_in_code(name)} == set()
    planted = "|German|Code|From|\n|---|---|---|\n| Wort | `Paper.adopt_all`, `kim.history.story` | x |"
    assert {name for name in names_in(planted) if not exists_in_code(name)} == {"Paper.adopt_all", "kim.history.story"}


def test_every_file_the_pages_name_is_there():
    """Paths in backticks in README and docs."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {(page.name, path) for page in pages for path in re.findall(r"`((?:kim|staffing|grants|meetings|tests|docs|script|templates)/[\w./-]+\.\w+)`", page.read_text())}  # fmt: skip
    assert len(named) > 60
    assert {pair for pair in named if not (ROOT / pair[1]).exists()} == set()
