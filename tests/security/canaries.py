"""One unique word per body in every business row that has a text, a second one in what is not public."""

import hashlib
import io
import re
from datetime import date
from decimal import Decimal as D

import pikepdf

from grants.models import (
    Account,
    AccountGroup,
    BudgetLine,
    FundingNotice,
    FundingProgramme,
    NoticeItem,
    OnwardGrant,
    OnwardTemplate,
    ProgrammeModule,
    Rate,
    SubProduct,
)
from kim.models import (
    BoundFigure,
    ClosedYear,
    File,
    FindingNote,
    Job,
    Logo,
    Note,
    Reminder,
    Source,
    Text,
    TextBlock,
    User,
)
from kim.store.context import acting
from kim.studio import releases
from kim.studio.logos import picture
from kim.values.periods import inclusive_range
from meetings.models import (
    AgendaItem,
    Attendance,
    Ballot,
    BlockComment,
    Consultation,
    CoSignature,
    Exclusion,
    FollowUp,
    Invitation,
    LegislativeTerm,
    Meeting,
    Membership,
    Minutes,
    Organization,
    Paper,
    Person,
    ResolvedPosition,
    Signatory,
    UrgentDecision,
    Vote,
)
from staffing.models import (
    BodyMunicipality,
    Carrier,
    Function,
    Municipality,
    Occupancy,
    PlanNote,
    Position,
    PositionPeriod,
    Procedure,
    ProcedureCarrier,
    Reallocation,
    ReallocationLeg,
)
from tests.helpers import new_position, pdf_text
from tests.kim.drawn import lettered
from tests.security.addresses import BASIS, CODES, FILES, GONE, GROUPS, GRUND, NUMBERS, SECRETS, WORDS

SHIELD = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v5l-4 2z"/></svg>'
SECRET_CODE = "vogel-9"  # the same in both bodies: the address of a paper that is not public


def plant(body):
    """Both words wherever the body can write."""
    word, code = WORDS[body.slug], CODES[body.slug]
    with acting(None, [body.pk], reason=f"{word} {GRUND}"):
        source = Source.objects.create(
            body=body, kind="paper", number=code, title=f"{word} Vorlage", date=body.reference_day, file_reference=word
        )
        plant_reference(body, word, code)
        notice = plant_money(body, word, code)
        row = plant_post(body, word, code, source, notice)
        paper = plant_paper(body, word, code, source, notice, public=True)
        hidden = Source.objects.create(
            body=body,
            kind="paper",
            number=SECRET_CODE,
            title=f"{SECRETS[body.slug]} Vorlage",
            date=body.reference_day,
        )
        earlier = Source.objects.create(body=body, kind="paper", number=f"{code}-alt", title=f"{word} frühere Vorlage")
        Paper.objects.create(body=body, source=earlier, paper_type="resolution", state="known", public=True)
        secret = plant_paper(body, SECRETS[body.slug], code, hidden, notice, public=False)
        partner = plant_partner(body, code)
        moved = plant_reallocation(body, word, code, row, source)
        passed = plant_onward(body, word, code, row, notice)
        for subject in (row.position, notice, paper, row.carrier, partner, moved, passed, source):
            plant_beside(body, SECRETS[body.slug], subject, FILES[code] if subject == row.position else None)
        plant_beside(body, SECRETS[body.slug], secret, None)
        plant_file(source, "wort.pdf", "application/pdf", lettered(SECRETS[body.slug]))
        Logo.keep(body, picture("w.svg", SHIELD).content, (500, 500), shown="")
        plant_gone(body, notice)


def plant_partner(body, code):
    """A Kommune by its address, and a closed year. Kommunen are no secret: their names are the same for all."""
    name = f"Ort {code}"
    with acting(None, [body.pk]):
        place, _ = Municipality.objects.get_or_create(
            slug=code, defaults={"ags": f"0599{CODES_TO_AGS[code]}", "name": name, "short_name": name}
        )
    BodyMunicipality.objects.create(body=body, municipality=place)
    ClosedYear.objects.get_or_create(body=body, year=2017)
    return BodyMunicipality.objects.get(body=body, municipality=place)


