"""Addresses of certificates: for the public and for staff."""

from __future__ import annotations

from qualification.certificates import urls_public, urls_staff

app_name = "certificates"
urlpatterns = [*urls_public.urlpatterns, *urls_staff.urlpatterns]
