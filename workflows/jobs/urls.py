"""Addresses of the worker's page."""

from __future__ import annotations

from django.urls import path

from workflows.jobs import file_views, views

app_name = "jobs"
urlpatterns = [
    path("operations/", views.status, name="status"),
    path("operations/files/", file_views.files, name="files"),
    path("operations/files/<uuid:uuid>/again/", file_views.again, name="file_again"),
    path("operations/files/strays/", file_views.strays, name="strays"),
]
