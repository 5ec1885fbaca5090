"""Create a user with a role: manage.py create_user NAME --role ROLLE [--body KURZNAME]; the password is asked for."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from kim.models import Body, Role, RoleAssignment, User
from kim.store.context import acting


class Command(BaseCommand):
    help = "Create a user with a role for a body; Systemverwaltung (technik) has no body."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=[str(role) for role in Role])
        parser.add_argument("--body", default="", help="short name of the body")

    def handle(self, *args: Any, **options: Any) -> None:
        body = Body.objects.filter(slug=options["body"]).first()
        if options["body"] and body is None:
            raise CommandError(f"Die Körperschaft „{options['body']}“ gibt es nicht.")
        password = getpass("Passwort: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        user = User(username=options["name"])
        try:
            validate_password(password, user)
            user.set_password(password)
            with transaction.atomic(), acting(None, [], command="create_user"):
                user.full_clean()
                user.save()
                assignment = RoleAssignment(user=user, body=body, role=options["role"])
                assignment.full_clean()
                assignment.save()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.username}: {Role(options['role']).label}" + (f", {body}" if body else ""))
