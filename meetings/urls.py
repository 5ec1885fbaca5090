"""Addresses of papers; those of documents of every kind stand in kim.urls."""

from django.urls import path

from kim.pages.sections import first_step, new_page, section
from meetings.models import Meeting, Organization, Paper
from meetings.views import (
    cosigning,
    follow_ups,
    items,
    known,
    memberships,
    paper_heads,
    papers,
    record,
    resolutions,
    session,
    sitting_papers,
    sittings,
    urgent,
)

section(
    "Sitzungen",
    45,
    meetings="Sitzungen",
    follow_ups="Aufträge und Zusagen",
    resolutions="Beschlussbuch",
    urgent_decisions="Dringlichkeit",
    committees="Gremien",
    legislative_terms="Wahlperioden",
    persons="Personen",
    memberships="Mitgliedschaften",
)
section(
    "Dokumente",
    50,
    documents="Vorlagen",
    sources="Belege",
    letterhead="Briefkopf",
    offices="Dienststellen",
    document_check="PDF prüfen",
)

new_page(Paper, "known-paper-new")

first_step(
    70,
    "Gremium anlegen",
    "committee-new",
    lambda body: Organization.objects.filter(body=body, organization_type=Organization.Type.COMMITTEE).exists(),
)
first_step(75, "Briefkopf einrichten", "letterhead-edit", lambda body: bool(body.street))
first_step(80, "Sitzung anlegen", "meeting-new", lambda body: Meeting.objects.filter(body=body).exists())
first_step(90, "Vorlage schreiben", "paper-new", lambda body: Paper.objects.filter(body=body).exists())

urlpatterns = [
    path("dokumente/", papers.Papers.as_view(), name="documents"),
    path("dokumente/neu/", paper_heads.AddPaper.as_view(), name="paper-new"),
    path("dokumente/fundstellen/neu/", known.AddKnownPaper.as_view(), name="known-paper-new"),
    path("dokumente/fundstellen/<str:key>/", known.KnownPaperPage.as_view(), name="known-paper"),
    path("dokumente/fundstellen/<str:key>/bearbeiten/", known.EditKnownPaper.as_view(), name="known-paper-edit"),
    path("dokumente/fundstellen/<str:key>/loeschen/", known.RemoveKnownPaper.as_view(), name="known-paper-remove"),
    path("dokumente/zeichnungsbefugnisse/", cosigning.Signatories.as_view(), name="signatories"),
    path("dokumente/zeichnungsbefugnisse/neu/", cosigning.AddSignatory.as_view(), name="signatory-new"),
    path("dokumente/zeichnungsbefugnisse/<uuid:key>/", cosigning.EditSignatory.as_view(), name="signatory-edit"),
    path("dokumente/<str:reference>/bemerkung/", cosigning.Comment.as_view(), name="document-comment"),
    path("dokumente/<str:reference>/bemerkung/erledigt/", cosigning.FinishComment.as_view(), name="comment-done"),
    path("dokumente/<str:reference>/", papers.PaperPage.as_view(), name="document"),
    path("dokumente/<str:reference>/aktenzeichen/", papers.DescribeDocument.as_view(), name="document-describe"),
    path("dokumente/<str:reference>/kopf/", paper_heads.EditHead.as_view(), name="document-head"),
    path("dokumente/<str:reference>/gremium/neu/", paper_heads.AddConsultation.as_view(), name="consultation-new"),
    path(
        "dokumente/<str:reference>/gremium/<int:order>/aendern/",
        paper_heads.ChangeConsultation.as_view(),
        name="consultation-edit",
    ),
    path(
        "dokumente/<str:reference>/gremium/<int:order>/loeschen/",
        paper_heads.RemoveConsultation.as_view(),
        name="consultation-remove",
    ),
    path("dokumente/<str:reference>/mitzeichnung/neu/", paper_heads.AddCoSignature.as_view(), name="cosignature-new"),
    path("dokumente/<str:reference>/mitzeichnen/", cosigning.Sign.as_view(), name="document-sign"),
    path("dokumente/<str:reference>/stand/", papers.Proceed.as_view(), name="document-proceed"),
    path("gremien/<str:key>/sitzungen.ics", sittings.CommitteeCalendar.as_view(), name="committee-calendar"),
    path("sitzungen/<str:key>/mitschreiben/", session.Session.as_view(), name="session"),
    path("sitzungen/<str:key>/tagesordnung/", record.EditAgenda.as_view(), name="agenda-edit"),
    path("sitzungen/<str:key>/anwesenheit/", record.EditAttendance.as_view(), name="attendance-edit"),
    path("sitzungen/<str:key>/top/<str:item>/", items.ItemPage.as_view(), name="agenda-item"),
    path("sitzungen/<str:key>/top/<str:item>/mitschreiben/", items.RecordItem.as_view(), name="agenda-item-record"),
    path("sitzungen/<str:key>/top/<str:item>/auszug/", resolutions.Extract.as_view(), name="resolution-extract"),
    path("beschluesse/", resolutions.Resolutions.as_view(), name="resolutions"),
    *follow_ups.FollowUpPages.urls("auftraege/", "follow-up"),
    *urgent.UrgentDecisionPages.urls("dringlichkeit/", "urgent-decision"),
    path("sitzungen/<str:key>/einladung/<str:part>/", sitting_papers.InvitationPage.as_view(), name="invitation"),
    path("sitzungen/<str:key>/einladung/<str:part>/kopf/", sitting_papers.EditHead.as_view(), name="invitation-head"),
    path(
        "sitzungen/<str:key>/einladung/<str:part>/neu/",
        sitting_papers.BeginInvitation.as_view(),
        name="invitation-new",
    ),
    path(
        "sitzungen/<str:key>/einladung/<str:part>/loeschen/",
        sitting_papers.RemoveInvitation.as_view(),
        name="invitation-remove",
    ),
    path("sitzungen/<str:key>/niederschrift/<str:part>/", sitting_papers.MinutesPage.as_view(), name="minutes"),
    path(
        "sitzungen/<str:key>/niederschrift/<str:part>/genehmigung/",
        sitting_papers.BeginApproval.as_view(),
        name="minutes-approval",
    ),
    path(
        "sitzungen/<str:key>/niederschrift/<str:part>/kopf/", sitting_papers.EditMinutes.as_view(), name="minutes-head"
    ),
    path(
        "sitzungen/<str:key>/niederschrift/<str:part>/neu/", sitting_papers.BeginMinutes.as_view(), name="minutes-new"
    ),
    path(
        "sitzungen/<str:key>/niederschrift/<str:part>/loeschen/",
        sitting_papers.RemoveMinutes.as_view(),
        name="minutes-remove",
    ),
    *sittings.MeetingPages.urls("sitzungen/", "meeting"),
    *sittings.CommitteePages.urls("gremien/", "committee"),
    *sittings.TermPages.urls("wahlperioden/", "legislative-term"),
    *sittings.PersonPages.urls("personen/", "person"),
    path("mitgliedschaften/<uuid:key>/beenden/", memberships.EndMembership.as_view(), name="membership-end"),
    *memberships.MembershipPages.urls("mitgliedschaften/", "membership"),
    *sittings.OfficePages.urls("dienststellen/", "office"),
]
