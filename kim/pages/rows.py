"""Pages of rows that people keep: a new one, and one that is there already; each for one model."""

from typing import Any

from django import forms

from kim.access.request import Request
from kim.pages.forms import AddPage, CorrectionPage


class NewRowForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A new row of the body; all rules are checked once, by the verb that saves it (as in VersionedForm)."""

    def _post_clean(self) -> None:
        self.instance = forms.models.construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)


class NewRowPage(AddPage):
    """Records a new row of the model that the form is for."""

    button = "Anlegen"
    form_class: type[NewRowForm]

    def form(self, request: Request, *data: Any, **kwargs: Any) -> NewRowForm:
        model: Any = self.form_class._meta.model
        return self.form_class(data[0] if data else None, instance=model(body=request.acting_body))

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        noun = form.instance._meta.verbose_name
        row = form.instance.save_as(f"{noun} angelegt")
        return f"{noun} „{row}“ ist angelegt.", row.get_absolute_url()


class EditRowPage(CorrectionPage):
    """Changes a row that is there; nobody overwrites what another has saved meanwhile."""

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": f"{form.instance._meta.verbose_name} bearbeiten", "lead": str(form.instance)}

    def save(self, request: Request, form: Any) -> str:
        noun = form.instance._meta.verbose_name
        form.instance.save_as(f"{noun} geändert")
        return f"{noun} „{form.instance}“ ist gespeichert."
