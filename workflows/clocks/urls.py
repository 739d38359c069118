"""Addresses of the clocks."""

from __future__ import annotations

from django.urls import path

from workflows.clocks import views

app_name = "clocks"
urlpatterns = [path("<uuid:uuid>/", views.why, name="why")]