def plant_reference(body, word, code):
    """What the body has added to the code tables."""
    function = Function.objects.create(body=body, slug=code, name=f"{word} Funktion", module=word)
    programme = FundingProgramme.objects.create(body=body, slug=code, name=f"{word} Programm", short_name=code)
    module = ProgrammeModule.objects.create(body=body, programme=programme, name="1", title=word)
    times = inclusive_range(date(2018, 1, 1), None)
    rate = Rate.objects.create(body=body, programme=programme, function=function, amount=D(5), validity=times, source=word)  # fmt: skip
    group = AccountGroup.objects.create(body=body, prefix=GROUPS[code], meaning="income", validity=times, source=word)
    return [rate, module, group, function, programme]


CODES_TO_AGS = {"vogel-7": "9997", "vogel-8": "9998", GONE: "9990"}


def plant_money(body, word, code):
    product = SubProduct.objects.create(body=body, number=code, name=f"{word} Produkt")
    account = Account.objects.create(body=body, number=code, name=f"{word} Konto")
    BudgetLine.objects.create(body=body, year=body.reference_day.year, sub_product=product, account=account, purpose="own", label=word, amount=D(5))  # fmt: skip
    notice = FundingNotice.objects.filter(body=body).first()
    version = notice.current
    version.source.file_reference = word
    version.source.title, version.source.date = f"{word} Bescheid", date(body.reference_day.year, 1, 2)
    version.source.save()
    version.state, version.amount = "granted", D(1000)
    version.save()
    notice.title, notice.sub_product, notice.slug, notice.note = f"{word} Bescheid", product, code, word
    notice.save()
    return notice


def plant_post(body, word, code, source, notice):
    item = NoticeItem.objects.filter(notice=notice).first()
    carrier = Carrier.objects.create(body=body, slug=code, name=f"{word} Träger", short_name=word, kind="company")
    funded = item if item.function.slug == "case-management" else None
    row = new_position(body, code, "0.5", carrier=carrier, basis=source, pay_group=word, item=funded)
    Position.objects.filter(pk=row.position_id).update(note=word, file_reference=word)
    PositionPeriod.objects.filter(position__funding__item=item).update(carrier=carrier, basis=source)
    Occupancy.objects.create(body=body, position=row.position, slot=1, fte=D("0.5"), assumption=word)
    return row


def plant_reallocation(body, word, code, row, source):
    """A draft, and a Vermerk and a procedure on its post."""
    moved = Reallocation(body=body, number=int(NUMBERS[code]), effective=body.reference_day, reason=word, assumption=word, difference_reason=word)  # fmt: skip
    moved.save()
    ReallocationLeg.objects.create(body=body, reallocation=moved, order=1, fte=D("-0.1"), position=row.position)
    ReallocationLeg.objects.create(
        body=body, reallocation=moved, order=2, fte=D("0.1"), establishes=True, carrier=row.carrier, fallback_plan=word
    )
    PlanNote.objects.create(body=body, position=row.position, kind="block", validity=inclusive_range(date(2018, 1, 1), None), text=word, basis=source)  # fmt: skip
    looked = Procedure.objects.create(body=body, position=row.position, kind="advertisement", validity=inclusive_range(date(2018, 1, 1), date(2018, 2, 1)), text=word, basis=source)  # fmt: skip
    ProcedureCarrier.objects.create(body=body, procedure=looked, carrier=row.carrier)
    return moved


