#!/usr/bin/env python
"""Django's command line; starts the embedded PostgreSQL first where no DATABASE_URL names another."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kim.settings")
    from kim.store import postgres

    try:
        postgres.start()
    except postgres.Unreachable as error:
        sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
