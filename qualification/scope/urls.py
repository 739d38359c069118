"""Addresses of the capability tables."""

from __future__ import annotations

from django.urls import path

from qualification.scope import row_views, views

app_name = "scope"
urlpatterns = [
    path("applications/<uuid:application>/upload/", views.upload, name="upload"),
    path("tables/<uuid:table>/", views.table_page, name="table"),
    path("tables/<uuid:table>/rows/", views.rows, name="rows"),
    path("tables/<uuid:table>/print/", views.print_page, name="print"),
    path("tables/<uuid:table>/findings/", views.problems, name="problems"),
    path("tables/<uuid:table>/findings.csv", views.problems_csv, name="problems_csv"),
    path("tables/<uuid:table>/export/", views.export, name="export"),
    path("tables/<uuid:table>/delete/", views.table_delete, name="table_delete"),
    path("tables/<uuid:table>/add/", row_views.row_add, name="row_add"),
    path("tables/<uuid:table>/confirm/", row_views.confirm_many, name="confirm_many"),
    path("rows/<uuid:row>/edit/", row_views.row_edit, name="row_edit"),
    path("rows/<uuid:row>/delete/", row_views.row_delete, name="row_delete"),
    path("rows/<uuid:row>/confirm/", row_views.row_confirm, name="row_confirm"),
]
