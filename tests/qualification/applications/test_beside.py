"""Which applications of one laboratory are open beside one another; who comes second is told which is in the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.applications.beside import InTheWay
from qualification.applications.models import Application
from qualification.applications.services import drafts, intake
from qualification.laboratories.models import Laboratory
from tests.factories.cases import QuickWalk, World
from tests.qualification.applications.test_queries import certificate_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_region, pytest.mark.usefixtures("english")]


@pytest.fixture
def browser(world: World) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.manager)
    return client


def two(world: World) -> tuple[QuickWalk, QuickWalk]:
    """Two first applications of the world's laboratory, both complete."""
    return world.walk("upload_materials"), world.walk("upload_materials")


def begin(laboratory: Laboratory, world: World) -> Application:
    return drafts.create(laboratory=laboratory, kinds=["first"], by=world.manager, now=timezone.now())


def link(case: Application) -> str:
    return f'href="{reverse("inbox:case", args=[case.uuid])}"'


def test_no_first_application_is_begun_beside_an_open_one(world: World, browser: Client) -> None:
    case = world.walk("submit").application
    with pytest.raises(InTheWay, match=f"The first application {case.reference} is under way") as told:
        begin(world.laboratory, world)
    assert told.value.case == case
    for answer in (
        browser.get(reverse("applications:start")),
        browser.post(reverse("applications:start"), {"kinds": "first"}),
    ):
        page = answer.content.decode()
        assert f"The first application {case.reference} is under way" in page
        assert link(case) in page
    assert Application.objects.get() == case


def test_another_laboratory_is_not_kept_from_it(world: World) -> None:
    one, other = world.walk("submit"), world.walk("submit")
    assert one.application.laboratory != other.application.laboratory
    assert {one.application.state, other.application.state} == {"submitted"}


def test_the_second_one_is_not_handed_in_and_is_told_of_the_first(world: World, browser: Client) -> None:
    one, other = two(world)
    one.submit()
    with pytest.raises(drafts.NotReady) as told:
        other.submit()
    assert [m.case for m in told.value.missing] == [one.application]
    assert (
        link(one.application)
        in browser.get(reverse("applications:submit", args=[other.application.uuid])).content.decode()
    )


def test_the_next_one_is_taken_when_the_first_has_ended(world: World) -> None:
    one, other = two(world)
    one.submit()
    intake.refuse_acceptance(
        application=one.application, reasons="不属于本机关职权范围", article="行政许可法第三十二条", by=world.intake,
        now=timezone.now(),
    )  # fmt: skip
    other.submit()
    assert other.application.state == "submitted"


def test_a_draft_does_not_become_a_first_application_beside_an_open_one(world: World, browser: Client) -> None:
    draft = drafts.create(laboratory=world.laboratory, kinds=["manager"], by=world.manager, now=timezone.now())
    case = world.walk("submit").application
    answer = browser.post(reverse("applications:kinds", args=[draft.uuid]), {"kinds": "first", "version": "1"})
    assert answer.status_code == 422
    assert link(case) in answer.content.decode()
    draft.refresh_from_db()
    assert draft.kinds == ["manager"]


def start_url(kind: str) -> str:
    return f"{reverse('applications:start')}?laboratory={{laboratory}}&amp;kinds={kind}&amp;certificate={{certificate}}"


@pytest.mark.parametrize(
    ("kinds", "offered"),
    [
        (["extension"], {"renewal"}), (["renewal"], {"extension"}), (["extension", "renewal"], set()), (["address"], set()),
        (["manager"], {"renewal", "extension"}),
    ],
)  # fmt: skip
def test_home_offers_only_what_can_be_handed_in_and_leads_to_what_is_in_the_way(
    world: World, browser: Client, kinds: list[str], offered: set[str]
) -> None:
    certificate = certificate_of(world.laboratory, timezone.localdate() + dt.timedelta(days=400), "230312050001")
    case = drafts.create(
        laboratory=world.laboratory, kinds=kinds, by=world.manager, now=timezone.now(),
        certificate=None if kinds == ["manager"] else certificate,
    )  # fmt: skip
    starts = {
        kind: start_url(kind).format(laboratory=world.laboratory.uuid, certificate=certificate.uuid)
        for kind in ("renewal", "extension")
    }
    page = browser.get(reverse("applications:home")).content.decode()
    assert all(start in page for start in starts.values())
    Application.objects.filter(pk=case.pk).update(
        state="submitted", reference="03-2026-000009", submitted_at=timezone.now(), submitted_by=world.manager
    )
    page = browser.get(reverse("applications:home")).content.decode()
    assert {kind for kind, start in starts.items() if start in page} == offered
    waits = {kind for kind in starts if kind not in offered}
    assert ("can be handed in on this certificate" in page) == bool(waits)
    if not waits:
        return
    held = page[page.index('class="held"') : page.index('id="latest"')]
    assert held.count(link(case)) == 1
    asked = {"laboratory": world.laboratory.uuid, "kinds": sorted(waits), "certificate": certificate.uuid}
    assert "03-2026-000009" in browser.get(reverse("applications:start"), asked).content.decode()
