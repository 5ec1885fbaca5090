"""What PostgreSQL itself keeps of money: no double funding, no granted position without its rate, years that add up."""

import pgtrigger

from kim.models.refusals import SENTENCES

FUNDED_TWICE_WORDS = (
    "Die Stelle wird in diesem Zeitraum schon aus einer anderen Zuwendung gefördert, oder der geförderte Teil ist "
    "größer als die Stelle."
)
SENTENCES["funded_twice"] = FUNDED_TWICE_WORDS
SENTENCES["function_funded"] = "Die Zuwendung, die die Stelle fördert, fördert eine andere Funktion."
SENTENCES["notice_rated"] = (
    "Eine bewilligte Zuwendung braucht zu jeder Personalposition für jeden Tag einen Fördersatz."
)
SENTENCES["years_add_up"] = "Die Beträge der Haushaltsjahre ergeben zusammen nicht den Betrag des Bescheids."

# The days on which the content of each granted version counts: until a later Bescheid or a revocation takes its place.
COUNTED = """
    SELECT v.id, v.notice_id, CASE WHEN s.first < s.last THEN daterange(s.first, s.last) ELSE 'empty' END AS span
    FROM grants_noticeversion v CROSS JOIN LATERAL (
        SELECT coalesce(v.holds_from, lower(v.validity)) AS first, least(upper(v.validity), (
            SELECT min(coalesce(w.holds_from, lower(w.validity))) FROM grants_noticeversion w
            WHERE w.notice_id = v.notice_id AND w.number > v.number AND w.state IN ('granted', 'revoked'))) AS last
    ) s WHERE v.state = 'granted'"""

# Money for the same part of a post and day from two notices (double funding, § 9 (4) TIntG). The posts are locked
# first, in the order of their keys: two transactions that each add one funding would otherwise not see each other.
# A part may change only where a funding, a version or the post's facts begin.
TWICE = f"""
    PERFORM 1 FROM staffing_position WHERE id IN ({{posts}}) ORDER BY id FOR NO KEY UPDATE;
    WITH counted AS ({COUNTED}), paid AS (
        SELECT f.position_id, f.fte, n.title, f.validity * c.span AS span
        FROM grants_funding f JOIN grants_itemterms t ON t.item_id = f.item_id
            JOIN counted c ON c.id = t.notice_version_id JOIN grants_fundingnotice n ON n.id = c.notice_id
        WHERE f.position_id IN ({{posts}}) AND NOT isempty(f.validity * c.span)
    ), days AS (
        SELECT position_id, lower(span) AS d FROM paid
        UNION SELECT position_id, lower(validity) FROM staffing_positionperiod WHERE position_id IN ({{posts}})
    )
    SELECT 'Stelle ' || s.number || ', ab ' || to_char(d.d, 'DD.MM.YYYY') || ': '
            || string_agg(paid.title || ' (' || replace(coalesce(paid.fte, p.fte)::text, '.', ',') || ')', ' und '
                ORDER BY paid.title)
        INTO twice
        FROM days d JOIN staffing_positionperiod p ON p.position_id = d.position_id AND p.validity @> d.d
            JOIN staffing_position s ON s.id = d.position_id
            JOIN paid ON paid.position_id = d.position_id AND paid.span @> d.d
        GROUP BY s.number, d.d, p.fte HAVING sum(coalesce(paid.fte, p.fte)) > p.fte
        ORDER BY s.number, d.d LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'funded twice' USING ERRCODE = '23514', CONSTRAINT = 'funded_twice', DETAIL = twice;
    END IF;
    RETURN NULL;
"""  # noqa: S608 - every name in this SQL comes from here


def funded_twice(posts: str, operation: object = pgtrigger.Insert | pgtrigger.Update) -> pgtrigger.Trigger:
    """Refuses at commit what pays a post twice; ``posts`` is SQL for the keys of the posts to look at."""
    return pgtrigger.Trigger(
        name="funded_twice",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[("twice", "text")],
        func=TWICE.format(posts=posts),
    )


