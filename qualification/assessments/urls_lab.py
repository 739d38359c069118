"""Addresses of a laboratory's pages about the assessment of its own cases."""

from __future__ import annotations

from django.urls import path

from qualification.assessments.views import laboratory

urlpatterns = [
    path("assessments/<uuid:uuid>/hold/", laboratory.hold, name="hold"),
    path("visits/<uuid:uuid>/answer/", laboratory.answer_visit, name="answer_visit"),
    path("assessments/<uuid:uuid>/records/", laboratory.confirm_record, name="confirm_record"),
    path("assessments/<uuid:uuid>/rectification/", laboratory.rectification, name="rectification"),
]
