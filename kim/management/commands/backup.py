"""Back up the whole database: manage.py backup FILE [--force]. What is in the file: docs/backup.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from kim.store import backup


class Command(BaseCommand):
    help = "Write the whole database into one file, with the count and checksum of every table."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            made = backup.make(path, force=options["force"])
        except backup.Refused as error:
            raise CommandError(str(error)) from error
        except psycopg.Error as error:
            raise CommandError(f"Nicht gesichert. PostgreSQL sagt: {backup.first_line(error)}") from error
        except OSError as error:
            raise CommandError(f"{path} lässt sich nicht schreiben: {error.strerror}") from error
        self.stdout.write(
            f"{path}: Datenbank {made.database}, {len(made.tables)} Tabellen, {made.rows} Zeilen,"
            f" {path.stat().st_size} Bytes"
        )
