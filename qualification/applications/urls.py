"""Addresses of applications: the laboratory's and the officers'."""

from __future__ import annotations

from qualification.applications import urls_lab, urls_officer

app_name = "applications"
urlpatterns = [*urls_lab.urlpatterns, *urls_officer.urlpatterns]
