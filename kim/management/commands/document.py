"""Write a document as PDF: manage.py document REFERENCE [--body SLUG] -o FILE."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kim.models import Body
from kim.store.context import acting
from kim.studio import documents, releases


class Command(BaseCommand):
    help = "Write the PDF of a document, found by its reference; blanks do not count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference")
        parser.add_argument("--body", default="", help="short name of the body; needed if several have the reference")
        parser.add_argument("--full", action="store_true", help="with the non-public part, marked so on each page")
        parser.add_argument("-o", "--output", required=True, type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        bodies = Body.objects.filter(slug=options["body"]) if options["body"] else Body.objects.all()
        if options["body"] and not bodies:
            raise CommandError(f"Die Körperschaft „{options['body']}“ gibt es nicht.")
        found = [body for body in bodies if self.exists(body, options["reference"])]
        if not found:
            raise CommandError(f"Das Dokument „{options['reference']}“ gibt es nicht.")
        if len(found) > 1:
            slugs = ", ".join(body.slug for body in found)
            raise CommandError(f"„{options['reference']}“ gibt es mehrfach. Bitte --body angeben: {slugs}.")
        with acting(None, [found[0].pk], command="document", snapshot=True):
            document: Any = documents.find(found[0], options["reference"])
            try:
                content = releases.draft_pdf(document.whole()) if options["full"] else releases.pdf_of(document)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        try:
            options["output"].write_bytes(content)
        except OSError as error:
            raise CommandError(f"{options['output']} lässt sich nicht schreiben: {error.strerror}") from error
        self.stdout.write(f"{options['output']}: {document.title} {options['reference']}, {len(content)} Bytes")

    def exists(self, body: Body, reference: str) -> bool:
        with acting(None, [body.pk], command="document"):
            return documents.find(body, reference) is not None
