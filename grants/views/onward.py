"""Pages of the Weiterleitung: who gets something of a notice, the papers for it one by one or all at once."""

import io
import zipfile
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from grants.documents import OnwardDocument, OnwardTemplateDocument
from grants.figures.onward import Recipient, recipients
from grants.models import FundingNotice, FundingProgramme, OnwardGrant, OnwardTemplate
from grants.models.onward import RELATED, drafts
from grants.models.templates import SIGNER, Basis
from grants.tasks import release_grants, write_grants
from grants.views.notices import notice_of
from kim.access import jobs
from kim.access.request import Request
from kim.access.rules import may
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.figures import FTE, known_total, total
from kim.history.trail import entries_about
from kim.lists import kept_link
from kim.models import Release
from kim.pages.forms import CorrectionPage, RemovePage, VersionedForm, saved
from kim.studio import bundles, releases
from kim.values.formats import DateField

RELEASED = Prefetch("text__releases", Release.objects.only("pk", "text_id", "body_id"))  # not their bytes


def digest(found: list[tuple[int, str]]) -> str:
    """Of the drafts as a page shows them; see grants.models.onward.drafts."""
    return bundles.sha256(bundles.canonical_json(found))


class StartForm(forms.Form):
    """What is common to all papers that are begun together."""

    basis = forms.ChoiceField(label="Form der Weiterleitung", choices=Basis)
    day = DateField(label="Datum der Schreiben")
    as_of = DateField(label="Zahlenstand", help_text="Der Tag, für den die Zahlen gelten.")


class Onward(RuleView):
    """Who gets something of a notice, and the papers for it; POST begins drafts for those that are chosen."""

    rule = "grants.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Weiterleitung"

    def get(self, request: Request, slug: str, **more: Any) -> HttpResponseBase:
        notice = notice_of(request, slug)
        papers: dict[int, list[OnwardGrant]] = {}
        for one in notice.onward_grants.select_related(*RELATED).prefetch_related(RELEASED):
            papers.setdefault(one.carrier_id, []).append(one)
        try:
            found = recipients(notice)
        except ValidationError as error:
            found, more["problems"] = [], [*more.get("problems", ()), *error.messages]
        there = {one.carrier for one in found}
        left = {one.carrier: one for some in papers.values() for one in some if one.carrier not in there}
        found += [Recipient(carrier, ()) for carrier in left]  # who gets nothing any more, and still has a Bescheid
        rows: list[dict[str, Any]] = [
            {"one": one, "fte": one.fte(request.stand), "papers": papers.get(one.carrier.pk, [])} for one in found
        ]
        form = more.pop("form", None) or StartForm(initial={"day": request.stand, "as_of": request.stand})
        status = more.pop("status", 200)
        context = {
            "notice": notice,
            "rows": rows,
            "fte": total("Summe", *(row["fte"] for row in rows), unit=FTE),
            "amount": known_total("Summe", *(one.amount for one in found)),
            "drafts": len(open_ := drafts(notice)),
            "shown": digest(open_),
            "released": sum(not one.is_open for some in papers.values() for one in some),
            "forms": templates_for(notice),
            "form": form,
            **more,
        }
        return render(request, "grants/onward.html", context, status=status)


