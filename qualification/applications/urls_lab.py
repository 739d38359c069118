"""Addresses of a laboratory's pages about its own applications."""

from __future__ import annotations

from django.urls import path

from qualification.applications.views import answers, blank, drafts, files, notes
from qualification.applications.views.reuse import reuse

urlpatterns = [
    path("home/", answers.home, name="home"),
    path("applications/", answers.index, name="list"),
    path("applications/start/", drafts.start, name="start"),
    path("applications/<uuid:uuid>/edit/", drafts.edit, name="edit"),
    path("applications/<uuid:uuid>/kinds/", drafts.kinds, name="kinds"),
    path("applications/<uuid:uuid>/missing/", drafts.missing, name="missing"),
    path("applications/<uuid:uuid>/parts/", drafts.parts, name="parts"),
    path("applications/<uuid:uuid>/forms/<slug:code>/", blank.form, name="form"),
    path("applications/<uuid:uuid>/kept/<int:pk>/", drafts.conflict, name="conflict"),
    path("applications/<uuid:uuid>/earlier-files/", reuse, name="reuse"),
    path("applications/<uuid:uuid>/discard/", drafts.discard, name="discard"),
    path("applications/<uuid:uuid>/submit/", drafts.submit, name="submit"),
    path("applications/<uuid:uuid>/files/", files.files, name="files"),
    path("applications/<uuid:uuid>/files/looks/", files.looks, name="looks"),
    path("applications/<uuid:uuid>/files/search/", files.search, name="search_files"),
    path("applications/<uuid:uuid>/files/notes/", notes.notes, name="notes"),
    path("applications/<uuid:uuid>/withdraw/", answers.withdraw, name="withdraw"),
    path("applications/<uuid:uuid>/supplement/", answers.supplement, name="supplement"),
]
