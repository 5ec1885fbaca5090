"""wirksam setzen or zurücknehmen without a browser: manage.py reallocation NUMBER --body SLUG [--withdraw REASON]."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kim.models import Body
from kim.store.context import acting
from staffing.models import Reallocation


class Command(BaseCommand):
    help = "Set a draft of a reallocation into effect, or withdraw an effective one; the same verbs as on its page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--body", required=True, help="short name of the body")
        parser.add_argument("--withdraw", metavar="REASON", default="", help="withdraw it, for this reason")

    def handle(self, *args: Any, **options: Any) -> None:
        body = Body.objects.filter(slug=options["body"]).first()
        if body is None:
            raise CommandError(f"Die Körperschaft „{options['body']}“ gibt es nicht.")
        with acting(None, [body.pk], command="reallocation"):
            try:
                row = Reallocation.find(body, options["number"])
                if options["withdraw"]:
                    row.withdraw(reason=options["withdraw"])
                else:
                    row.adopt()
            except Reallocation.DoesNotExist as error:
                raise CommandError(f"Die Umverteilung „{options['number']}“ gibt es nicht.") from error
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Umverteilung {row}: {row.get_state_display()}")
