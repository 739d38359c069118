"""Addresses of tasks and cases."""

from __future__ import annotations

from django.urls import path

from workflows.inbox import views

app_name = "inbox"
urlpatterns = [
    path("inbox/", views.home, name="home"),
    path("inbox/team/", views.queue, name="queue"),
    path("cases/", views.cases, name="list"),
    path("cases/<uuid:uuid>/", views.case, name="case"),
    path("cases/<uuid:uuid>/tasks/<int:number>/take/", views.take, name="take"),
    path("cases/<uuid:uuid>/tasks/<int:number>/hand-over/", views.hand_over, name="hand_over"),
    path("cases/<uuid:uuid>/picture/", views.picture, name="picture"),
    path("cases/<uuid:uuid>/picture.svg", views.picture_svg, name="picture_svg"),
    path("process/", views.process, name="process"),
    path("process.svg", views.process_svg, name="process_svg"),
]
