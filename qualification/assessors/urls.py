"""Addresses of teams, draws, offers and the pool."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from qualification.assessors.views import offers, pool, team


class EntryConverter(StringConverter):
    """What belongs to an entry of the pool."""

    regex = "|".join(pool.ENTRIES)


register_converter(EntryConverter, "pool_entry")

app_name = "assessors"
urlpatterns = [
    path("applications/<uuid:uuid>/team/", team.team, name="team"),
    path("applications/<uuid:uuid>/team/again/", team.draw_again, name="draw_again"),
    path("draws/<uuid:uuid>/", team.draw, name="draw"),
    path("draws/<uuid:uuid>/record.json", team.draw_json, name="draw_json"),
    path("offers/", offers.index, name="offers"),
    path("offers/<uuid:uuid>/", offers.detail, name="offer"),
    path("offers/<uuid:uuid>/accept/", offers.accept, name="accept"),
    path("offers/<uuid:uuid>/decline/", offers.decline, name="decline"),
    path("assessors/", pool.index, name="pool"),
    path("assessors/me/", pool.me, name="me"),
    path("assessors/new/", pool.add, name="add"),
    path("assessors/<uuid:uuid>/", pool.detail, name="assessor"),
    path("assessors/<uuid:uuid>/edit/", pool.edit, name="edit"),
    path("assessors/<uuid:uuid>/<pool_entry:kind>/new/", pool.entry_add, name="entry_add"),
    path("assessors/<uuid:uuid>/<pool_entry:kind>/<int:pk>/remove/", pool.entry_remove, name="entry_remove"),
]