OF_NOTICE = (
    "SELECT f.position_id FROM grants_funding f JOIN grants_noticeitem i ON i.id = f.item_id WHERE i.notice_id = "
)
FUNDED_TWICE = funded_twice("NEW.position_id")
FUNDED_TWICE_BY_VERSION = funded_twice(
    f"{OF_NOTICE}CASE WHEN TG_OP = 'DELETE' THEN OLD.notice_id ELSE NEW.notice_id END",
    pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
)
FUNDED_TWICE_BY_TERMS = funded_twice("SELECT position_id FROM grants_funding WHERE item_id = NEW.item_id")
FUNDED_TWICE_BY_POST = funded_twice("NEW.position_id")


# A post keeps the Funktion that is funded as long as it is. Fired on the post; a funding asks for the same when it is
# entered (Funding.clean), and waits there for the post that this one has locked.
FUNCTION_FUNDED = pgtrigger.Trigger(
    name="function_funded",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__function__df=pgtrigger.F("new__function")),
    func="""
        IF EXISTS (SELECT FROM grants_funding f JOIN grants_noticeitem i ON i.id = f.item_id
            WHERE f.position_id = NEW.id AND i.function_id <> NEW.function_id) THEN
            RAISE EXCEPTION 'function' USING ERRCODE = '23514', CONSTRAINT = 'function_funded';
        END IF;
        RETURN NEW;
    """,
)


def rated(version: str, operation: object = pgtrigger.Insert | pgtrigger.Update) -> pgtrigger.Trigger:
    """A granted version has a rate for each of its staff positions on each day; ``version`` is SQL for its key."""
    return pgtrigger.Trigger(
        name="rated",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        func=f"""
            PERFORM 1 FROM grants_noticeversion WHERE id = {version} FOR NO KEY UPDATE;
            IF EXISTS (SELECT FROM grants_itemterms t JOIN grants_noticeversion v ON v.id = t.notice_version_id
                JOIN grants_noticeitem i ON i.id = t.item_id
                WHERE v.id = {version} AND v.state = 'granted' AND i.kind = 'staff' AND NOT coalesce((
                    SELECT range_agg(r.validity) @> v.validity FROM grants_itemrate r WHERE r.terms_id = t.id), false))
            THEN
                RAISE EXCEPTION 'no rate' USING ERRCODE = '23514', CONSTRAINT = 'notice_rated';
            END IF;
            RETURN NULL;
        """,  # noqa: S608
    )


ANY = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
RATED_VERSION = rated("NEW.id")
RATED_TERMS = rated("NEW.notice_version_id")
RATED_RATE = rated(
    "(SELECT t.notice_version_id FROM grants_itemterms t"
    " WHERE t.id = CASE WHEN TG_OP = 'DELETE' THEN OLD.terms_id ELSE NEW.terms_id END)",
    ANY,
)


def years_add_up(version: str, operation: object) -> pgtrigger.Trigger:
    """What a version says of single years is together its amount; ``version`` is SQL for its key."""
    return pgtrigger.Trigger(
        name="years_add_up",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        func=f"""
            PERFORM 1 FROM grants_noticeversion WHERE id = {version} FOR NO KEY UPDATE;
            IF EXISTS (SELECT FROM grants_noticeversion v JOIN grants_yearamount y ON y.notice_version_id = v.id
                WHERE v.id = {version} GROUP BY v.id, v.amount, v.validity
                HAVING v.amount IS DISTINCT FROM sum(y.amount) OR bool_or(NOT v.validity &&
                    daterange(make_date(y.year, 1, 1), make_date(y.year + 1, 1, 1)))) THEN
                RAISE EXCEPTION 'years' USING ERRCODE = '23514', CONSTRAINT = 'years_add_up';
            END IF;
            RETURN NULL;
        """,  # noqa: S608
    )


YEARS_ADD_UP = years_add_up("CASE WHEN TG_OP = 'DELETE' THEN OLD.notice_version_id ELSE NEW.notice_version_id END", ANY)
YEARS_ADD_UP_BY_VERSION = years_add_up("NEW.id", pgtrigger.Insert | pgtrigger.Update)
