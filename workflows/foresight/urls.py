"""Addresses of foresight."""

from __future__ import annotations

from django.urls import path

from workflows.foresight import views

app_name = "foresight"
urlpatterns = [
    path("", views.forecasts, name="list"),
    path("hit-rate/", views.hits, name="hits"),
    path("what-if/", views.what_if, name="what_if"),
    path("what-if/holiday/", views.holiday, name="holiday"),
    path("what-if/limits/", views.limits, name="limits"),
    path("what-if/absence/", views.away, name="away"),
]
