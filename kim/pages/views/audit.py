"""Prüfung: the history of everything, a random sample, and the hints with what was said about them."""

import re
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.figures import findings
from kim.history import trail
from kim.models import FindingNote, TrailEvent, User, subjects
from kim.pages.forms import AddPage
from kim.values.formats import DateField, LongTextField
from kim.values.periods import DAY

PAGE = 50
SAMPLE = 10


class TrailFilters(forms.Form):
    """What of the history is to be shown."""

    gegenstand = forms.CharField(
        label="Gegenstand", required=False, max_length=80, widget=forms.TextInput(attrs={"placeholder": ""})
    )
    person = forms.ChoiceField(label="Person", required=False)
    von = DateField(label="von", required=False)
    bis = DateField(label="bis einschließlich", required=False)
    daten = forms.ChoiceField(label="Daten", required=False)
    vorgang = forms.ChoiceField(label="Vorgangsart", required=False)
    zahlen = forms.BooleanField(label="nur Zahlen", required=False)

    def __init__(self, request: Request) -> None:
        super().__init__(request.GET)
        self.request = request
        fields: dict[str, Any] = self.fields
        seen = TrailEvent.objects.order_by()
        people = User.objects.filter(pk__in=seen.values("user_id").distinct()).order_by("last_name", "username")
        fields["person"].choices = [("", "alle"), *((u.username, str(u)) for u in people), ("-", "das Programm")]
        labels = {m._meta.label: str(m._meta.verbose_name) for m in trail.tracked_models().values()}
        kinds = sorted((labels[x], x) for x in seen.values_list("model", flat=True).distinct() if x in labels)
        fields["daten"].choices = [("", "alle"), *((word, word) for word, _ in kinds)]
        self.kinds = dict(kinds)
        names = sorted(n for n in seen.values_list("act_name", flat=True).distinct() if n)
        fields["vorgang"].choices = [("", "alle"), *((n, n) for n in names)]
        for name in ("von", "bis"):
            fields[name].today = request.stand

    def clean_gegenstand(self) -> dict[str, Any]:
        words = " ".join(self.cleaned_data["gegenstand"].split())
        if not words:
            return {}
        for kind, model in subjects().items():
            for key in (words, words.partition(" ")[2]):
                if key and (found := find(model, self.request.acting_body, key)):
                    return {"subject_kind": kind, "subject_id": found.pk}
        raise ValidationError(
            f"„{words}“ gibt es nicht. Bitte eine Stellennummer, Vorlagennummer oder Zuwendung angeben."
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("von") and data.get("bis") and data["von"] > data["bis"]:
            self.add_error("bis", "Das Ende liegt vor dem Anfang („von“).")
        return data

    def conditions(self) -> dict[str, Any]:
        """As filters of TrailEvent."""
        data = self.cleaned_data
        found = dict(data["gegenstand"])
        if data["person"] == "-":
            found["user_id__isnull"] = True
        elif data["person"]:
            found["user_id"] = User.objects.get(username=data["person"]).pk
        if data["von"]:
            found["created_at__date__gte"] = data["von"]
        if data["bis"]:
            found["created_at__date__lt"] = data["bis"] + DAY
        if data["daten"]:
            found["model"] = self.kinds[data["daten"]]
        if data["vorgang"]:
            found["act_name"] = data["vorgang"]
        if data["zahlen"]:
            found["figures"] = True
        return found


def find(model: Any, body: Any, key: str) -> Any:
    try:
        return model.find(body, key)
    except model.DoesNotExist:
        return None


class Trail(RuleView):
    """The history of everything, in sentences, filtered; and a sample of what is filtered, drawn by a start value."""

    rule = "audit.view"
    own = {"stand", "jahr", "seite", "startwert", "anzahl"}

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Verlauf"

    def get(self, request: Request) -> HttpResponseBase:
        form = TrailFilters(request)
        problems = [
            f"Den Filter „{n[:40]}“ gibt es hier nicht." for n in set(request.GET) - self.own - set(form.fields)
        ]
        problems += (
            []
            if form.is_valid()
            else [
                f"{form.fields[name].label}: {' '.join(map(str, errors))}" if name in form.fields else str(errors[0])
                for name, errors in form.errors.items()
            ]
        )
        seed, size, wrong = drawn(request)
        problems += wrong
        context: dict[str, Any] = {
            "filters": form,
            "problems": problems,
            "title": "Verlauf",
            "seed": seed,
            "size": size,
        }
        if not problems:
            found = trail.acts(**form.conditions())
            if seed:
                keys = trail.sample(found, seed, size)
                context |= {"count": found.count(), "story": trail.entries_of_acts(keys), "sampled": True}
            else:
                page = Paginator(found, PAGE).get_page(page_number(request))
                keys = [row["act"] for row in page.object_list]
                context |= {"count": page.paginator.count, "page": page, "story": trail.entries_of_acts(keys)}
            context["query"] = kept_query(request)
        return render(request, "kim/trail.html", context, status=400 if problems else 200)


def page_number(request: Request) -> int:
    text = request.GET.get("seite", "1")
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def drawn(request: Request) -> tuple[str, int, list[str]]:
    """Start value and size of the sample that is asked for."""
    seed, size = request.GET.get("startwert", "").strip()[:40], request.GET.get("anzahl", "") or str(SAMPLE)
    if not re.fullmatch(r"[0-9]{1,3}", size) or not 1 <= int(size) <= 200:
        return seed, SAMPLE, ["Die Stichprobe hat zwischen 1 und 200 Vorgänge."]
    return seed, int(size), []


def kept_query(request: Request) -> str:
    """The address without page and sample, for the links to other pages."""
    query = request.GET.copy()
    for name in ("seite", "startwert", "anzahl"):
        query.pop(name, None)
    return str(query.urlencode())


class Findings(RuleView):
    """Every hint of the body, the worst first, with its rule, its source and what was said about it."""

    rule = "findings.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Hinweise"

    def get(self, request: Request) -> HttpResponseBase:
        found = findings.collect(request.acting_body, request.stand)
        counts = [(s.label, sum(f.severity == s and not f.explained for f in found)) for s in findings.Severity]
        context = {
            "title": "Hinweise",
            "groups": [list(g) for _, g in groupby(found, key=lambda f: (f.explained, f.severity, f.code))],
            "counts": counts,
            "corrected": findings.corrected(request.acting_body, found),
            "rules": findings.RULES.values(),
        }
        return render(request, "kim/findings.html", context)


class FindingNoteForm(forms.Form):
    """What is to be said about a hint."""

    text = LongTextField(label="Notiz", max_length=1000)


class NoteFinding(AddPage):
    """Say why a hint is as it is: it stays, and counts as explained."""

    rule = "findings.note"
    form_class = FindingNoteForm
    title, button = "Notiz zum Hinweis", "Notiz speichern"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        wanted = (request.GET.get("regel", ""), request.GET.get("gegenstand", ""))
        found = findings.collect(request.acting_body, request.stand, [wanted[0]])
        self.finding = next((f for f in found if (f.code, f.key) == wanted), None)
        if self.finding is None:
            raise Http404
        return FindingNoteForm(*data)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        assert self.finding
        lead = f"{self.finding.name}: {self.finding.sentence}"
        return super().context(request, form) | {"lead": lead}

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        assert self.finding
        FindingNote(
            body=request.acting_body,
            code=self.finding.code,
            subject=self.finding.key,
            sentence=self.finding.sentence,
            text=form.cleaned_data["text"],
            author=request.user,
        ).save_as("Hinweis erläutert")
        return "Die Notiz ist gespeichert; der Hinweis gilt als erläutert.", "/pruefung/hinweise/"
