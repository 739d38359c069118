"""Addresses of the officers: intake, decision, concurrence, termination."""

from __future__ import annotations

from django.urls import path

from qualification.applications.views import decisions, intake, terminations

urlpatterns = [
    path("applications/<uuid:uuid>/examine/", intake.examine, name="examine"),
    path("applications/<uuid:uuid>/examine/findings/", intake.keep_findings, name="keep_findings"),
    path("applications/<uuid:uuid>/examine/ask/", intake.ask_supplement, name="ask_supplement"),
    path("applications/<uuid:uuid>/examine/accept/", intake.accept, name="accept"),
    path("applications/<uuid:uuid>/examine/refuse/", intake.refuse_acceptance, name="refuse_acceptance"),
    path("applications/<uuid:uuid>/examine/tables/<uuid:table>/", intake.table, name="examine_table"),
    path("applications/<uuid:uuid>/decide/", decisions.decide, name="decide"),
    path("applications/<uuid:uuid>/release/", decisions.release, name="release"),
    path("applications/<uuid:uuid>/retract/", decisions.retract, name="retract"),
    path("applications/<uuid:uuid>/terminate/", terminations.ask, name="ask_termination"),
    path("concurrences/<uuid:uuid>/", decisions.concur, name="concur"),
    path("terminations/<uuid:uuid>/", terminations.answer, name="answer_termination"),
]
