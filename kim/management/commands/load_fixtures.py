"""Load fixtures/<slug>/*.toml, written in the field's words, through the models and all their rules.

Tables and keys are the German names of models and fields, choices and references stand by name. A row that is
already there (by its natural key) stays as it is, so loading twice changes nothing and never undoes an edit.
"""

import tomllib
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from kim.models import Body
from kim.models.refusals import db_errors_as_validation
from kim.store.context import acting
from kim.studio import documents
from kim.values.formats import parse_date
from kim.values.money import ExactField
from kim.values.periods import inclusive_range

WORDLESS = ("grants.NoticeItem", "grants.Rate")  # their keys hold words that are mostly empty
NAMES = ("number", "name", "title", "slug")


class Command(BaseCommand):
    help = "Load fixtures/<slug>/ through the models; every folder without an argument."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="*")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.BASE_DIR) / "fixtures"
        slugs = options["slug"] or [
            "allgemein",
            *sorted(p.name for p in root.iterdir() if p.name != "allgemein"),
        ]
        with transaction.atomic():  # all or nothing: an interrupted start begins anew
            for slug in slugs:
                for path in sorted((root / slug).glob("*.toml")):
                    made = Loader(path, slug).load()
                    self.stdout.write(f"{path.relative_to(root)}: {made} neu")
                bind_figures(slug)


def bind_figures(slug: str) -> None:
    """Drafts begin with the figures that the loaded data say; afterwards they change only when somebody takes over."""
    body = Body.objects.filter(slug=slug).first()
    with acting(None, [body.pk] if body else [], command="load_fixtures", act="Bestandsübernahme"):
        for kind in documents.REGISTRY.values() if body else ():
            for one in kind.every(body, date.min):
                one.bind()


