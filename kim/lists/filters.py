"""Filters of lists: one or several choices each, a search over several columns, and no guess at bad input."""

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kim.access.request import Request

NONE_OF_THEM = "ohne"
CHECKED = SafeString(" checked")
PICK = (
    '<details class="pick"><summary aria-label="{label}: {words}">{words}</summary>'
    '<div class="pick-options" role="group" aria-label="{label}">{options}</div></details>'
)


class Choices(forms.CheckboxSelectMultiple):
    """Check boxes that fold away under the filter's name; made here, because there may be hundreds of them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = {str(one) for one in value or ()}
        options = format_html_join(
            "",
            '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>',
            ((name, key, CHECKED if str(key) in chosen else "", label) for key, label in self.choices),
        )
        words = f"{len(chosen)} gewählt" if chosen else "alle"
        return format_html(PICK, label=self.attrs.get("label", ""), words=words, options=options)


def model_at(model: Any, path: str) -> type[Model]:
    """The model at the end of a path of relations, upwards by their reverse names: what a lower app may not import."""
    for name in path.split("__"):
        model = model._meta.get_field(name).related_model
    found: type[Model] = model
    return found


def programmes(model: Any, path: str) -> Callable[[Any], QuerySet[Any]]:
    """For a filter: the Förderprogramme at the end of the path that the request's body has notices of."""

    def of_the_body(request: Request) -> QuerySet[Any]:
        return model_at(model, path)._default_manager.filter(notices__body=request.acting_body).distinct()

    return of_the_body


def narrowed(rows: QuerySet[Any], condition: Q, request: Request) -> QuerySet[Any]:
    """The rows that fulfil a condition over other tables, each once. The condition is asked of the bare table: asked of
    ``rows`` themselves, each further condition would double the query."""
    bare = rows.model.visible_to(request).order_by().filter(condition)
    return rows.filter(pk__in=bare.values("pk"))


class ChoicesFilter(django_filters.MultipleChoiceFilter):  # type: ignore[misc]  # a library without types
    """One or several of the given choices; any of them may hold.

    choices: {word in the address: (label, value in the database)} or a function of the request that returns it.
    """

    def __init__(self, path: str, choices: Any, **kwargs: Any) -> None:
        self.path, self.given = path, choices
        super().__init__(widget=Choices, **kwargs)

    def known(self) -> dict[str, tuple[str, Any]]:
        found: dict[str, tuple[str, Any]] = self.given(self.parent.request) if callable(self.given) else self.given
        return found

    @property
    def field(self) -> Any:
        self.extra["choices"] = [(word, label) for word, (label, _) in self.known().items()]
        return super().field

    def filter(self, rows: QuerySet[Any], words: list[str]) -> QuerySet[Any]:
        known = self.known()
        return rows.filter(**{f"{self.path}__in": [known[word][1] for word in words]}) if words else rows


class ObjectsFilter(django_filters.ModelMultipleChoiceFilter):  # type: ignore[misc]  # a library without types
    """One or several objects of the body, by their word in addresses; any of them may hold.

    several: a row can have more than one of them. none: the label of the choice "has none".
    """

    def __init__(
        self, path: str, queryset: Callable[[Any], Any], *, several: bool = False, none: str = "", **kwargs: Any
    ) -> None:
        self.path, self.several = path, several
        self.none = kwargs.get("null_value", NONE_OF_THEM) if none else ""
        empty = {"null_label": none, "null_value": self.none} if none else {}
        super().__init__(queryset=queryset, widget=Choices, **{"to_field_name": "slug"} | empty | kwargs)

    def condition(self, chosen: Any) -> Q:
        """What has to hold of a row."""
        condition = Q(**{f"{self.path}__in": [one for one in chosen if one != self.none]})
        return condition | Q(**{f"{self.path}__isnull": True}) if self.none and self.none in chosen else condition

    def filter(self, rows: QuerySet[Any], chosen: Any) -> QuerySet[Any]:
        if not chosen:
            return rows
        condition = self.condition(list(chosen))
        return narrowed(rows, condition, self.parent.request) if self.several else rows.filter(condition)


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]  # a library without types
    """One search field over several columns; every word must occur in one of them."""

    def __init__(self, fields: Iterable[str], **kwargs: Any) -> None:
        super().__init__(label="Suche", max_length=80, **kwargs)
        self.fields = list(fields)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if "\0" in value:
            raise ValidationError("Die Suche enthält ein unzulässiges Zeichen.")
        for part in value.split():
            condition = Q()
            for name in self.fields:
                condition |= Q(**{f"{name}__icontains": part})
            rows = narrowed(rows, condition, self.parent.request)
        return rows


class StrictFilters(django_filters.FilterSet):  # type: ignore[misc]  # a library without types
    """A filter set that knows the request's body and day, for choices and for status."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.form.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
