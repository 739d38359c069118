"""Addresses of the viewer; they belong to `documents`."""

from __future__ import annotations

from django.urls import path

from documents.looking import note_views, views

urlpatterns = [
    path("look/<uuid:version_id>/", views.look, name="look"),
    path("look/<uuid:version_id>/pages/<int:page>/<int:width>.webp", views.picture, name="look_picture"),
    path("look/<uuid:version_id>/beside/<uuid:other_id>/", views.compare, name="compare"),
    path("look/<uuid:version_id>/beside/<uuid:other_id>/changes/", views.changes, name="changes"),
    path("look/<uuid:version_id>/notes/", note_views.add, name="note_add"),
    path("notes/<uuid:note_id>/edit/", note_views.edit, name="note_edit"),
    path("notes/<uuid:note_id>/withdraw/", note_views.withdraw, name="note_withdraw"),
    path("notes/<uuid:note_id>/settle/", note_views.settle, name="note_settle"),
]
