"""Every exported list writes a due moment with its time zone, and says when it is provisional."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from qualification.accounts.enums import Role
from tests.factories.cases import World
from workflows.clocks.models import Clock, Rung

pytestmark = pytest.mark.django_db
DUE = "Due moment (exclusive)"


def exported(client: Client, name: str) -> dict[str, str]:
    """The first row of a list's file."""
    answer = client.get(reverse(name), {"export": "csv"}, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return next(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("is_provisional", [True, False])
@pytest.mark.parametrize(
    ("name", "role"),
    [("inbox:queue", Role.INTAKE), ("inbox:list", Role.INTAKE), ("board:list", Role.SLA_ADMIN)],
)  # fmt: skip
def test_the_file_says_until_when_and_how_sure(client: Client, name: str, role: Role, is_provisional: bool) -> None:
    world = World(joint=False)
    world.walk("submit")
    clock = Clock.objects.get(code="acceptance")
    Clock.objects.update(is_provisional=is_provisional)
    client.force_login(world.intake if role == Role.INTAKE else world.user(role, world.lead))
    row = exported(client, name)
    assert row[DUE].endswith("T00:00:00+08:00") and row[DUE][:10] > str(clock.due_on)
    assert row["provisional"] == ("yes" if is_provisional else "")


@pytest.mark.parametrize("is_provisional", [True, False])
def test_an_escalation_says_it_on_the_page_and_in_the_file(client: Client, is_provisional: bool) -> None:
    world = World(joint=False)
    world.walk("submit")
    clock = Clock.objects.get(code="acceptance")
    Clock.objects.update(is_provisional=is_provisional)
    Rung.objects.create(clock=clock, name="escalate", due_at=clock.due_at, fired_at=world.moments())
    client.force_login(world.user(Role.SLA_ADMIN, world.lead))
    row = exported(client, "board:escalations")
    assert (row["Last day"], row["provisional"]) == (str(clock.due_on), "yes" if is_provisional else "")
    page = client.get(reverse("board:escalations"), headers={"accept-language": "en"}).content.decode()
    assert ('<span class="due-provisional">provisional</span>' in page) == is_provisional