class StartGrants(RuleView):
    """Begin drafts from the Muster for the recipients that are chosen: a task with progress."""

    rule = "grants.edit"

    def post(self, request: Request, slug: str) -> HttpResponseBase:
        notice, form = notice_of(request, slug), StartForm(request.POST)
        chosen = set(request.POST.getlist("recipients"))
        carriers = [one.carrier for one in recipients(notice) if one.carrier.slug in chosen]
        problems = [] if carriers else ["Bitte mindestens einen Empfänger ankreuzen."]
        data = form.cleaned_data if form.is_valid() else {}
        template = OnwardTemplate.fitting(notice, data["basis"]) if data else None
        if data and template is None:
            problems.append(f"Es gibt noch kein Muster für den {Basis(data['basis']).label}. Bitte zuerst anlegen.")
        elif template and not template.is_written():
            words = f"Das Muster für den {Basis(data['basis']).label} ist noch leer. Bitte zuerst seinen Text schreiben"
            problems.append(f"{words}; die Entwürfe übernehmen ihn.")
        if problems or not data:
            more = {"form": form, "problems": problems, "chosen": chosen, "status": 422}
            return Onward().get(request, slug, **more)
        common = [data["basis"], data["day"].isoformat(), data["as_of"].isoformat()]
        items = [[notice.pk, carrier.pk, *common] for carrier in carriers]
        words = f"{Basis(data['basis']).label}: {len(items)} {'Entwurf' if len(items) == 1 else 'Entwürfe'} anlegen"
        back = kept_link(request, reverse("onward", args=[slug]))
        job = jobs.start(write_grants, request, self.rule, words, items, back)
        return redirect(kept_link(request, job.get_absolute_url()))


class ReleaseGrants(RuleView):
    """Release every draft of a notice: a task with progress. What is not right by the Prüfliste is refused and said."""

    rule = "onward.release"

    def post(self, request: Request, slug: str) -> HttpResponseBase:
        notice = notice_of(request, slug)
        items = drafts(notice)
        if request.POST.get("drafts", "") != digest(items):
            problems = ["Inzwischen sind es andere Entwürfe. Bitte noch einmal ansehen."]
            return Onward().get(request, slug, problems=problems, status=409)
        back = kept_link(request, reverse("onward", args=[slug]))
        try:
            job = jobs.start(
                release_grants, request, self.rule, f"Weiterleitungen freigeben: {notice.title}", items, back
            )
        except ValidationError as error:
            return Onward().get(request, slug, problems=error.messages, status=422)
        return redirect(kept_link(request, job.get_absolute_url()))


