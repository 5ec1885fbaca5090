"""Addresses of posts."""

from django.urls import path

from staffing import views

urlpatterns = [
    path("stellen/", views.Positions.as_view(), name="positions"),
    path("stellen/<str:number>/", views.PositionPage.as_view(), name="position"),
    path("stellen/<str:number>/berichtigen/", views.CorrectPosition.as_view(), name="position-correct"),
]
