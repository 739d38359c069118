"""Addresses of the laboratories' pages."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from qualification.laboratories import import_views, views
from qualification.laboratories.enums import Register


class RegisterConverter(StringConverter):
    """One of the registers."""

    regex = "|".join(Register.values)


register_converter(RegisterConverter, "register")

app_name = "laboratories"
urlpatterns = [
    path("", views.index, name="list"),
    path("mine/", views.mine, name="mine"),
    path("new/", views.create, name="create"),
    path("templates/<register:register>/", import_views.template, name="template"),
    path("imports/<uuid:uuid>/", import_views.preview, name="import"),
    path("imports/<uuid:uuid>/take-over/", import_views.take_over, name="import_take_over"),
    path("imports/<uuid:uuid>/discard/", import_views.discard, name="import_discard"),
    path("<uuid:uuid>/", views.detail, name="detail"),
    path("<uuid:uuid>/edit/", views.edit, name="edit"),
    path("<uuid:uuid>/sites/new/", views.site_new, name="site_new"),
    path("<uuid:uuid>/sites/<uuid:entry>/edit/", views.site_edit, name="site_edit"),
    path("<uuid:uuid>/sites/<uuid:entry>/active/", views.site_active, name="site_active"),
    path("<uuid:uuid>/<register:register>/", views.register, name="register"),
    path("<uuid:uuid>/<register:register>/new/", views.entry_new, name="entry_new"),
    path("<uuid:uuid>/<register:register>/import/", import_views.upload, name="import_upload"),
    path("<uuid:uuid>/<register:register>/<uuid:entry>/edit/", views.entry_edit, name="entry_edit"),
    path("<uuid:uuid>/<register:register>/<uuid:entry>/active/", views.entry_active, name="entry_active"),
]
