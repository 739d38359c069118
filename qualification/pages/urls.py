"""The front page and the switch of the language."""

from __future__ import annotations

from django.urls import include, path

from qualification.pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("i18n/", include("django.conf.urls.i18n")),
]
