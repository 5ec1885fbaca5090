"""What PostgreSQL itself keeps of posts: no overbooking, no post under another's facts, no change in a closed year."""

import pgtrigger

from kim.history import SENTENCES

SENTENCES["over_occupied"] = (
    "Die Besetzung wäre höher als der Umfang der Stelle oder läge außerhalb ihrer Laufzeit. "
    "Eine besetzte Stelle lässt sich nicht unter ihre Besetzung verkleinern; was besetzt ist, steht auf ihrer Seite."
)
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
# Fired at commit on both tables.
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
            UNION SELECT upper(validity) FROM staffing_positionperiod
                WHERE position_id = post AND NOT upper_inf(validity)
            UNION SELECT lower(validity) FROM staffing_occupancy
                WHERE position_id = post AND NOT lower_inf(validity)
        ) days
        WHERE (SELECT coalesce(sum(fte), 0) FROM staffing_occupancy
                WHERE position_id = post AND validity @> d)
            > (SELECT coalesce(max(fte), 0) FROM staffing_positionperiod
                WHERE position_id = post AND validity @> d)
        LIMIT 1;
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
# the order of their names: this one after lock_position.
BLOCKED = pgtrigger.Trigger(
    name="may_begin",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("added", "daterange")],
    func="""
        -- who begins: a new place, or one that is moved to another beginning; who grows: all days of the place;
        -- who stays on: the days after the former end, if that lies within the block or before it
        added := CASE
            WHEN TG_OP = 'UPDATE' AND lower(OLD.validity) IS NOT DISTINCT FROM lower(NEW.validity) THEN
                CASE WHEN NEW.fte > OLD.fte THEN NEW.validity
                    WHEN upper_inf(OLD.validity) THEN 'empty'::daterange
                    WHEN upper_inf(NEW.validity) OR upper(NEW.validity) > upper(OLD.validity)
                        THEN daterange(upper(OLD.validity), upper(NEW.validity))
                    ELSE 'empty'::daterange END
            WHEN lower_inf(NEW.validity) THEN NEW.validity
            ELSE daterange(lower(NEW.validity), lower(NEW.validity), '[]') END;
        IF EXISTS (SELECT FROM staffing_plannote n WHERE n.position_id = NEW.position_id AND n.kind = 'block'
            AND n.validity && added) THEN
            RAISE EXCEPTION 'blocked' USING ERRCODE = '23514', CONSTRAINT = 'position_blocked';
        END IF;
        RETURN NEW;
    """,
)
BLOCKS = pgtrigger.Trigger(
    name="may_be_blocked",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF NEW.kind = 'block' AND EXISTS (SELECT FROM staffing_occupancy o
            WHERE o.position_id = NEW.position_id AND NOT lower_inf(o.validity) AND NEW.validity @> lower(o.validity))
        THEN
            RAISE EXCEPTION 'blocked' USING ERRCODE = '23514', CONSTRAINT = 'position_blocked';
        END IF;
        RETURN NEW;
    """,
)
