"""Reference data that ship with the program: all Kommunen of NRW, programmes, Bausteine, Funktionen, published rates,
Kontengruppen. What is there stays as it is; migrate calls this, so every house has them. Files that were loaded are not
loaded again until they change."""

import csv
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from kim.management.commands.load_fixtures import Loader
from kim.store import postgres
from kim.store.context import acting
from kim.values.formats import slug
from staffing.models import Municipality

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "allgemein"
KOMMUNEN = FOLDER / "kommunen_nrw.csv"  # ags;name;kreis_ags;kreis
LOADED = "loaded: "
SOURCE = "Amtliche Gemeindeschlüssel, Gemeindeverzeichnis des Statistischen Bundesamts"


class Command(BaseCommand):
    help = "Load the reference data that are missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """None."""

    def handle(self, *args: Any, **options: Any) -> None:
        if is_there():
            return
        for path in sorted(FOLDER.glob("*.toml")):
            Loader(path, "").load()
        with acting(None, [], command="load_reference", reason=SOURCE, act="Bestandsübernahme"):
            made = load_municipalities()
        remember()
        if options["verbosity"]:
            self.stdout.write(f"Kommunen: {made} neu")


def official() -> list[dict[str, str]]:
    """The rows of the official list."""
    with KOMMUNEN.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def fingerprint() -> str:
    """A hash of all files the reference data are read from."""
    found = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        found.update(f"{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()


def is_there() -> bool:
    """Whether the files were loaded as they are now: what Systemverwaltung has deleted since stays deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('staffing_municipality'::regclass)")
        return bool(cursor.fetchone()[0] == f"{LOADED}{fingerprint()}")


def remember() -> None:
    """Note at the table which files were loaded; a backup carries it along."""
    with postgres.as_owner() as cursor:
        cursor.execute(f"COMMENT ON TABLE staffing_municipality IS '{LOADED}{fingerprint()}'")


def load_municipalities() -> int:
    """Record the Kommunen that are missing, and the Kreis of those that have none; how many are new."""
    there = {one.ags: one for one in Municipality.objects.all()}
    taken, made = {one.slug for one in there.values()}, 0
    for row in official():
        one = there.get(row["ags"])
        if one is None:
            short = row["name"].partition(" (")[0]
            word = slug(short) if slug(short) not in taken else slug(row["name"])
            one = Municipality(ags=row["ags"], name=row["name"], short_name=short, slug=word)
            taken.add(word)
            made += 1
        elif one.district:
            continue
        one.district = row["kreis"]
        one.save_checked()
    return made
