"""Serve on 127.0.0.1: migrate, in trial mode load the trial data once, say address and logins, start gunicorn and the
worker for long work."""

import os
import secrets
import socket
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from gunicorn.app.base import BaseApplication

from kim.models import Body, Role, RoleAssignment, SetupKey, User
from kim.store import postgres
from kim.store.context import acting

PASSWORD_FILE = "trial-password" + os.environ.get("KIM_DATABASE", "").replace("_", "-")
TRIAL_BODIES = {"staedteregion-aachen": "", "stadt-aachen": "-stadt", "weidenkreis": "-kreis"}
TRIAL_NAMES = {
    Role.CLERK: "Sachbearbeitung",
    Role.TREASURY: "Kämmerei",
    Role.COMMITTEE: "Sitzungsdienst",
    Role.HEAD: "Leitung",
    Role.AUDIT: "Rechnungsprüfung",
}


class Server(BaseApplication):  # type: ignore[misc]  # a library without types
    """gunicorn with our few options."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": 2,
            "threads": 4,
            "timeout": 120,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        worker = start_worker()
        self.cfg.set("on_exit", lambda server: worker.terminate())

    def load(self) -> Any:
        from kim.wsgi import application

        return application


class Command(BaseCommand):
    help = "Serve on 127.0.0.1 at PORT (8000)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", nargs="?", default="8000")

    def handle(self, *args: Any, **options: Any) -> None:
        port = free_port(options["port"])
        call_command("migrate", verbosity=0)
        self.check(databases=["default"])
        self.stdout.write(f"KIM-Verwaltung: http://127.0.0.1:{port}/")
        if settings.TRIAL:
            trial_data()
            for line in trial_users():
                self.stdout.write(line)
        elif not User.objects.exists():
            with acting(None, [], command="serve"):
                key = SetupKey.issue()
            address = f"http://127.0.0.1:{port}/einrichten/?schluessel={key}"
            self.stdout.write(f"Einrichten: {address}  (gilt 7 Tage, einmal)")
        self.stdout.flush()
        connections.close_all()
        if hasattr(connections["default"], "close_pool"):
            connections["default"].close_pool()
        Server(port).run()


def start_worker() -> "subprocess.Popen[bytes]":
    """The process that does long work (kim.access.jobs); it ends with the server."""
    command = [sys.executable, "manage.py", "db_worker", "--queue-name=*", "--no-startup-delay", "--no-reload", "-v0"]
    return subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own words only


def free_port(text: str) -> int:
    """The port, if it can be had; CommandError in one line otherwise."""
    if not (text.isdigit() and 1 <= int(text) <= 65535):
        raise CommandError(f"„{text}“ ist kein Port. Bitte eine Zahl zwischen 1 und 65535 angeben.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise CommandError(
                f"Port {text} ist belegt ({error.strerror}). Ein anderer: script/server {int(text) % 65535 + 1}"
            ) from error
    return int(text)


def trial_data() -> None:
    """Load the fixtures of the trial bodies that are not there yet: what was edited since stays."""
    there = set(Body.objects.values_list("slug", flat=True))
    missing = [slug for slug in TRIAL_BODIES if slug not in there]
    if missing:
        call_command("load_fixtures", "allgemein", *missing, verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115


def trial_users() -> list[str]:
    """Create the trial users with one random password; the lines that name them, the password last."""
    path = postgres.folder() / PASSWORD_FILE
    wanted = [(f"{role}{suffix}", role, slug) for slug, suffix in TRIAL_BODIES.items() for role in TRIAL_NAMES]
    wanted.append((str(Role.TECHNICAL), Role.TECHNICAL, ""))
    known = set(User.objects.values_list("username", flat=True))
    if not path.exists() or {name for name, _, _ in wanted} - known:
        password = secrets.token_urlsafe(15)
        hashed = make_password(password)  # once for all: it takes half a second, and they share the password anyway
        for name, role, slug in wanted:
            trial_user(name, role, slug, hashed)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(password + "\n")
    lines = []
    for slug in (*TRIAL_BODIES, ""):
        names = ", ".join(name for name, _, of in wanted if of == slug)
        lines.append(f"{Body.find(slug).name if slug else 'ohne Körperschaft'}: {names}")
    return [
        *lines,
        f"Nur zur Probe. Alle mit dem Passwort: {path.read_text().strip()}",
    ]


def trial_user(name: str, role: Role, slug: str, hashed: str) -> None:
    with acting(None, [], command="serve", reason="Probezugänge"):
        user, _ = User.objects.get_or_create(
            username=name, defaults={"first_name": TRIAL_NAMES.get(role, "Systemverwaltung")}
        )
        user.password = hashed
        user.save()
        body = Body.find(slug) if slug else None
        RoleAssignment.objects.get_or_create(user=user, body=body, role=role)
