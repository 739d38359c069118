"""Addresses of the board."""

from __future__ import annotations

from django.urls import path

from workflows.board import views

app_name = "board"
urlpatterns = [
    path("", views.home, name="home"),
    path("people/", views.people, name="people"),
    path("escalations/", views.escalations, name="escalations"),
    path("time-limits/", views.clocks, name="list"),
]
