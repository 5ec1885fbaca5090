"""Addresses of money; the new post is here because it is funded from the start."""

from django.urls import path

from grants import views

urlpatterns = [
    path("zuwendungen/bescheid/<slug:slug>/rechenregel/", views.NoticeRule.as_view(), name="notice-rule"),
    path("zuwendungen/bescheid/<slug:slug>/saetze/", views.TakeRates.as_view(), name="notice-rates"),
    path("stellen/neu/", views.NewPosition.as_view(), name="position-new"),
    path("zuwendungen/", views.Notices.as_view(), name="notices"),
    path("zuwendungen/jahr-uebernehmen/", views.CarryOver.as_view(), name="carry-over"),
    path("zuwendungen/stellenverteilung/", views.AllocationPage.as_view(), name="allocation"),
    path("zuwendungen/bescheid/<slug:slug>/", views.NoticePage.as_view(), name="notice"),
    path("zuwendungen/bescheid/<slug:slug>/aktenzeichen/", views.DescribeNotice.as_view(), name="notice-describe"),
    path("haushalt/", views.Budget.as_view(), name="budget"),
    path("haushalt/kostenneutralitaet/", views.NeutralityPage.as_view(), name="neutrality"),
]
