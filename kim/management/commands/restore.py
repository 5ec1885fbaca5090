"""Make a database of a backup: manage.py restore FILE [--replace NAME]. Ends with 1 if anything in it is wrong."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django import db
from django.core.management.base import BaseCommand, CommandError

from kim.store import backup
from kim.studio import restoring


class Command(BaseCommand):
    help = "Restore a backup into the database, which is empty or named; compare every table, verify every release."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", default="", metavar="NAME", help="the database, if it is not empty")
        parser.add_argument(
            "--despite-releases", action="store_true", help="also if releases are damaged, as they may have been before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {name: options[name] for name in ("replace", "despite_releases")}
        try:
            sound = restoring.restore(options["file"], self.stdout.write, **chosen)
        except backup.Refused as error:
            raise CommandError(f"Nicht wiederhergestellt. {error}") from error
        except (psycopg.Error, db.Error) as error:
            raise CommandError(f"Nicht wiederhergestellt. PostgreSQL sagt: {backup.first_line(error)}") from error
        except OSError as error:
            raise CommandError(f"{options['file']} lässt sich nicht lesen: {error.strerror}") from error
        if not sound:
            raise CommandError("Wiederhergestellt, aber nicht jede Freigabe ist, wie sie war.")
