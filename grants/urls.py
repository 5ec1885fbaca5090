"""Addresses of money; the new post is here because it is funded from the start."""

from django.urls import path

from grants.models import BudgetLine, FundingNotice, SubProduct
from grants.views import budget, entering, notices, onward, reference
from kim.pages.sections import first_step, new_page, section
from staffing.models import Position

section(
    "Zuwendungen",
    20,
    notices="Zuwendungen",
    allocation="Stellenverteilung",
    programmes="Förderprogramme",
    modules="Bausteine",
    rates="Fördersätze",
)
section(
    "Haushalt",
    40,
    budget="Ansätze",
    neutrality="Kostenneutralität",
    sub_products="Teilprodukte",
    accounts="Sachkonten",
    account_groups="Kontengruppen",
)

new_page(FundingNotice, "notice-new")
new_page(Position, "position-new")

first_step(30, "Teilprodukt anlegen", "sub-product-new", lambda body: SubProduct.objects.filter(body=body).exists())
first_step(40, "Zuwendung erfassen", "notice-new", lambda body: FundingNotice.objects.filter(body=body).exists())
first_step(50, "Stellen anlegen", "position-new", lambda body: Position.objects.filter(body=body).exists())
first_step(60, "Ansätze schreiben", "budget-edit", lambda body: BudgetLine.objects.filter(body=body).exists())

urlpatterns = [
    path("zuwendungen/bescheid/<slug:slug>/rechenregel/", notices.NoticeRule.as_view(), name="notice-rule"),
    path("zuwendungen/bescheid/<slug:slug>/saetze/", notices.TakeRates.as_view(), name="notice-rates"),
    path("stellen/neu/", notices.NewPosition.as_view(), name="position-new"),
    path("zuwendungen/neu/", entering.EnterNotice.as_view(), name="notice-new"),
    path("zuwendungen/", notices.Notices.as_view(), name="notices"),
    path("zuwendungen/jahr-uebernehmen/", notices.CarryOver.as_view(), name="carry-over"),
    path("zuwendungen/stellenverteilung/", notices.AllocationPage.as_view(), name="allocation"),
    path("zuwendungen/bescheid/<slug:slug>/", notices.NoticePage.as_view(), name="notice"),
    path("zuwendungen/bescheid/<slug:slug>/bearbeiten/", entering.EditNotice.as_view(), name="notice-edit"),
    path("zuwendungen/bescheid/<slug:slug>/loeschen/", entering.RemoveNotice.as_view(), name="notice-remove"),
    path("zuwendungen/bescheid/<slug:slug>/stellen/", entering.AssignPosts.as_view(), name="notice-posts"),
    path("zuwendungen/bescheid/<slug:slug>/fassung/neu/", entering.AddVersion.as_view(), name="notice-version-new"),
    path(
        "zuwendungen/bescheid/<slug:slug>/fassung/<int:number>/",
        entering.EditVersion.as_view(),
        name="notice-version-edit",
    ),
    path("zuwendungen/bescheid/<slug:slug>/aktenzeichen/", notices.DescribeNotice.as_view(), name="notice-describe"),
    path("zuwendungen/bescheid/<slug:slug>/weiterleitung/", onward.Onward.as_view(), name="onward"),
    path("zuwendungen/bescheid/<slug:slug>/weiterleitung/neu/", onward.StartGrants.as_view(), name="onward-new"),
    path(
        "zuwendungen/bescheid/<slug:slug>/weiterleitung/freigeben/",
        onward.ReleaseGrants.as_view(),
        name="onward-release",
    ),
    path("zuwendungen/bescheid/<slug:slug>/weiterleitung/alle.zip", onward.OnwardArchive.as_view(), name="onward-zip"),
    path(
        "zuwendungen/bescheid/<slug:slug>/weiterleitung/<slug:carrier>/<int:number>/",
        onward.GrantPage.as_view(),
        name="onward-grant",
    ),
    path(
        "zuwendungen/bescheid/<slug:slug>/weiterleitung/<slug:carrier>/<int:number>/kopf/",
        onward.EditGrant.as_view(),
        name="onward-head",
    ),
    path(
        "zuwendungen/bescheid/<slug:slug>/weiterleitung/<slug:carrier>/<int:number>/loeschen/",
        onward.RemoveGrant.as_view(),
        name="onward-remove",
    ),
    path("zuwendungen/muster/<str:basis>/", onward.TemplatePage.as_view(), name="onward-template"),
    path("zuwendungen/muster/<str:basis>/neu/", onward.AddTemplate.as_view(), name="onward-template-new"),
    path("zuwendungen/muster/<str:basis>/zeichnung/", onward.EditTemplate.as_view(), name="onward-template-edit"),
    path("haushalt/", notices.Budget.as_view(), name="budget"),
    path("haushalt/bearbeiten/", budget.EditBudget.as_view(), name="budget-edit"),
    path("haushalt/kostenneutralitaet/", notices.NeutralityPage.as_view(), name="neutrality"),
    *budget.SubProductPages.urls("haushalt/teilprodukte/", "sub-product"),
    *budget.AccountPages.urls("haushalt/sachkonten/", "account"),
    *reference.ProgrammePages.urls("zuwendungen/programme/", "programme"),
    *reference.ModulePages.urls("zuwendungen/bausteine/", "module"),
    *reference.RatePages.urls("zuwendungen/foerdersaetze/", "rate"),
    *reference.AccountGroupPages.urls("haushalt/kontengruppen/", "account-group"),
]
