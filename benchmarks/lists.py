"""How long lists take, as ratios within one run; by hand: .venv/bin/python benchmarks/lists.py

1. /stellen/ of one of 100 bodies with 100,000 posts beside the same body alone (goal: at most 1.3).
2. Each list with 500 rows beside the same list with 50, everything else the same (goal: at most 3).
3. 300 random addresses beside the same list without a filter (goal: none more than 3).

Each measurement alternates with its peer; what counts is the median. The databases are thrown away afterwards.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
LISTS = [
    "/stellen/",
    "/stellenplan/",
    "/traeger/",
    "/kommunen/",
    "/umverteilungen/",
    "/zuwendungen/",
    "/haushalt/",
    "/dokumente/",
    "/belege/",
]
NAMES = [
    "suche",
    "status",
    "art",
    "traeger",
    "kommune",
    "programm",
    "sortierung",
    "spalten",
    "stand",
    "seite",
    "format",
    "verfahrensstand",
    "zweck",
]
WORDS = (
    f"x CM-0 unbesetzt eigen t-7 ort-9 kim -vzae nummer vzae 28.02.2023 csv json 2 %00 {'9' * 30} 1e400 geplant eigene "
    "traeger -jahresbetrag"
).split()
ROUNDS = 25


def filled(bodies: int, rows: int, others: int) -> str:
    """SQL for so many bodies, each with so many posts, and so many others of everything a list shows. Triggers sleep
    while it runs."""
    return f"""
    SET session_replication_role = replica;
    {around(bodies, others)}
    {posts(bodies, rows, others)}
    SET session_replication_role = DEFAULT;
    ANALYZE;
    """


def around(bodies: int, others: int) -> str:
    """SQL for bodies, who employs, Kommunen, documents and notices."""
    return f"""
    INSERT INTO kim_body (id, version, slug, name, article, sender, consultation_heading, paper_numbers, is_trial, reference_day)
        SELECT b, 1, 'b-' || b, 'Kreis ' || b, 'der', '', 'Beratungsfolge', 'council', true, '2023-03-01' FROM generate_series(1, {bodies}) b;
    INSERT INTO staffing_function (id, version, slug, name, module) VALUES (1, 1, 'cm', 'Case Management', 'Baustein 2');
    INSERT INTO grants_fundingprogramme (id, version, slug, name, short_name, legal_basis) VALUES (1, 1, 'kim', 'KIM', 'KIM', '');
    INSERT INTO grants_rate (id, version, programme_id, function_id, amount, per_fte, validity, source)
        VALUES (1, 1, 1, 1, 57000, 1, '[2023-01-01,2024-01-01)', 'x');
    INSERT INTO staffing_municipality (id, version, ags, name, short_name, slug)
        SELECT n, 1, lpad(n::text, 8, '0'), 'Ort ' || n, 'Ort ' || n, 'ort-' || n FROM generate_series(1, {others}) n;
    INSERT INTO staffing_bodymunicipality (version, body_id, municipality_id)
        SELECT 1, b, n FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO staffing_carrier (id, version, body_id, slug, name, short_name, kind, article, sentence_name, street, postal_code, locality, email, phone)
        SELECT b * 10000 + n, 1, b, 't-' || n, 'Träger Nummer ' || n, 'Träger ' || n, 'company', 'die', '', '', '', '', '', ''
        FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO kim_source (id, version, body_id, public, kind, number, title, date, file_reference)
        SELECT b * 10000 + n, 1, b, true, CASE n % 2 WHEN 0 THEN 'notice' ELSE 'paper' END, 'N-' || n, 'Dokument ' || n, '2023-01-05', ''
        FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO grants_subproduct (id, version, body_id, number, name) SELECT b, 1, b, '946100', 'Integration' FROM generate_series(1, {bodies}) b;
    INSERT INTO grants_fundingnotice (id, version, body_id, source_id, slug, programme_id, state, instrument, funder, validity, amount, approximate, sub_product_id, note)
        SELECT b * 10000 + n, 1, b, b * 10000 + n, 'n-' || n, 1, 'planned', 'grant', 'Bezirksregierung', '[2023-01-01,2024-01-01)', n, false, b, ''
        FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO grants_noticeitem (id, version, body_id, notice_id, function_id, fte, rate_id) SELECT b, 1, b, b * 10000 + 1, 1, 12, 1 FROM generate_series(1, {bodies}) b;
    """


def posts(bodies: int, rows: int, others: int) -> str:
    """SQL for posts with what hangs on them."""
    return f"""
    INSERT INTO staffing_position (id, version, body_id, number, function_id, kind, note, file_reference)
        SELECT b * 10000 + n, 1, b, 'CM-' || lpad(n::text, 4, '0'), 1, CASE n % 2 WHEN 0 THEN 'own' ELSE 'onward' END, '', ''
        FROM generate_series(1, {bodies}) b, generate_series(1, {rows}) n;
    INSERT INTO staffing_positionperiod (id, version, body_id, position_id, validity, fte, carrier_id, stage, pay_group, fallback_plan, validity_assumption, basis_id, basis_place, assumption)
        SELECT p.id, 1, p.body_id, p.id, '[2022-01-01,)', 1, p.body_id * 10000 + 1 + p.id % {others}, 'planned', 'EG 9b', '', '', p.body_id * 10000 + 1 + p.id % {others}, 'S. 3', '' FROM staffing_position p;
    INSERT INTO staffing_occupancy (version, body_id, position_id, slot, validity, fte, basis_place, assumption)
        SELECT 1, p.body_id, p.id, 1, '[2022-03-01,)', 0.5, '', 'x' FROM staffing_position p WHERE p.id % 3 = 0;
    INSERT INTO staffing_servedmunicipality (version, body_id, period_id, municipality_id)
        SELECT 1, p.body_id, p.id, 1 + p.id % {others} FROM staffing_position p;
    INSERT INTO grants_funding (version, body_id, item_id, position_id) SELECT 1, p.body_id, p.body_id, p.id FROM staffing_position p;
    INSERT INTO grants_budgetline (version, body_id, year, sub_product_id, purpose, label, assignment, amount, basis_place, assumption)
        SELECT 1, b, 2023, b, 'own', 'Zeile ' || n, '', n, '', '' FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO meetings_paper (version, body_id, public, source_id, paper_type, state, notice_id, signer_phrase)
        SELECT 1, s.body_id, true, s.id, 'information', 'known', s.id, '' FROM kim_source s;
    INSERT INTO staffing_reallocation (id, version, body_id, number, effective, reason, state, basis_place, assumption)
        SELECT b * 10000 + n, 1, b, n, '2023-03-01', 'Grund ' || n, 'draft', '', 'x' FROM generate_series(1, {bodies}) b, generate_series(1, {others}) n;
    INSERT INTO staffing_reallocationleg (version, body_id, reallocation_id, "order", fte, establishes, carrier_id)
        SELECT 1, r.body_id, r.id, 1, 1, true, r.id FROM staffing_reallocation r;
    """


def worker() -> None:
    """Answers {"url": …} lines with milliseconds and status, on the database named by KIM_DATABASE."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kim.settings")
    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    from kim.models import Body, RoleAssignment, User
    from kim.store.context import acting

    with acting(None, []):
        user, _ = User.objects.get_or_create(username="bench")
        RoleAssignment.objects.get_or_create(
            user=user, body=Body.objects.order_by("pk").first(), role="sachbearbeitung"
        )
    client = Client(raise_request_exception=False)
    client.force_login(user)
    print("ready", flush=True)
    for line in sys.stdin:
        url = json.loads(line)["url"]
        start = time.perf_counter()
        response = client.get(url)
        spent = (time.perf_counter() - start) * 1000
        print(json.dumps([spent, response.status_code, len(response.content)]), flush=True)


