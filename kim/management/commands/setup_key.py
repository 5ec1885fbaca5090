"""A new one-time key for a house in which nobody has an account yet; the one before is dead."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kim.models import SetupKey
from kim.store.context import acting


class Command(BaseCommand):
    help = "Issue the key to /einrichten/ anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """None."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting(None, [], command="setup_key"):
                key = SetupKey.issue()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"/einrichten/?schluessel={key}  (gilt 7 Tage, einmal)")
