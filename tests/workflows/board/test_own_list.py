"""Everybody's own list begins with what is due first."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.cases import World
from workflows.clocks.models import Clock


def test_the_own_list_is_sorted_by_what_is_due(world: World, client: Client) -> None:
    cases = [world.walk("submit").application for _number in range(3)]
    for case, days in zip(cases, (9, -2, 4), strict=True):
        due = timezone.now() + dt.timedelta(days=days)
        Clock.objects.filter(application=case).update(due_at=due, started_at=due - dt.timedelta(days=9))
    client.force_login(world.intake)
    listing = client.get(reverse("inbox:home")).context["listing"]
    shown = [row.process.case.application for row in listing.page]
    assert shown == [cases[1], cases[2], cases[0]]
