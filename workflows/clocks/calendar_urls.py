"""Addresses of the calendars."""

from __future__ import annotations

from django.urls import path

from workflows.clocks import calendar_views as views

app_name = "calendars"
urlpatterns = [
    path("", views.home, name="home"),
    path("import/", views.import_year, name="import"),
    path("changes/<uuid:uuid>/", views.change, name="change"),
    path("changes/<uuid:uuid>/progress/", views.progress, name="progress"),
    path("changes/<uuid:uuid>/discard/", views.discard, name="discard"),
    path("changes/<uuid:uuid>/again/", views.again, name="again"),
    path("<str:place>/<int:year>/", views.year, name="year"),
    path("<str:place>/<int:year>/edit/", views.edit, name="edit"),
    path("<str:place>/<int:year>/editions/<int:number>/", views.edition, name="edition"),
    path("<str:place>/<int:year>/editions/<int:number>/restore/", views.restore, name="restore"),
]
