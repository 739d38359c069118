"""Addresses for the public."""

from __future__ import annotations

from django.urls import path

from qualification.certificates.views import public

urlpatterns = [
    path("register/", public.register, name="register"),
    path("register/who-can-test/", public.who_can_test, name="who_can_test"),
    path("register/data/", public.data, name="data"),
    path("register/data/register.json", public.data_json, name="data_json"),
    path("register/data/scope.csv", public.scope_csv, name="scope_csv"),
    path("register/laboratories/<uuid:uuid>/", public.laboratory, name="laboratory"),
    path("c/<str:number>/", public.certificate, name="public"),
    path("verify/", public.verify, name="verify"),
    path("how-to-apply/", public.how_to_apply, name="how_to_apply"),
    path("published/draws/", public.draws, name="draws"),
    path("published/results/", public.results, name="results"),
]
