"""Addresses of the feeds."""

from __future__ import annotations

from django.urls import path

from workflows.deadlines import views

app_name = "deadlines"
urlpatterns = [
    path("calendar/<str:secret>.ics", views.feed, name="feed"),
    path("deadlines/programs/", views.settings_page, name="settings"),
    path("deadlines/programs/<str:scope>/make/", views.make, name="make"),
    path("deadlines/programs/<str:scope>/off/", views.switch_off, name="switch_off"),
]
