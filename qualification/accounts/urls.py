"""Addresses of people."""

from __future__ import annotations

from django.urls import path

from qualification.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.people, name="people"),
    path("add/", views.add, name="add"),
    path("me/", views.own, name="own"),
    path("<uuid:uuid>/name/", views.rename, name="rename"),
    path("<uuid:uuid>/", views.person, name="person"),
    path("<uuid:uuid>/roles/", views.give, name="give"),
    path("<uuid:uuid>/roles/<int:pk>/end/", views.end, name="end"),
    path("<uuid:uuid>/account/", views.switch, name="switch"),
    path("<uuid:uuid>/link/", views.invite, name="invite"),
]