class Database:
    """A database of its own with a worker that asks it."""

    def __init__(self, name: str, bodies: int, rows: int, others: int) -> None:
        from kim.store import postgres

        self.name = name
        postgres.start()
        self.sql(
            "postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" OWNER kim_owner'
        )
        environment = os.environ | {"KIM_DATABASE": name, "KIM_SECRET_KEY": "only-for-benchmarks", "KIM_SERVING": "1"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        self.sql(name, filled(bodies, rows, others))
        self.process = subprocess.Popen(
            [sys.executable, __file__, "worker"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout.readline() == "ready\n"

    @staticmethod
    def sql(database: str, *statements: str) -> None:
        import psycopg

        from kim.store import postgres

        with psycopg.connect(
            host=str(postgres.socket_directory()), user="postgres", dbname=database, autocommit=True
        ) as one:
            for statement in statements:
                one.execute(statement)

    def ask(self, url: str) -> tuple[float, int, int]:
        self.process.stdin.write(json.dumps({"url": url}) + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(20)
        self.sql("postgres", f'DROP DATABASE "{self.name}" WITH (FORCE)')


def side_by_side(one: Database, other: Database, url: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """Medians in milliseconds of both, asked in turn."""
    for database in (one, other):
        assert database.ask(url)[1] == 200, url
    times = [(one.ask(url)[0], other.ask(url)[0]) for _ in range(rounds)]
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def main() -> None:
    chance = random.Random(7)
    if "many" not in sys.argv[1:]:
        rows_and_noise(chance)
    if "rows" in sys.argv[1:]:
        return
    alone, many = Database("bench_alone", 1, 1000, 50), Database("bench_many", 100, 1000, 50)
    try:
        for url in (
            "/stellen/",
            "/stellen/?status=unbesetzt",
            "/stellen/?suche=CM-00",
            "/stellen/?sortierung=-jahresbetrag",
        ):
            a, b = side_by_side(many, alone, url)
            print(f"100 bodies, 100,000 posts / alone  {url:40} {a:7.1f} ms / {b:7.1f} ms = {a / b:.2f}")
    finally:
        alone.close()
        many.close()


def rows_and_noise(chance: random.Random) -> None:
    """The second and the third measurement."""
    few, posts, all_ = (
        Database("bench_50", 1, 50, 50),
        Database("bench_posts", 1, 500, 50),
        Database("bench_500", 1, 500, 500),
    )
    try:
        for url in LISTS:  # the same list with ten times the rows, and everything else the same
            small, large = (few, posts) if url == "/stellen/" else (posts, all_)
            a, b = side_by_side(large, small, url)
            size = large.ask(url)[2]
            print(
                f"500 rows / 50 rows                 {url:40} {a:7.1f} ms / {b:7.1f} ms = {a / b:.2f}   {size / 1000:.0f} kB"
            )
        large = all_
        bare = {url: statistics.median(large.ask(url)[0] for _ in range(9)) for url in LISTS}
        worst = 0.0
        for _ in range(300):
            url, query = noise(chance)
            spent, status, _ = large.ask(url + query)
            assert status < 500, (url, query)
            worst = max(worst, spent / bare[url])
        print(f"300 random addresses / without filter: the worst {worst:.2f}")
    finally:
        for database in (few, posts, all_):
            database.close()


def noise(chance: random.Random) -> tuple[str, str]:
    """An address of a list with random parts, sensible and not."""
    parts = "&".join(f"{chance.choice(NAMES)}={chance.choice(WORDS)}" for _ in range(chance.randint(1, 4)))
    return chance.choice(LISTS), f"?{parts}"


if __name__ == "__main__":
    worker() if "worker" in sys.argv else main()