class Loader:
    """One file of one body, in one transaction and with one reason."""

    def __init__(self, path: Path, slug: str) -> None:
        self.path, self.slug, self.made = path, slug, 0
        self.above: list[Any] = []  # the rows in which the present one is nested
        self.models = {str(m._meta.verbose_name): m for m in apps.get_models() if hasattr(m, "pgh_event_models")}

    def load(self) -> int:
        data = tomllib.loads(self.path.read_text())
        reason = data.pop("grund")
        body = Body.objects.filter(slug=self.slug).first()
        with acting(None, [body.pk] if body else [], command="load_fixtures", reason=reason, act="Bestandsübernahme"):
            self.body = body
            try:
                with db_errors_as_validation():
                    for table, rows in data.items():
                        for row in rows:
                            self.row(self.model(table), row, None)
            except (ValidationError, models.ObjectDoesNotExist) as error:
                raise CommandError(f"{self.path}: {error}") from error
        return self.made

    def model(self, name: str) -> Any:
        if name not in self.models:
            raise CommandError(f"{self.path}: Die Tabelle „{name}“ gibt es nicht.")
        return self.models[name]

    def row(self, model: Any, row: dict[str, Any], parent: Any) -> Any:
        """One row and what is nested in it; the row itself if it is new, else the one that is there."""
        values, nested = {}, []
        if parent is not None:
            link = next(f for f in model._meta.fields if f.related_model is type(parent) and f.name != "body")
            values[link.name] = parent
        fields = {str(f.verbose_name): f for f in model._meta.fields}
        for key, value in row.items():
            if isinstance(value, list):
                nested += [(self.model(key), child) for child in value]
            elif key in fields:
                values[fields[key].name] = self.value(fields[key], value)
            else:
                raise CommandError(f"{self.path}: {model._meta.verbose_name} hat kein Feld „{key}“.")
        if any(f.name == "body" for f in model._meta.fields):
            values["body"] = None if getattr(model, "code_table", False) else self.body
        found = self.existing(model, values)
        if found is None:
            found = model(**values)
            found.full_clean()
            found.save()
            self.made += 1
        if model is Body:
            self.enter(found)
        self.above.append(found)
        for child, data in nested:
            self.row(child, data, found)
        self.above.pop()
        return found

    def enter(self, body: Body) -> None:
        """From here on, act for the body just made."""
        from django.db import connection

        self.body = body
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.body_ids', %s, true)", [str(body.pk)])

    def existing(self, model: Any, values: dict[str, Any]) -> Any:
        """The row with the same natural key: the first unique constraint all of whose fields are known."""
        for names in natural_keys(model):
            wanted = {n: values[n] if n in values else default(model, n) for n in names}
            if model is not Body and all(v is None for n, v in wanted.items() if n != "body"):
                continue
            query = {(f"{n}__isnull" if v is None else n): (v is None) or v for n, v in wanted.items()}
            if found := model._default_manager.filter(**query).first():
                return found
        return None

    def value(self, field: Any, given: Any) -> Any:
        """What a word of the file means for a field."""
        if field.is_relation:
            return self.related(field, given)
        if isinstance(field, DateRangeField):
            return span(given)
        if isinstance(field, models.DateField):
            return parse_date(given) if isinstance(given, str) else given
        if isinstance(field, ExactField):
            form_field: Any = field.formfield()
            less = given.startswith("-")  # a line of a reallocation; what people type knows no sign
            return -form_field.clean(given[1:]) if less else form_field.clean(given)
        if field.choices:
            labels = {str(label): value for value, label in field.choices}
            if given not in labels:
                raise CommandError(f"{self.path}: {field.verbose_name} kennt „{given}“ nicht.")
            return labels[given]
        return given.strip() if isinstance(given, str) else given

    def related(self, field: Any, given: Any) -> Any:
        """A reference: by name, by some of its fields, or a new row that belongs to this one alone."""
        model = field.related_model
        rows = self.offered(model)
        if isinstance(given, str):
            names = [n for n in NAMES if any(f.name == n for f in model._meta.fields)]
            for name in names:
                if found := rows.filter(**{name: given}).first():
                    return found
            raise CommandError(f"{self.path}: {model._meta.verbose_name} „{given}“ gibt es nicht.")
        if field.one_to_one:
            return self.row(model, given, None)
        fields = {str(f.verbose_name): f for f in model._meta.fields}
        wanted = {fields[k].name: self.value(fields[k], v) for k, v in given.items()}
        found = list(rows.filter(**self.nested(model), **wanted)[:2])
        if len(found) != 1:
            words = "passt mehrfach" if found else "gibt es nicht"
            raise CommandError(f"{self.path}: {model._meta.verbose_name} {given} {words}.")
        return found[0]

    def offered(self, model: Any) -> Any:
        """The rows that a reference may mean: of the body, and of code tables what holds for all."""
        rows, kept = model._default_manager.all(), any(f.name == "body" for f in model._meta.fields)
        body = None if getattr(model, "code_table", False) else self.body
        return rows.filter(body=body) if kept else rows

    def nested(self, model: Any) -> dict[str, Any]:
        """Where rows of the model belong to a row in which this one is nested, only these are meant."""
        owning = [f for f in model._meta.fields if f.is_relation and not f.null]
        return {f.name: row for row in self.above for f in owning if f.related_model is type(row)}


def default(model: Any, name: str) -> Any:
    """What a column that the file does not name will hold; an empty word identifies nothing by itself."""
    field = model._meta.get_field(name)
    return field.get_default() if field.has_default() or model._meta.label in WORDLESS else None


def natural_keys(model: Any) -> list[list[str]]:
    """The sets of fields that identify a row, from its constraints."""
    keys = []
    for constraint in model._meta.constraints:
        unique = isinstance(constraint, models.UniqueConstraint) and not constraint.condition
        if unique and list(constraint.fields) != ["body", "id"]:
            keys.append(list(constraint.fields))
        if isinstance(constraint, ExclusionConstraint):
            keys.append([field_in(expression) for expression, _ in constraint.expressions])
    keys += [[f.name] for f in model._meta.fields if f.unique and not f.primary_key]
    return keys


def field_in(expression: Any) -> str:
    """The field that an exclusion constraint compares, also where it gives an empty one a value."""
    return str(expression) if isinstance(expression, str) else str(expression.get_source_expressions()[0].name)


def span(text: str) -> Any:
    """01.01.2022 bis 28.02.2023 · ab 01.03.2023 · Beginn nicht angegeben."""
    if text == "Beginn nicht angegeben":
        return inclusive_range(None, None)
    if text.startswith("ab "):
        return inclusive_range(parse_date(text[3:]), None)
    first, last = text.split(" bis ")
    start: date = parse_date(first)
    return inclusive_range(start, parse_date(last))
