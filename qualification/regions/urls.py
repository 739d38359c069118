"""Addresses of the regions' settings."""

from __future__ import annotations

from django.urls import path

from qualification.regions import views

app_name = "regions"
urlpatterns = [
    path("", views.home, name="home"),
    path("dictionaries/", views.dictionaries, name="dictionaries"),
    path("dictionaries/<slug:kind>/<str:code>/", views.entry, name="entry"),
    path("<str:code>/", views.profile, name="profile"),
    path("<str:code>/settings/<slug:key>/", views.change, name="change"),
]
