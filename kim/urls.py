"""All addresses; the apps are named by string."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path

from kim.models import Source
from kim.pages import views
from kim.pages.sections import new_page, section
from kim.pages.views import (
    accounts,
    attached,
    audit,
    jobs,
    letterhead,
    lists,
    passages,
    setup,
    sources,
    studio,
    writing,
    years,
)

section("Übersicht", 10, home="Übersicht")
section("Hinweise", 60, findings="Hinweise")
section("Prüfung", 70, trail="Verlauf")
section("Technik", 80, **{"admin:index": "Technik"})

new_page(Source, "source-new")

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("einrichten/", setup.setup, name="setup"),
    path("koerperschaft/", views.ChooseBody.as_view(), name="choose-body"),
    path("herkunft/<str:name>/", views.SourcePage.as_view(), name="herkunft"),
    path("anmelden/", views.ruled(account.login, "public"), name="account_login"),
    path("abmelden/", views.ruled(account.logout, "public"), name="account_logout"),
    path("konto/passwort/", views.ruled(account.password_change, "kim.account"), name="account_change_password"),
    path(
        "konto/passwort/<uidb64>/<token>/",
        views.ruled(accounts.ChoosePassword.as_view(), "public"),
        name="choose-password",
    ),
    # allauth asks for these by name; no page of ours leads there
    path("konto/registrieren/", views.closed, name="account_signup"),
    path("konto/vergessen/", views.closed, name="account_reset_password"),
    path("konto/gesperrt/", views.closed, name="account_inactive"),
    path("konto/neu/", views.closed, name="account_set_password"),
    path("konto/bestaetigen/", views.closed, name="account_reauthenticate"),
    path("notizen/neu/<slug:kind>/<str:key>/", attached.AddNote.as_view(), name="note-new"),
    path("wiedervorlagen/", attached.Reminders.as_view(), name="reminders"),
    path("wiedervorlagen/erledigt/", attached.FinishReminder.as_view(), name="reminder-done"),
    path("wiedervorlagen/neu/<slug:kind>/<str:key>/", attached.AddReminder.as_view(), name="reminder-new"),
    path("dateien/neu/<slug:kind>/<str:key>/", attached.AddFile.as_view(), name="file-new"),
    path("dateien/<uuid:key>/", attached.Download.as_view(), name="file"),
    path("entfernen/", attached.RemoveAttached.as_view(), name="attached-remove"),
    path("ruecknahme/", attached.Undo.as_view(), name="undo"),
    path("ansichten/neu/", lists.SaveView.as_view(), name="view-new"),
    path("ansichten/loeschen/", lists.RemoveView.as_view(), name="view-remove"),
    path("foerderjahre/", years.Years.as_view(), name="years"),
    path("foerderjahre/<int:year>/abschliessen/", years.CloseYear.as_view(), name="year-close"),
    path("foerderjahre/<int:year>/oeffnen/", years.ReopenYear.as_view(), name="year-reopen"),
    path("briefkopf/", letterhead.Letterhead.as_view(), name="letterhead"),
    path("briefkopf/bearbeiten/", letterhead.EditLetterhead.as_view(), name="letterhead-edit"),
    path("briefkopf/wappen/", letterhead.ChooseLogo.as_view(), name="letterhead-logo"),
    path("briefkopf/wappen/entfernen/", letterhead.RemoveLogo.as_view(), name="letterhead-logo-remove"),
    path("belege/", sources.Sources.as_view(), name="sources"),
    path("belege/neu/", sources.NewSource.as_view(), name="source-new"),
    path("belege/<slug:address>/bearbeiten/", sources.EditSource.as_view(), name="source-edit"),
    path("belege/<slug:address>/loeschen/", sources.RemoveSource.as_view(), name="source-remove"),
    path("belege/<slug:address>/stelle/", passages.PassagePage.as_view(), name="source-passage"),
    path("belege/<slug:address>/", sources.SourceDocumentPage.as_view(), name="source-document"),
    path("dokumente/pruefen/", studio.CheckPdf.as_view(), name="document-check"),
    path("dokumente/<str:reference>/pdf/", studio.DocumentPdf.as_view(), name="document-pdf"),
    path("dokumente/<str:reference>/docx/", studio.DocumentWord.as_view(), name="document-docx"),
    path("dokumente/<str:reference>/herkunft/", studio.FigureOf.as_view(), name="document-figure"),
    path("dokumente/<str:reference>/ueberholt/", studio.Since.as_view(), name="document-since"),
    path("dokumente/<str:reference>/text/", writing.EditText.as_view(), name="document-text"),
    path("dokumente/<str:reference>/vorschau/", writing.PreviewText.as_view(), name="document-preview"),
    path("dokumente/<str:reference>/seiten/", writing.Pages.as_view(), name="document-pages"),
    path("dokumente/<str:reference>/zahlen/", writing.Figures.as_view(), name="document-figures"),
    path("dokumente/<str:reference>/versionen/", writing.Versions.as_view(), name="document-versions"),
    path("dokumente/<str:reference>/uebernehmen/", studio.AdoptFigures.as_view(), name="document-adopt"),
    path("dokumente/<str:reference>/freigeben/", studio.ReleaseDocument.as_view(), name="document-release"),
    path("pruefung/", audit.Trail.as_view(), name="trail"),
    path("pruefung/hinweise/", audit.Findings.as_view(), name="findings"),
    path("pruefung/hinweise/notiz/", audit.NoteFinding.as_view(), name="finding-note"),
    path("vorgaenge/<uuid:key>/", jobs.JobPage.as_view(), name="job"),
    path("vorgaenge/<uuid:key>/fortsetzen/", jobs.ContinueJob.as_view(), name="job-continue"),
    path("technik/", admin.site.urls),
    path("", include("grants.urls")),
    path("", include("staffing.urls")),
    path("", include("meetings.urls")),
]
handler400 = "kim.pages.views.bad_request"
handler403 = "kim.pages.views.forbidden"
handler404 = "kim.pages.views.not_found"
handler500 = "kim.pages.views.broken"