def plant_onward(body, word, code, row, notice):
    """A Muster, a Weiterleitung and a job; of a body that has no Muster of this form yet."""
    OnwardTemplate.objects.filter(body=body, basis=BASIS[code]).delete()
    made = []
    for name in (f"{word} Muster", f"{word} Weiterleitung"):
        text = Text.objects.create(body=body, name=name, public=True)
        TextBlock.objects.create(body=body, text=text, position=1, key="zweck", heading=word, content=f"{word} {{{{notice.date}}}}")  # fmt: skip
        made.append(text)
    OnwardTemplate.objects.create(body=body, basis=BASIS[code], text=made[0], signer_name=word)
    source = Source.objects.create(body=body, kind="onward", title=f"{word} Weiterleitung", date=body.reference_day)
    BoundFigure.objects.create(body=body, text=made[1], token="notice.date", words=word)
    user = bird(body)
    with acting(user.pk, [body.pk]):
        Job.objects.create(key=FILES[code], user=user, body=body, name=word, back="/", task="x", items=[1], problems=[word])  # fmt: skip
    return OnwardGrant.objects.create(body=body, source=source, text=made[1], notice=notice, carrier=row.carrier, basis=BASIS[code], as_of=body.reference_day, signer_name=word)  # fmt: skip


def bird(body):
    """Somebody of the body who is nobody in the tests."""
    with acting(None, []):
        return User.objects.get_or_create(username=f"vogel@{body.slug}", defaults={"last_name": WORDS[body.slug]})[0]


def plant_paper(body, word, code, source, notice, *, public):
    plain = WORDS[body.slug]  # a committee and a person are no secret
    text = Text.objects.create(body=body, name=word)
    content = f"{word} {{{{body.name}}}} {{{{position.carrier position={code}}}}}"
    TextBlock.objects.create(body=body, text=text, position=1, key="a", heading=word, content=content)
    address = code if public else f"{code}-zwei"
    organization = Organization.objects.create(
        body=body, name=f"{plain} Ausschuss {public}", organization_type="committee", slug=address
    )
    meeting = Meeting.objects.create(body=body, organization=organization, date=body.reference_day, slug=address)
    person = Person.objects.create(
        body=body, name=f"{plain} {public}", family_name=plain, **({"key": FILES[code]} if public else {})
    )
    if public:
        Membership.objects.create(key=FILES[code], body=body, organization=organization, person=person, on_behalf_of=plain)  # fmt: skip
    Organization.objects.create(body=body, name=f"{plain} Amt {public}", organization_type="department", slug=f"{address}-amt")  # fmt: skip
    LegislativeTerm.objects.create(body=body, name=f"{plain} Periode {public}", slug=address)
    paper = Paper.objects.create(body=body, source=source, paper_type="information", text=text, notice=notice, as_of=body.reference_day, signer=person, public=public)  # fmt: skip
    Consultation.objects.create(body=body, paper=paper, organization=organization, meeting=meeting, role="information")
    if public:
        plant_record(body, word, code, meeting, person)
    BoundFigure.objects.create(body=body, text=text, token="body.name", words=word)
    CoSignature.objects.create(body=body, paper=paper, organization=organization, comment=word)
    BlockComment.objects.create(body=body, paper=paper, number=1, block="a", text=word, written_at=releases.now())
    if public:
        user = bird(body)
        Signatory.objects.create(key=FILES[code], body=body, organization=organization, user=user, validity=inclusive_range(date(2018, 1, 1), None))  # fmt: skip
    return paper


def plant_record(body, word, code, meeting, person):
    """A public item and one that is not, who was there and who had to leave, a vote on each, both minutes."""
    secret = SECRETS[body.slug]
    there = Attendance.objects.create(body=body, meeting=meeting, person=person, office=word, on_behalf_of=word, salutation=word)  # fmt: skip
    for number, (public, name) in enumerate(((True, word), (False, secret)), 1):
        item = AgendaItem.objects.create(body=body, meeting=meeting, public=public, number=str(number), title=f"{name} TOP", short_title=name, remark=name)  # fmt: skip
        Exclusion.objects.create(body=body, item=item, attendance=there)
        vote = Vote.objects.create(body=body, item=item, outcome="unanimous", subject=name)
        Ballot.objects.create(body=body, vote=vote, faction=name, stance="no")
        ResolvedPosition.objects.create(body=body, item=item, position=Position.objects.filter(body=body).first())
        facts = {"key": FILES[code]} if public else {}
        UrgentDecision.objects.create(body=body, organization=meeting.organization, decided_on=meeting.date, title=name, resolution=name, reason=name, first_decider=person, public=public, **facts)  # fmt: skip
        FollowUp.objects.create(
            body=body, item=item, words=name, report=name, on_behalf_of=name, public=public, **facts
        )
        text = Text.objects.create(body=body, name=f"{name} Niederschrift", public=public)
        TextBlock.objects.create(body=body, text=text, position=1, key=item.word, heading=name, content=name)
        kept = Source.objects.create(body=body, kind="minutes", title=f"{name} Niederschrift", public=public, date=meeting.date)  # fmt: skip
        Minutes.objects.create(body=body, meeting=meeting, public=public, source=kept, text=text)
        text = Text.objects.create(body=body, name=f"{name} Einladung", public=public)
        TextBlock.objects.create(body=body, text=text, position=1, key="anschreiben", heading=name, content=name)
        kept = Source.objects.create(body=body, kind="invitation", title=f"{name} Einladung", public=public, date=meeting.date)  # fmt: skip
        Invitation.objects.create(body=body, meeting=meeting, public=public, source=kept, text=text)


