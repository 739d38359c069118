"""Addresses for staff: issue, list, one certificate."""

from __future__ import annotations

from django.urls import path

from qualification.certificates.views import issuing

urlpatterns = [
    path("applications/<uuid:uuid>/issue/", issuing.issue, name="issue"),
    path("applications/<uuid:uuid>/issue/again/", issuing.retry, name="retry"),
    path("certificates/", issuing.listing, name="list"),
    path("certificates/<uuid:uuid>/", issuing.detail, name="detail"),
    path("certificates/<uuid:uuid>/end/", issuing.end, name="end"),
]
