"""Print a figure of the catalogue: manage.py figure NAME key=value … [--json]."""

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kim.figures import CATALOGUE, Value
from kim.models import Body
from kim.store.context import acting
from kim.values.formats import with_missing


class Command(BaseCommand):
    help = "Print a figure with its derivation; without a name, the catalogue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("arguments", nargs="*", metavar="key=value")
        parser.add_argument("--json", action="store_true", help="as JSON, the public interface")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not name:
            for entry in sorted(CATALOGUE.values(), key=lambda e: e.name):
                self.stdout.write(f"{entry.name}: {entry.title} ({', '.join(entry.parameters)})")
            return
        if name not in CATALOGUE or CATALOGUE[name].many:
            raise CommandError(f"Die Zahl „{name}“ gibt es nicht. Alle Namen: manage.py figure")
        if wrong := [a for a in options["arguments"] if "=" not in a]:
            raise CommandError(f"„{wrong[0]}“: Angaben haben die Form key=value.")
        given = dict(a.split("=", 1) for a in options["arguments"])
        body = Body.objects.filter(slug=given.pop("body", "")).first()
        if body is None:
            known = ", ".join(Body.objects.values_list("slug", flat=True)) or "noch keine"
            raise CommandError(f"Bitte body= mit einem Kurznamen angeben: {known}.")
        try:
            with acting(None, [body.pk], command="figure"):
                self.print(CATALOGUE[name], body, given, options["json"])
                self.stdout.flush()
        except BrokenPipeError:  # figure … | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def print(self, entry: Any, body: Body, given: dict[str, str], as_json: bool) -> None:
        try:
            result = entry.asked(body, given)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        single = isinstance(result, Value)
        data: Any = {"value": result.plain(), "derivation": result.as_json()} if single else result.as_json()
        mark(data)
        if as_json:
            self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))
            return
        derivation = data.pop("derivation")
        for line in lines(data, total=(derivation["value"], silent(derivation))):
            self.stdout.write(line)
        self.stdout.write("")
        for line in tree(derivation):
            self.stdout.write(line)


def mark(data: Any) -> None:
    """Beside each value that has a derivation, say how many amounts it is silent about: "missing": 10."""
    for one in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        mark(one)
    if isinstance(data, dict) and data.get("derivation", {}).get("missing"):
        data["missing"] = data["derivation"]["missing"]


def silent(data: dict[str, Any]) -> str:
    """The same for people. Example: " (10 ohne Angabe)"."""
    return with_missing("", data.get("missing", 0))


def lines(data: dict[str, Any], prefix: str = "", total: tuple[Any, str] = ("", "")) -> list[str]:
    """key: value for people; rows as name, fte, amount. total: the sum that is derived, and what it is silent about."""
    found = []
    for key, value in data.items():
        if isinstance(value, list):
            found += [f"{prefix}{key}:" + ("" if value else " –")]
            shown = [{k: v for k, v in row.items() if k not in ("derivation", "missing")} for row in value]
            words = ["  ".join(map(str, row.values())) for row in shown]
            found += [f"  {told}{silent(row)}" for told, row in zip(words, value, strict=True)]
        elif isinstance(value, dict):
            found += [f"{prefix}{key}:", *lines(value, prefix + "  ", total)]
        elif key != "missing":
            found.append(f"{prefix}{key}: {value}{total[1] if value == total[0] else ''}")
    return found


def tree(value: dict[str, Any], depth: int = 0) -> list[str]:
    """The derivation, one line each, indented."""
    notes = "; ".join(v for v in (value["formula"], value["source"]) if v)
    own = f"{'  ' * depth}{value['label']}: {value['value']} {value['unit']}{silent(value)} [{value['kind']}]" + (
        f" {notes}" if notes else ""
    )
    return [own, *(line for operand in value["operands"] for line in tree(operand, depth + 1))]
