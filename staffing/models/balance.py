"""What PostgreSQL itself keeps of reallocations: they balance or are explained, and stay as they took effect."""

import pgtrigger

from kim.models.refusals import SENTENCES

UNBALANCED = (
    "Die Zeilen ergeben zusammen nicht 0. Wirksam werden kann die Umverteilung nur, wenn abgegebene und "
    "aufgenommene VZÄ gleich sind oder ein Bescheid oder Beschluss, der vorliegt, die Differenz erklärt."
)
SENTENCES["reallocation_balanced"] = UNBALANCED
FIXED_WORDS = "Eine wirksame Umverteilung wird nicht mehr geändert. Auf ihrer Seite lässt sie sich zurücknehmen."
SENTENCES["reallocation_fixed"] = FIXED_WORDS
# Fired at commit, on the act and on its legs: whichever way it was written, it balances or is explained.
BALANCED = """
    IF EXISTS (
        SELECT FROM staffing_reallocation r WHERE r.id = {key} AND r.state = 'effective' AND (
            NOT EXISTS (SELECT FROM staffing_reallocationleg l WHERE l.reallocation_id = r.id)
            OR ((SELECT sum(fte) FROM staffing_reallocationleg l WHERE l.reallocation_id = r.id) <> 0
                AND NOT (btrim(r.difference_reason) <> '' AND r.basis_state = 'taken' AND EXISTS (
                    SELECT FROM kim_source s WHERE s.id = r.basis_id AND s.kind IN ('notice', 'resolution')
                        AND s.date IS NOT NULL))))
    ) THEN
        RAISE EXCEPTION 'unbalanced' USING ERRCODE = '23514', CONSTRAINT = 'reallocation_balanced';
    END IF;
    RETURN NULL;
"""
FIXED = "RAISE EXCEPTION 'fixed' USING ERRCODE = '23514', CONSTRAINT = 'reallocation_fixed';"
# What an effective act says is never changed; adopt() and withdraw() only note which post a leg made.
LEG_FIXED = """
    PERFORM 1 FROM staffing_reallocation WHERE id IN ({old}, {new}) FOR SHARE;  -- whoever sets it into effect waits
    IF EXISTS (SELECT FROM staffing_reallocation WHERE id IN ({old}, {new}) AND state <> 'draft') THEN
        IF TG_OP <> 'UPDATE' OR {keeps}
            OR to_jsonb(OLD) - ARRAY['position_id', 'version'] <> to_jsonb(NEW) - ARRAY['position_id', 'version'] THEN
            {refuse}
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


def fixed(of: str, keeps: str = "false") -> pgtrigger.Trigger:
    """The trigger that keeps the rows of an effective reallocation; ``of`` is SQL for its key, with {row}; keeps: SQL
    for a row that keeps its post too."""
    old = f"CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE {of.format(row='OLD')} END"
    new = f"CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE {of.format(row='NEW')} END"
    return pgtrigger.Trigger(
        name="fixed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=LEG_FIXED.format(old=old, new=new, refuse=FIXED, keeps=keeps),
    )


ACT_FIXED = pgtrigger.Trigger(
    name="fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF OLD.state = 'draft' THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' THEN
            IF to_jsonb(OLD) - 'version' = to_jsonb(NEW) - 'version' THEN RETURN NEW; END IF;
            IF OLD.state = 'effective' AND NEW.state = 'withdrawn'
                AND to_jsonb(OLD) - ARRAY['state', 'version'] = to_jsonb(NEW) - ARRAY['state', 'version'] THEN
                RETURN NEW;
            END IF;
        END IF;
        {FIXED}
    """,
)


def balanced(key: str, operations: pgtrigger.Operation) -> pgtrigger.Trigger:
    """The trigger that refuses an effective reallocation that does not balance; key: SQL for the reallocation."""
    return pgtrigger.Trigger(
        name="balanced",
        when=pgtrigger.After,
        operation=operations,
        timing=pgtrigger.Deferred,
        func=BALANCED.format(key=key),
    )
