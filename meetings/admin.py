"""Sittings under /technik/: a list to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest

from kim.admin import ReadOnlyAdmin
from kim.values.formats import format_day
from meetings.models import Meeting


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    """Sittings with the number of papers they deal with."""

    list_display = ("date_text", "organization", "papers")
    ordering = ("-date",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization").annotate(papers=Count("consultations"))

    def url_of(self, row: Meeting) -> str:
        return row.get_absolute_url()

    @admin.display(description="Sitzungstag", ordering="date")
    def date_text(self, row: Meeting) -> str:
        return format_day(row.date)

    @admin.display(description="Vorlagen", ordering="papers")
    def papers(self, row: Any) -> str:
        return str(row.papers)
