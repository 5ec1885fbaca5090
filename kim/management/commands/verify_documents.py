"""Prove every release: manage.py verify_documents [--body SLUG]. Ends with 1 if one is damaged or drawn otherwise."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kim.models import Body
from kim.store.context import acting
from kim.studio import releases


class Command(BaseCommand):
    help = "Check bytes, checksums and chain of every released paper, and draw each anew from its bundle."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--body", default="", help="short name of a body; all without it")

    def handle(self, *args: Any, **options: Any) -> None:
        bodies = Body.objects.filter(slug=options["body"]) if options["body"] else Body.objects.all()
        if options["body"] and not bodies:
            raise CommandError(f"Die Körperschaft „{options['body']}“ gibt es nicht.")
        wrong = count = 0
        for body in bodies:
            with acting(None, [body.pk], command="verify_documents", snapshot=True):
                for one in releases.proofs(body):
                    reason = f" ({one.reason})" if one.reason else ""
                    self.stdout.write(f"{body.slug} · {one.release}: {one.verdict.label}{reason}")
                    count += 1
                    wrong += one.verdict in {releases.Verdict.BROKEN, releases.Verdict.DIFFERS}
        self.stdout.write(f"{count} Freigaben geprüft, {wrong} nicht in Ordnung.")
        if wrong:
            raise CommandError("Nicht jede Freigabe ist, wie sie war.")
