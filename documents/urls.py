"""Addresses of files and slots."""

from __future__ import annotations

from django.urls import include, path

from documents import sorting_views, upload_views, views

app_name = "documents"

urlpatterns = [
    path("slots/<slug:owner_kind>/<uuid:owner_id>/<slug:code>/", views.slot, name="slot"),
    path("slots/<slug:owner_kind>/<uuid:owner_id>/<slug:code>/upload/", views.upload, name="upload"),
    path("uploads/<slug:owner_kind>/<uuid:owner_id>/", upload_views.uploads, name="uploads"),
    path("uploads/complete/", upload_views.complete, name="upload_complete"),
    path("sort/<slug:owner_kind>/<uuid:owner_id>/", sorting_views.sort, name="sort"),
    path("uploads/<uuid:upload_id>/", upload_views.upload, name="upload_state"),
    path("uploads/<uuid:upload_id>/links/", upload_views.links, name="upload_links"),
    path("uploads/<uuid:upload_id>/parts/<int:number>/", upload_views.part, name="upload_part"),
    path("uploads/<uuid:upload_id>/give-up/", upload_views.give_up, name="upload_give_up"),
    path("all/<slug:owner_kind>/<uuid:owner_id>/", views.download_all, name="download_all"),
    path(
        "all/<slug:owner_kind>/<uuid:owner_id>/handed-in/<uuid:snapshot>/",
        views.download_all,
        name="download_handed_in",
    ),
    path("all/<slug:owner_kind>/<uuid:owner_id>/<slug:code>/", views.download_all, name="download_slot"),
    path("versions/<uuid:version_id>/remove/", views.remove, name="remove"),
    path("", include("documents.looking.urls")),
    path("<uuid:file_id>/", views.download, name="download"),
]
