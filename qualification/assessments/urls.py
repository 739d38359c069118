"""Addresses of the assessment: the team's pages, and those of the laboratory."""

from __future__ import annotations

from django.urls import path

from qualification.assessments import urls_lab
from qualification.assessments.views import check, file_review, report, visit

app_name = "assessments"
urlpatterns = [
    path("assessments/<uuid:uuid>/file/", file_review.review, name="file_review"),
    path("assessments/<uuid:uuid>/dates/", file_review.propose, name="propose"),
    path("assessments/<uuid:uuid>/visit/", visit.checkin, name="visit"),
    path("assessments/<uuid:uuid>/visit/checklist/", visit.checklist, name="checklist"),
    path("assessments/<uuid:uuid>/visit/checklist/rest/", visit.answer_rest, name="answer_rest"),
    path("assessments/<uuid:uuid>/visit/checklist/<int:number>/", visit.answer, name="answer"),
    path("assessments/<uuid:uuid>/visit/records/", visit.records, name="records"),
    path("assessments/<uuid:uuid>/visit/records/<int:number>/", visit.record, name="record"),
    path("assessments/<uuid:uuid>/visit/abilities/", visit.capability, name="capability"),
    path("assessments/<uuid:uuid>/visit/abilities/<uuid:table>/", visit.capability_table, name="capability_table"),
    path("assessments/<uuid:uuid>/visit/conclude/", visit.conclude, name="conclude"),
    path("assessments/<uuid:uuid>/verification/", report.verification, name="verification"),
    path("assessments/<uuid:uuid>/report/", report.report, name="report"),
    path("checks/<uuid:uuid>/", check.check, name="check"),
    *urls_lab.urlpatterns,
]
