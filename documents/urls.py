"""Addresses of files and slots."""

from __future__ import annotations

from django.urls import path

from documents import views

app_name = "documents"

urlpatterns = [
    path("slots/<slug:owner_kind>/<uuid:owner_id>/<slug:code>/", views.slot, name="slot"),
    path("slots/<slug:owner_kind>/<uuid:owner_id>/<slug:code>/upload/", views.upload, name="upload"),
    path("versions/<uuid:version_id>/remove/", views.remove, name="remove"),
    path("<uuid:file_id>/", views.download, name="download"),
]
