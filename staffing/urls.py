"""Addresses of posts, Anstellungsträger and Kommunen."""

from django.urls import path

from kim.pages.sections import first_step, new_page, section, setup_step
from staffing.models import BodyMunicipality, Carrier, Municipality
from staffing.views import (
    comparison,
    functions,
    locations,
    occupancies,
    overview,
    partners,
    plan,
    posts,
    procedures,
    reallocations,
    setup,
)

section(
    "Stellen",
    30,
    positions="Stellen",
    carriers="Anstellungsträger",
    municipalities="Kommunen",
    functions="Funktionen",
    reallocations="Umverteilungen",
    overview="Besetzungsübersicht",
    comparison="Vergleich",
    plan="Stellenplan",
)

setup_step("setup-body", "Körperschaft einrichten", "Name, Art, Kommunen; mehrere in einem Haus sind möglich")
setup_step("admin:kim_user_add", "Personen und ihre Rollen", "jede bekommt einen einmaligen Link zu ihrem Passwort")

new_page(Carrier, "carrier-new")
new_page(Municipality, "municipality-new")

first_step(
    10, "Kommunen eintragen", "municipality-new", lambda body: BodyMunicipality.objects.filter(body=body).exists()
)
first_step(
    20,
    "Anstellungsträger eintragen",
    "carrier-new",
    lambda body: Carrier.objects.filter(body=body).exclude(kind=Carrier.Kind.OWN).exists(),
)

urlpatterns = [
    path("einrichten/koerperschaft/", setup.NewBody.as_view(), name="setup-body"),
    path("stellen/", posts.Positions.as_view(), name="positions"),
    path("besetzungsuebersicht/", overview.OverviewPage.as_view(), name="overview"),
    path("stellenplan/", plan.PlanPage.as_view(), name="plan"),
    path("stellen/vergleich/", comparison.ComparisonPage.as_view(), name="comparison"),
    path("stellen/<str:number>/", posts.PositionPage.as_view(), name="position"),
    path("stellen/<str:number>/berichtigen/", posts.CorrectPosition.as_view(), name="position-correct"),
    path("stellen/<str:number>/aendern/", posts.ChangePosition.as_view(), name="position-change"),
    path("stellen/<str:number>/zeitraum/", posts.CorrectRange.as_view(), name="position-range"),
    path("stellen/<str:number>/besetzung/neu/", occupancies.FillPosition.as_view(), name="occupancy-new"),
    path(
        "stellen/<str:number>/besetzung/<int:slot>/<str:start>/",
        occupancies.CorrectOccupancy.as_view(),
        name="occupancy-change",
    ),
    path(
        "stellen/<str:number>/besetzung/<int:slot>/<str:start>/aendern/",
        occupancies.ChangePlace.as_view(),
        name="occupancy-from",
    ),
    path(
        "stellen/<str:number>/besetzung/<int:slot>/<str:start>/beenden/",
        occupancies.LeavePlace.as_view(),
        name="occupancy-end",
    ),
    path(
        "stellen/<str:number>/besetzung/<int:slot>/<str:start>/vertretung/",
        occupancies.AddSubstitute.as_view(),
        name="occupancy-substitute",
    ),
    path(
        "stellen/<str:number>/besetzung/<int:slot>/<str:start>/loeschen/",
        occupancies.RemoveOccupancy.as_view(),
        name="occupancy-remove",
    ),
    path("stellen/<str:number>/vermerk/neu/", occupancies.AddPlanNote.as_view(), name="plan-note-new"),
    path(
        "stellen/<str:number>/vermerk/<slug:kind>/<str:start>/",
        occupancies.ChangePlanNote.as_view(),
        name="plan-note-change",
    ),
    path(
        "stellen/<str:number>/vermerk/<slug:kind>/<str:start>/loeschen/",
        occupancies.RemovePlanNote.as_view(),
        name="plan-note-remove",
    ),
    path("stellen/<str:number>/verfahren/neu/", procedures.AddProcedure.as_view(), name="procedure-new"),
    path(
        "stellen/<str:number>/verfahren/<slug:kind>/<str:start>/",
        procedures.ChangeProcedure.as_view(),
        name="procedure-change",
    ),
    path(
        "stellen/<str:number>/verfahren/<slug:kind>/<str:start>/loeschen/",
        procedures.RemoveProcedure.as_view(),
        name="procedure-remove",
    ),
    path("stellen/<str:number>/orte/", locations.SettlePosition.as_view(), name="position-locations"),
    path("stellen/<str:number>/nummer/", posts.CorrectIdentity.as_view(), name="position-identity"),
    path("stellen/<str:number>/beenden/", posts.EndPosition.as_view(), name="position-end"),
    path("stellen/<str:number>/beschreibung/", posts.DescribePosition.as_view(), name="position-describe"),
    path("stellen/<str:number>/loeschen/", posts.RemovePosition.as_view(), name="position-remove"),
    path("umverteilungen/", reallocations.Reallocations.as_view(), name="reallocations"),
    path("umverteilungen/neu/", reallocations.EditReallocation.as_view(), name="reallocation-new"),
    path("umverteilungen/<str:number>/", reallocations.ReallocationPage.as_view(), name="reallocation"),
    path("umverteilungen/<str:number>/bearbeiten/", reallocations.EditReallocation.as_view(), name="reallocation-edit"),
    path("umverteilungen/<str:number>/wirksam/", reallocations.AdoptReallocation.as_view(), name="reallocation-adopt"),
    path(
        "umverteilungen/<str:number>/zuruecknehmen/",
        reallocations.WithdrawReallocation.as_view(),
        name="reallocation-withdraw",
    ),
    path(
        "umverteilungen/<str:number>/loeschen/", reallocations.RemoveReallocation.as_view(), name="reallocation-remove"
    ),
    path("traeger/", partners.Carriers.as_view(), name="carriers"),
    path("traeger/neu/", partners.NewCarrier.as_view(), name="carrier-new"),
    path("traeger/<slug:slug>/", partners.CarrierPage.as_view(), name="carrier"),
    path("traeger/<slug:slug>/bearbeiten/", partners.EditCarrier.as_view(), name="carrier-edit"),
    path("traeger/<slug:slug>/loeschen/", partners.RemoveCarrier.as_view(), name="carrier-remove"),
    path("traeger/<slug:slug>/kontakt/", partners.ContactPage.as_view(), name="carrier-contact"),
    path("kommunen/neu/", partners.NewMunicipality.as_view(), name="municipality-new"),
    path("kommunen/<slug:slug>/loeschen/", partners.RemoveMunicipality.as_view(), name="municipality-remove"),
    path("kommunen/", partners.Municipalities.as_view(), name="municipalities"),
    path("kommunen/<slug:slug>/", partners.MunicipalityPage.as_view(), name="municipality"),
    *functions.FunctionPages.urls("funktionen/", "function"),
]