class OnwardArchive(RuleView):
    """Every released paper of a notice as PDF, in one ZIP."""

    rule = "grants.view"

    def get(self, request: Request, slug: str) -> HttpResponseBase:
        notice = notice_of(request, slug)
        papers = {one.text_id: one for one in notice.onward_grants.select_related(*RELATED)}
        found = list(Release.visible_to(request).filter(text__in=papers))
        if not found:
            raise Http404
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for release in found:
                archive.writestr(f"{OnwardDocument(papers[release.text_id]).file_name}.pdf", bytes(release.pdf))
        response = HttpResponse(stream.getvalue(), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="Weiterleitung-{notice.slug}.zip"'
        return response


def grant_of(request: Request, slug: str, carrier: str, number: int) -> OnwardGrant:
    """The Weiterleitung of a notice to a recipient; foreign and missing are the same 404."""
    rows = OnwardGrant.visible_to(request).select_related(*RELATED)
    found: OnwardGrant | None = rows.filter(notice__slug=slug, carrier__slug=carrier, number=number).first()
    if found is None:
        raise Http404
    return found


class GrantPage(RuleView):
    """One Weiterleitungsbescheid or -vertrag: its text with every figure as a link to its source, and its release."""

    rule = "grants.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return grant_of(request, **kwargs).carrier.short_name

    def get(
        self,
        request: Request,
        slug: str,
        carrier: str,
        number: int,
        problems: tuple[str, ...] = (),
        status: int = 200,
    ) -> HttpResponseBase:
        grant = grant_of(request, slug, carrier, number)
        found = OnwardDocument(grant)
        release = releases.of_text(found.text)
        context: dict[str, Any] = {
            "document": found,
            "paper": grant,
            "release": release,
            "refused": problems,
            "story": entries_about([grant, grant.source, *([release] if release else [])], user=request.user),
        }
        context |= releases.released_page(release, found) if release else releases.draft_page(found)
        context["editable"] = found.is_open and may(request, found.edit_rule)
        return render(request, "grants/onward_grant.html", context, status=status)


class GrantForm(VersionedForm):
    """The head of a Weiterleitung."""

    file_reference = forms.CharField(label="Aktenzeichen", max_length=60, required=False)
    date = DateField(label="Datum")

    class Meta:
        model = OnwardGrant
        fields: ClassVar = ["as_of", *SIGNER]

    field_order = ["file_reference", "date", "as_of"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = self.instance.source
        self.fields["file_reference"].initial, self.fields["date"].initial = source.file_reference, source.date


class EditGrant(CorrectionPage):
    """The head of a draft: Aktenzeichen, date, Zahlenstand, who signs."""

    rule = "onward.edit"
    form_class = GrantForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> OnwardGrant:
        grant = grant_of(request, **kwargs)
        if not grant.is_open:
            raise Http404
        return grant

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Kopf des Schreibens", "lead": str(form.instance)}

    def save(self, request: Request, form: Any) -> str:
        form.instance.change_head(form.cleaned_data["file_reference"].strip(), form.cleaned_data["date"])
        return "Der Kopf des Schreibens ist gespeichert."


class RemoveGrant(RemovePage):
    """A draft that is not wanted."""

    rule = "onward.edit"

    def instance(self, request: Request, **kwargs: Any) -> OnwardGrant:
        grant = grant_of(request, **kwargs)
        if not grant.is_open:
            raise Http404
        return grant

    def done(self) -> str:
        return reverse("onward", args=[self.kwargs["slug"]])


def templates_for(notice: FundingNotice) -> list[dict[str, Any]]:
    """The Muster for all programmes and the one of this notice's programme, by form: as they are, or to be begun."""
    lines: list[dict[str, Any]] = []
    there = {one.key: one for one in OnwardTemplate.objects.filter(body=notice.body).select_related("programme")}
    for basis, label in Basis.choices:
        key, short = f"{basis}.{notice.programme.slug}", notice.programme.short_name
        lines.append({"key": basis, "label": f"Muster {label}", "row": there.get(basis)})
        lines.append({"key": key, "label": f"Muster {label}, eigenes für {short}", "row": there.get(key)})
    return lines


def template_of(request: Request, basis: str) -> OnwardTemplate:
    """The body's Muster; Http404 if there is none."""
    found = OnwardTemplate.find(request.acting_body, basis)
    if found is None:
        raise Http404
    return found


class TemplatePage(RuleView):
    """A Muster, read with an example."""

    rule = "grants.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(template_of(request, **kwargs))

    def get(self, request: Request, basis: str, problems: tuple[str, ...] = (), status: int = 200) -> HttpResponseBase:
        row = template_of(request, basis)
        found = OnwardTemplateDocument(row)
        expander = found.expander()
        context = {
            "paper": row,
            "document": found,
            "blocks": found.blocks(expander),
            "problems": expander.problems,
            "refused": problems,
            "example": row.example(),
            "story": entries_about([row], user=request.user),
        }
        return render(request, "grants/onward_template.html", context, status=status)


class AddTemplate(RuleView):
    """Begin a Muster: headings, and empty blocks."""

    rule = "onward.edit"

    def post(self, request: Request, basis: str) -> HttpResponseBase:
        form, _, slug = basis.partition(".")
        programme = FundingProgramme.visible_to(request).filter(slug=slug).first() if slug else None
        if form not in Basis.values or (slug and programme is None):
            raise Http404
        try:
            made = OnwardTemplate.begin(request.acting_body, form, programme)
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
        else:
            saved(request, f"{made} ist angelegt. Bitte den Text schreiben.")
        return redirect(kept_link(request, reverse("onward-template", args=[basis])))


class TemplateForm(VersionedForm):
    """Who signs what is written from a Muster."""

    class Meta:
        model = OnwardTemplate
        fields: ClassVar = [*SIGNER]


class EditTemplate(CorrectionPage):
    """Who signs what is written from a Muster; papers that are there already keep theirs."""

    rule = "onward.edit"
    form_class = TemplateForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> OnwardTemplate:
        return template_of(request, kwargs["basis"])

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Zeichnung des Musters"}

    def save(self, request: Request, form: Any) -> str:
        form.instance.save_as("Muster geändert")
        return "Die Zeichnung ist gespeichert; sie gilt für neue Schreiben."
