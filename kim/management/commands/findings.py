"""Print the hints: manage.py findings [--body SLUG] [--stand DATUM] [--json]; exit 1 on an open Fehler."""

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kim.figures.findings import Severity, collect
from kim.models import Body
from kim.store.context import acting
from kim.values.formats import parse_date
from kim.values.periods import today


class Command(BaseCommand):
    help = "Print the hints of one body or of all; exit 1 if a Fehler is open (nobody has explained it)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--body", default="", help="short name of the body")
        parser.add_argument("--stand", default="", help="the day, e.g. 2023-03-01; default: today")
        parser.add_argument("--json", action="store_true", help="as JSON, the public interface")

    def handle(self, *args: Any, **options: Any) -> None:
        bodies = Body.objects.filter(slug=options["body"]) if options["body"] else Body.objects.all()
        if options["body"] and not bodies:
            raise CommandError(f"Die Körperschaft „{options['body']}“ gibt es nicht.")
        everything, failed = {}, False
        for body in bodies:
            try:
                day = parse_date(options["stand"], today(body)) if options["stand"] else today(body)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
            with acting(None, [body.pk], command="findings", snapshot=True):
                found = collect(body, day)
                everything[body.slug] = [one.as_json() for one in found]
                failed |= any(one.severity == Severity.ERROR and not one.explained for one in found)
                if not options["json"]:
                    self.stdout.write(f"{body}, Stand {day:%d.%m.%Y}: {len(found)} Hinweise")
                    for one in found:
                        explained = " [erläutert]" if one.explained else ""
                        self.stdout.write(f"  {one.severity.label} {one.code} {one.name}: {one.sentence}{explained}")
        if options["json"]:
            self.stdout.write(json.dumps(everything, ensure_ascii=False, indent=2))
        self.stdout.flush()
        if failed:
            sys.exit(1)

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except BrokenPipeError:  # findings … | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
