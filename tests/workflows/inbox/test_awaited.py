"""While a supplement is awaited everybody reads so, and until when; the law's state stays as it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Task

from qualification.accounts.models import User
from qualification.applications.listing import ApplicationListPage, home
from qualification.pages.dates import say_date
from tests.factories.cases import QuickWalk, World
from workflows.clocks.models import Clock
from workflows.flows import QualificationFlow
from workflows.inbox.lists import by_state

pytestmark = [pytest.mark.django_db, pytest.mark.one_region, pytest.mark.usefixtures("english")]


@pytest.fixture
def walk(world: World) -> QuickWalk:
    made = world.walk("submit")
    made.ask_supplement("质量手册缺少公正性承诺")
    return made


def page(user: User, name: str, *args: Any, **query: str) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client.get(reverse(name, args=args), query).content.decode()


def until(walk: QuickWalk) -> dt.date:
    due = Clock.objects.get(application=walk.application, code="supplement").due_on
    assert due is not None
    return due


def test_the_case_reads_that_a_supplement_is_awaited_and_until_when(world: World, walk: QuickWalk) -> None:
    day = say_date(until(walk))
    staff = page(world.intake, "inbox:case", walk.application.uuid)
    assert f"supplement awaited, until {day}" in staff
    assert "waiting for acceptance" not in staff
    own = page(world.manager, "inbox:case", walk.application.uuid)
    assert f"to be supplemented by you, until {day}" in own
    assert "submitted, being examined" not in own
    assert "Acceptance (supplement awaited)" in staff
    assert "Acceptance (supplement awaited)" in own
    walk.application.refresh_from_db()
    assert walk.application.state == "submitted"


def test_staff_have_nothing_to_do_meanwhile_but_read_who_is_waited_for(world: World, walk: QuickWalk) -> None:
    examine = reverse("applications:examine", args=[walk.application.uuid])
    staff = page(world.intake, "inbox:case", walk.application.uuid)
    assert examine not in staff
    assert "What you can do now" not in staff
    assert f"Hand in the supplement: <strong>{world.laboratory} · {world.manager}</strong>" in staff
    Task.objects.filter(flow_task=QualificationFlow.supplement).update(owner=None)
    staff = page(world.intake, "inbox:case", walk.application.uuid)
    assert f"Hand in the supplement: <strong>{world.laboratory}</strong>" in staff
    walk.hand_in_supplement()
    assert examine in page(world.intake, "inbox:case", walk.application.uuid)


def test_it_reads_so_until_the_supplement_is_there(world: World, walk: QuickWalk) -> None:
    walk.hand_in_supplement()
    staff = page(world.intake, "inbox:case", walk.application.uuid)
    assert "waiting for acceptance" in staff
    assert "supplement awaited" not in staff
    assert "submitted, being examined" in page(world.manager, "inbox:case", walk.application.uuid)


def test_a_notice_that_is_only_being_written_changes_nothing(world: World) -> None:
    from qualification.applications.services import intake

    walk = world.walk("submit")
    intake.keep_findings(
        application=walk.application, findings=[intake.Finding("缺页")], by=world.intake, now=timezone.now()
    )
    assert "waiting for acceptance" in page(world.intake, "inbox:case", walk.application.uuid)


def test_the_lists_read_so_and_are_filtered_by_it(world: World, walk: QuickWalk) -> None:
    other = world.walk("submit").application
    rows = [walk.application, other]
    for value, found in (("supplement_awaited", rows[:1]), ("submitted", rows[1:])):
        listed = by_state(type(other).objects.order_by("pk"), value, frozenset())
        assert list(listed) == found
        staff = page(world.intake, "inbox:list", state=value)
        own = page(world.manager, "applications:list", state=value)
        for case in rows:
            assert (case.reference in staff) == (case.reference in own) == (case in found)
    assert "to be supplemented by you" in page(world.manager, "applications:home")


def test_the_home_of_the_laboratory_asks_once_for_all_rows(
    world: World, walk: QuickWalk, django_assert_num_queries: Any
) -> None:
    for _number in range(2):
        world.walk("submit")
    latest = home(User.objects.get(pk=world.manager.pk), timezone.now())["latest"]
    with django_assert_num_queries(0):
        assert sorted(case.state_meta_for("laboratory")["label"] for case in latest) == [
            "submitted, being examined", "submitted, being examined", "to be supplemented by you",
        ]  # fmt: skip


def test_the_export_says_the_same(world: World, walk: QuickWalk, rf: Any) -> None:
    request = rf.get("/")
    request.user = world.manager
    listing = ApplicationListPage(request, type(walk.application).objects.order_by("pk"), world.manager)
    column = next(c for c in listing.columns if c.key == "state")
    assert column.value(walk.application) == "to be supplemented by you"
