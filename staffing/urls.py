"""Addresses of posts."""

from django.urls import path

from staffing import views

urlpatterns = [
    path("stellen/", views.Positions.as_view(), name="positions"),
    path("stellen/<str:number>/", views.PositionPage.as_view(), name="position"),
    path("stellen/<str:number>/berichtigen/", views.CorrectPosition.as_view(), name="position-correct"),
    path("stellen/<str:number>/beschreibung/", views.DescribePosition.as_view(), name="position-describe"),
    path("stellen/<str:number>/loeschen/", views.RemovePosition.as_view(), name="position-remove"),
]
