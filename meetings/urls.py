"""Addresses of papers."""

from django.urls import path

from meetings import views

urlpatterns = [
    path("dokumente/", views.Papers.as_view(), name="documents"),
    path("dokumente/<str:reference>/", views.DocumentPage.as_view(), name="document"),
    path("dokumente/<str:reference>/aktenzeichen/", views.DescribeDocument.as_view(), name="document-describe"),
    path("dokumente/<str:reference>/pdf/", views.DocumentPdf.as_view(), name="document-pdf"),
]
