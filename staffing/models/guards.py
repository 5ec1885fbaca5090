"""What PostgreSQL itself keeps of posts: no overbooking, no substitute for somebody who is there, no beginning on a
blocked post, no post under another's facts, no change in a closed year."""

import pgtrigger

from kim.models.refusals import SENTENCES
from kim.models.years import LOCK

SENTENCES["over_occupied"] = (
    "Die Besetzung wäre höher als der Umfang der Stelle oder läge außerhalb ihrer Laufzeit. "
    "Eine besetzte Stelle lässt sich nicht unter ihre Besetzung verkleinern; was besetzt ist, steht auf ihrer Seite. "
    "Ein Platz, der ruht, zählt mit; wer für ihn einspringt, wird als seine Vertretung eingetragen."
)
SENTENCES["substitute_at_rest"] = "Eine Vertretung gilt nur, solange der Platz ruht, den sie vertritt."
SENTENCES["position_blocked"] = (
    "Die Stelle trägt in dieser Zeit einen Sperrvermerk: Eine Besetzung kann dann nicht beginnen, wachsen oder "
    "verlängert werden. Fehlt der Beginn, bitte angeben."
)
SENTENCES["position_fixed"] = "Angaben und Besetzungen lassen sich nicht auf eine andere Stelle umhängen."

# The post is locked before anything of it changes: two transactions would otherwise each see only their own half and
# overbook it together, and the exclusion constraints of two that overlap would wait for each other.
LOCK_POSITION = pgtrigger.Trigger(
    name="lock_position",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    declare=[("post", "bigint")],
    func="""
        post := CASE WHEN TG_OP = 'DELETE' THEN OLD.position_id ELSE NEW.position_id END;
        PERFORM 1 FROM staffing_position WHERE id = post FOR NO KEY UPDATE;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """,
)
# Fired at commit on both tables. Each place is somebody, resting or not; a substitute comes for somebody who rests. So
# on no day more may be promised (all places but substitutes) nor worked (all but those that rest) than the post has.
# What is promised or worked can rise, or the post shrink, only at an edge of one of the ranges.
OVER_OCCUPIED = pgtrigger.Trigger(
    name="over_occupied",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    declare=[("post", "bigint"), ("on_day", "date")],
    func="""
        post := CASE WHEN TG_OP = 'DELETE' THEN OLD.position_id ELSE NEW.position_id END;
        SELECT d INTO on_day FROM (
            SELECT lower(validity) AS d FROM staffing_positionperiod WHERE position_id = post
            UNION SELECT upper(validity) FROM staffing_positionperiod WHERE position_id = post
            UNION SELECT lower(validity) FROM staffing_occupancy WHERE position_id = post
            UNION SELECT edge FROM staffing_occupancy o,
                    unnest(ARRAY[upper(o.validity), lower(o.suspended), upper(o.suspended)]) edge
                WHERE o.position_id = post AND edge > (
                    SELECT min(lower(validity)) FROM staffing_positionperiod WHERE position_id = post)
        ) days
        WHERE d IS NOT NULL AND (
            SELECT greatest(
                    coalesce(sum(fte) FILTER (WHERE stands_in_for IS NULL), 0),
                    coalesce(sum(fte) FILTER (WHERE suspended IS NULL OR NOT suspended @> d), 0))
                FROM staffing_occupancy WHERE position_id = post AND validity @> d)
            > (SELECT coalesce(max(fte), 0) FROM staffing_positionperiod
                WHERE position_id = post AND validity @> d)
        ORDER BY d LIMIT 1;
        IF FOUND OR EXISTS (
            SELECT FROM staffing_occupancy o WHERE position_id = post AND NOT EXISTS (
                SELECT FROM staffing_positionperiod p WHERE p.position_id = post AND p.validity && o.validity)
        ) THEN
            RAISE EXCEPTION 'over-occupied' USING ERRCODE = '23514', CONSTRAINT = 'over_occupied',
                DETAIL = 'Stelle ' || (SELECT number FROM staffing_position WHERE id = post)
                    || coalesce(', ab ' || to_char(on_day, 'DD.MM.YYYY'), '');
        END IF;
        RETURN NULL;
    """,
)
# Fired at commit: whichever of both was changed – the substitute, or the rest, size, end of whoever is away.
SUBSTITUTE = pgtrigger.Trigger(
    name="substitute_at_rest",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    declare=[("post", "bigint"), ("late", "record"), ("words", "text")],
    func="""
        post := CASE WHEN TG_OP = 'DELETE' THEN OLD.position_id ELSE NEW.position_id END;
        SELECT s.slot, s.stands_in_for AS away, lower(s.validity) AS first, lower(s.alone) AS on_day INTO late FROM (
            SELECT o.slot, o.stands_in_for, o.validity, datemultirange(o.validity) - coalesce(
                (SELECT range_agg(r.suspended) FROM staffing_occupancy r
                    WHERE r.position_id = post AND r.slot = o.stands_in_for AND r.suspended IS NOT NULL), '{}') AS alone
            FROM staffing_occupancy o WHERE o.position_id = post AND o.stands_in_for IS NOT NULL
        ) s WHERE NOT isempty(s.alone) ORDER BY lower(s.alone) NULLS FIRST LIMIT 1;
        IF FOUND THEN
            words := CASE WHEN late.on_day IS NULL THEN format(
                    'Die Vertretung auf Platz %s hat keinen Beginn und Platz %s ruht nicht von Anfang an',
                    late.slot, late.away)
                WHEN late.on_day = late.first THEN format(
                    'Die Vertretung auf Platz %s beginnt am %s, an diesem Tag ruht Platz %s nicht',
                    late.slot, to_char(late.on_day, 'DD.MM.YYYY'), late.away)
                ELSE format('Die Vertretung auf Platz %s endet nicht vor der Rückkehr auf Platz %s am %s',
                    late.slot, late.away, to_char(late.on_day, 'DD.MM.YYYY')) END;
            RAISE EXCEPTION 'substitute' USING ERRCODE = '23514', CONSTRAINT = 'substitute_at_rest',
                DETAIL = 'Stelle ' || (SELECT number FROM staffing_position WHERE id = post) || ': ' || words;
        END IF;
        RETURN NULL;
    """,
)


