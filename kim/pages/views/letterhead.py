"""Briefkopf: what all papers and letters of a body print of their house, seen as a page beside its fields."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.models import Body, Logo
from kim.pages.forms import AddPage, CorrectionPage, RemovePage, VersionedForm, shown
from kim.studio import letterhead
from kim.studio.documents import specimens
from kim.studio.logos import LIMIT, Picture, picture

FIELDS = [
    *("head_name", "sender", "street", "postal_code", "locality", "contact", "footer"),
    *("paper_layout", "consultation_heading"),
]


class LetterheadForm(VersionedForm):
    """The words of the letterhead, and how a Vorlage is laid out."""

    class Meta:
        model = Body
        fields: ClassVar = FIELDS
        widgets: ClassVar = {"footer": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].help_text = "z. B. „Der Landrat“; steht unter dem Namen."
        self.fields["consultation_heading"].help_text = "z. B. „Beratungsfolge“ oder „Beratungsreihenfolge“."

    def clean_footer(self) -> str:
        """Lines end as they do everywhere here, not as browsers send them."""
        return "\n".join(line.strip() for line in self.cleaned_data["footer"].strip().splitlines())


class Letterhead(RuleView):
    """The letterhead as it is printed, what it is made of, and its history."""

    rule = "documents.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Briefkopf"

    def get(self, request: Request) -> HttpResponseBase:
        body = request.acting_body
        form, logo = LetterheadForm(instance=body), Logo.of(body)
        context = {
            "title": "Briefkopf",
            "facts": [(form[name].label, shown(form[name])) for name in FIELDS],
            "logo": logo,
            "editable": may(request, "house.edit"),
            "pages": letterhead.pages(specimens(body)),
            "story": entries_about([body], below=[(Logo, {"body": body})], user=request.user),
        }
        return render(request, "kim/letterhead.html", context)


class EditLetterhead(CorrectionPage):
    """Changes the words of the letterhead; the page beside them shows what is typed."""

    rule = "house.edit"
    template_name = "kim/letterhead_edit.html"
    form_class = LetterheadForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Body:
        return Body.find(request.acting_body.slug)

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Briefkopf bearbeiten", "back": self.target(form.instance)}

    def page(self, request: Request, form: Any, status: int = 200, **extra: Any) -> HttpResponseBase:
        """With the pages as they would be printed; of words that cannot be printed with those that are stored."""
        body = self.instance(request) if form.is_bound and form.errors else form.instance
        return super().page(request, form, status, pages=letterhead.pages(specimens(body)), **extra)

    def act(self, request: Request, form: Any) -> HttpResponseBase:
        if "preview" in request.POST:
            return self.page(request, form)
        return super().act(request, form)

    def save(self, request: Request, form: Any) -> str:
        form.instance.save_as("Briefkopf geändert")
        return "Der Briefkopf ist gespeichert. Entwürfe drucken ihn ab jetzt; Freigegebenes bleibt, wie es ist."

    def target(self, instance: Any) -> str:
        return reverse("letterhead")


class PictureField(forms.FileField):
    """A Wappen or logo; its cleaned value is the Picture that is kept."""

    def to_python(self, data: Any) -> Any:
        found = super().to_python(data)
        return picture(found.name or "", found.read(LIMIT + 1)) if found else None


class LogoForm(forms.Form):
    """A Wappen or logo, and the checksum of the one that was there when the form was shown."""

    file = PictureField(
        label="Wappen oder Logo",
        help_text=f"SVG oder PNG, höchstens {LIMIT // 1_000_000} MB; es wird bis 60 × 20 mm groß gedruckt.",
        error_messages={"required": "Bitte eine Datei auswählen.", "empty": "Die Datei ist leer."},
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".svg,.png"}),
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


class ChooseLogo(AddPage):
    """Puts a Wappen or logo into the letterhead, in the place of the one that is there."""

    rule = "house.edit"
    form_class = LogoForm
    title = "Wappen oder Logo wählen"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> LogoForm:
        form, logo = LogoForm(*data), Logo.of(request.acting_body)
        form.initial["shown"] = logo.sha256 if logo else ""
        return form

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return super().context(request, form) | {"multipart": True, "back": reverse("letterhead")}

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        made: Picture = form.cleaned_data["file"]
        Logo.keep(request.acting_body, made.content, made.size, shown=form.cleaned_data["shown"])
        return "Das Bild steht im Briefkopf. Entwürfe drucken es ab jetzt.", reverse("letterhead")


class RemoveLogo(RemovePage):
    """The letterhead goes without a picture."""

    rule = "house.edit"

    def instance(self, request: Request, **kwargs: Any) -> Logo:
        found = Logo.of(request.acting_body)
        if found is None:
            raise Http404
        return found

    def done(self) -> str:
        return reverse("letterhead")