def plant_beside(body, word, subject, key):
    """A note, a Wiedervorlage, a file and a note on a hint; none of them is public."""
    where = {"body": body, "subject_kind": subject.attached_as, "subject_id": subject.pk}
    Note.objects.create(**where, text=word)
    Reminder.objects.create(**where, date=body.reference_day, text=word, role="sachbearbeitung")
    plant_file(subject, f"{word}.txt", "text/plain", f"{word} {subject}".encode(), **({"key": key} if key else {}))
    FindingNote.objects.create(body=body, code="S11", subject=f"{subject.attached_as}:x", sentence=word, text=word)


def plant_file(subject, name, media_type, content, **given):
    """A file beside an object."""
    where = {"body": subject.body, "subject_kind": subject.attached_as, "subject_id": subject.pk}
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "content": content}
    File.objects.create(**where, **facts, **given, name=name, media_type=media_type)


def plant_gone(body, notice):
    """A post, a notice, a paper and a file that were there and are deleted."""
    if body.slug != "staedteregion-aachen":
        return
    row = new_position(body, GONE)
    where = {"body": body, "subject_kind": "stelle", "subject_id": row.position_id}
    File.objects.create(**where, key=FILES[GONE], name="a.txt", media_type="text/plain", size=1, sha256="x", content=b"x").delete()  # fmt: skip
    row.position.remove(reason="Test")
    plant_partner(body, GONE).delete()
    Carrier.objects.create(body=body, slug=GONE, name="weg", short_name="weg", kind="company").delete()
    source = Source.objects.create(body=body, kind="paper", number=GONE, title="weg")
    Paper.objects.create(body=body, source=source, paper_type="information").delete()
    kept = {f.name: getattr(notice, f.name) for f in FundingNotice._meta.fields if f.name != "id"}
    FundingNotice.objects.create(**kept | {"slug": GONE}).delete()
    source.delete()
    for row in plant_reference(body, "weg", GONE):
        row.delete()
    Reallocation.objects.create(body=body, number=int(NUMBERS[GONE]), effective=body.reference_day, reason="weg").delete()  # fmt: skip


def people(body):
    """Everybody's name: of one body no other is to see it."""
    with acting(None, []):
        for user in User.objects.filter(role_assignments__body=body):
            user.last_name = WORDS[body.slug]
            user.save()


def everything(response):
    """All that leaves the server: head, body, the text and the metadata of a PDF."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    words = str(response.headers) + content.decode("utf-8", "replace")
    if content and response.headers.get("Content-Type") == "application/pdf":
        with pikepdf.open(io.BytesIO(content)) as pdf:
            words += str(pdf.docinfo.as_dict() if hasattr(pdf.docinfo, "as_dict") else dict(pdf.docinfo))
            words += pdf.Root.Metadata.read_bytes().decode() if "/Metadata" in pdf.Root else ""
        words += pdf_text(content)
    return words


def comparable(response):
    """The answer without what differs each time: tokens and form keys."""
    return response.status_code, re.sub(r'value="[A-Za-z0-9-]{36,64}"', "", response.content.decode("utf-8", "replace"))