POSITION_FIXED = pgtrigger.Trigger(
    name="position_fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__position__df=pgtrigger.F("new__position")),
    func="RAISE EXCEPTION 'position' USING ERRCODE = '23000', CONSTRAINT = 'position_fixed';",
)
OF_A_POST = [LOCK_POSITION, OVER_OCCUPIED, POSITION_FIXED]
# From the first to the last day of a post; an occupancy without a beginning reaches no further back than its post.
LIFE = """(SELECT CASE WHEN count(*) = 0 THEN 'empty'::daterange ELSE daterange(min(lower(p.validity)),
    CASE WHEN bool_or(upper_inf(p.validity)) THEN NULL ELSE max(upper(p.validity)) END) END
    FROM staffing_positionperiod p WHERE p.position_id = {row}.%s)"""
# Nobody can begin on a blocked post; who was there before stays. Without a beginning nobody can tell. Triggers fire in
# the order of their names: this one after lock_position. A place is divided by shortening its row and adding another
# for the days that were given up; those days, with no more VZÄ, are nobody's beginning. They are remembered until the
# end of the transaction.
BLOCKED = pgtrigger.Trigger(
    name="may_begin",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    declare=[("added", "datemultirange"), ("kept", "datemultirange"), ("gone", "datemultirange"), ("given", "jsonb")],
    func="""
        given := coalesce(nullif(current_setting('app.given_up', true), ''), '[]')::jsonb;
        IF TG_OP <> 'DELETE' THEN
            SELECT coalesce(range_agg(stretch), '{}') INTO kept
                FROM jsonb_to_recordset(given) AS g(post bigint, slot int, fte numeric, days text),
                    unnest(g.days::datemultirange) stretch
                WHERE g.post = NEW.position_id AND g.slot = NEW.slot AND g.fte >= NEW.fte;
            -- who begins: a new place, or one that is moved to another beginning; who grows: all days of the place;
            -- who stays on: the days after the former end, if that lies within the block or before it
            added := CASE
                WHEN TG_OP = 'UPDATE' AND lower(OLD.validity) IS NOT DISTINCT FROM lower(NEW.validity) THEN
                    CASE WHEN NEW.fte > OLD.fte THEN datemultirange(NEW.validity)
                        ELSE datemultirange(NEW.validity) - datemultirange(OLD.validity) - kept END
                WHEN lower_inf(NEW.validity) OR kept @> lower(NEW.validity)
                    THEN datemultirange(NEW.validity) - kept
                ELSE datemultirange(daterange(lower(NEW.validity), lower(NEW.validity), '[]')) END;
            IF EXISTS (SELECT FROM staffing_plannote n WHERE n.position_id = NEW.position_id AND n.kind = 'block'
                AND n.validity && added) THEN
                RAISE EXCEPTION 'blocked' USING ERRCODE = '23514', CONSTRAINT = 'position_blocked';
            END IF;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            gone := datemultirange(OLD.validity);
            IF TG_OP = 'UPDATE' THEN gone := gone - datemultirange(NEW.validity); END IF;
            IF NOT isempty(gone) THEN
                PERFORM set_config('app.given_up', (given || jsonb_build_object(
                    'post', OLD.position_id, 'slot', OLD.slot, 'fte', OLD.fte, 'days', gone::text))::text, true);
            END IF;
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """,
)
BLOCKS = pgtrigger.Trigger(
    name="may_be_blocked",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF NEW.kind = 'block' AND EXISTS (SELECT FROM staffing_occupancy o
            WHERE o.position_id = NEW.position_id AND NOT lower_inf(o.validity) AND NEW.validity @> lower(o.validity)
                AND NOT EXISTS (SELECT FROM staffing_occupancy b  -- the same person goes on
                    WHERE b.position_id = o.position_id AND b.slot = o.slot AND upper(b.validity) = lower(o.validity)))
        THEN
            RAISE EXCEPTION 'blocked' USING ERRCODE = '23514', CONSTRAINT = 'position_blocked';
        END IF;
        RETURN NEW;
    """,
)
# How many hours a full post has is what VZÄ typed in hours mean: it stays for posts of a closed year.
HOURS_FIXED = pgtrigger.Trigger(
    name="hours_of_closed_year",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__weekly_hours__df=pgtrigger.F("new__weekly_hours")),
    func=f"""
        PERFORM pg_advisory_xact_lock_shared({LOCK}, NEW.body_id::int);
        IF EXISTS (SELECT FROM kim_closedyear y JOIN staffing_positionperiod p ON p.carrier_id = NEW.id
            AND p.validity && daterange(make_date(y.year, 1, 1), make_date(y.year + 1, 1, 1))
            WHERE y.body_id = NEW.body_id) THEN
            RAISE EXCEPTION 'closed year' USING ERRCODE = '23514', CONSTRAINT = 'closed_year';
        END IF;
        RETURN NEW;
    """,
)
