"""Addresses of the clocks."""

from __future__ import annotations

from django.urls import path

from workflows.clocks import acts, law, views

app_name = "clocks"
urlpatterns = [
    path("<uuid:uuid>/", views.why, name="why"),
    path("<uuid:uuid>/extend/", acts.extend, name="extend"),
    path("<uuid:uuid>/pause/", acts.add_pause, name="add_pause"),
    path("<uuid:uuid>/pauses/<int:pk>/end/", acts.end_pause, name="end_pause"),
    path("<uuid:uuid>/contest/", acts.contest, name="contest_new"),
    path("contests/<uuid:uuid>/", acts.answer, name="contest"),
    path("law/", law.home, name="law"),
    path("law/new/", law.enter, name="enter_law"),
    path("limits/<str:code>/<str:key>/new/", law.enter_limit, name="enter_limit"),
    path("limits/<int:pk>/withdraw/", law.withdraw, name="withdraw_limit"),
    path("limits/<int:pk>/correct/", acts.correct_limit, name="correct_limit"),
]
