"""Addresses of the worker's page."""

from __future__ import annotations

from django.urls import path

from workflows.jobs import views

app_name = "jobs"
urlpatterns = [path("operations/", views.status, name="status")]
