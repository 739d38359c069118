"""A renewal and an extension of one certificate side by side: whichever is issued first, nothing granted is lost."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification import door
from qualification.applications.services import drafts
from qualification.certificates import staff
from qualification.certificates.models import Certificate
from qualification.certificates.services import issuing
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.factories.cases import QuickWalk, World
from tests.workflows.test_endings import store_paper
from workflows.demo.walk import WAY, Wish

pytestmark = pytest.mark.django_db
OLD = {"pH值", "化学需氧量"}


class Ticking:
    """A clock that goes on a little with each act."""

    def __init__(self) -> None:
        self.now = timezone.now() - dt.timedelta(days=2)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


@pytest.fixture
def world() -> World:
    found = World(joint=False, moments=Ticking())
    found.enlarge_pool()
    return found


@pytest.fixture
def certificate(world: World) -> Certificate:
    found = issue(world.walk("release"))
    assert found.state == "valid"
    return found


def walk_on(walk: QuickWalk, after: str, last: str) -> None:
    for stage in WAY[WAY.index(after) + 1 : WAY.index(last) + 1]:
        getattr(walk, stage)()


def begun(world: World, certificate: Certificate, *kinds: str, items: tuple[str, ...] = ()) -> QuickWalk:
    """A complete draft; `items` are the names of its two abilities."""
    walk = world.walk("upload_tables", wish=Wish(kinds=sorted(kinds), certificate=certificate))
    rows = CapabilityRow.objects.filter(table__application=walk.application, level="parameter").order_by("pk")
    for row, name in zip(rows, items, strict=False):
        row.name = name
        row.save()
    walk.upload_materials()
    return walk


def side_by_side(
    world: World, certificate: Certificate, items: tuple[str, ...] = ("氨氮", "总磷")
) -> tuple[QuickWalk, QuickWalk]:
    """A renewal and an extension by some abilities, both handed in."""
    renewal, extension = begun(world, certificate, "renewal"), begun(world, certificate, "extension", items=items)
    extension.submit()
    renewal.submit()
    return renewal, extension


@pytest.fixture
def both(world: World, certificate: Certificate) -> tuple[QuickWalk, QuickWalk]:
    """An extension and a renewal that have been decided and are to be issued."""
    renewal, extension = side_by_side(world, certificate)
    for walk in (renewal, extension):
        walk_on(walk, "submit", "release")
    return renewal, extension


def issue(walk: QuickWalk) -> Certificate:
    walk.issue()
    store_paper(walk.application)
    walk.application.refresh_from_db()
    assert walk.application.state == "issued"
    found: Certificate = walk.application.edition.certificate
    found.refresh_from_db()
    return found


def names(certificate: Certificate) -> list[str]:
    lines = certificate.editions.order_by("-number")[0].lines.filter(level="parameter")
    return sorted(lines.values_list("name", flat=True))


def test_the_extension_issued_first_goes_over_into_the_renewed_certificate(
    certificate: Certificate, both: tuple[QuickWalk, QuickWalk]
) -> None:
    renewal, extension = both
    assert issue(extension) == certificate
    assert names(certificate) == sorted(OLD | {"氨氮", "总磷"})
    renewed = issue(renewal)
    certificate.refresh_from_db()
    assert (renewed.replaces, certificate.state) == (certificate, "cancelled")
    assert names(renewed) == sorted(OLD | {"氨氮", "总磷"})
    grant = renewed.editions.get().grants.get()
    assert grant.lines.filter(level="parameter").count() == 4


def test_the_extension_issued_afterwards_goes_on_upon_the_renewed_certificate(
    certificate: Certificate, both: tuple[QuickWalk, QuickWalk]
) -> None:
    renewal, extension = both
    renewed = issue(renewal)
    assert names(renewed) == sorted(OLD)
    extension.application.refresh_from_db()
    assert extension.application.certificate == renewed
    assert issue(extension) == renewed
    assert names(renewed) == sorted(OLD | {"氨氮", "总磷"})
    assert renewed.editions.count() == 2
    certificate.refresh_from_db()
    assert certificate.state == "cancelled"


@pytest.mark.parametrize("first", [0, 1])
def test_one_is_not_issued_while_the_paper_of_the_other_is_being_made(
    both: tuple[QuickWalk, QuickWalk], first: int
) -> None:
    one, other = both[first], both[1 - first]
    one.issue()
    with pytest.raises(door.Stale, match=r"already being made|正在制作"):
        other.issue()
    store_paper(one.application)
    other.application.refresh_from_db()
    issue(other)
    assert names(Certificate.objects.get(state="valid")) == sorted(OLD | {"氨氮", "总磷"})


def test_what_the_renewal_applied_for_itself_counts_as_judged_in_it(world: World, certificate: Certificate) -> None:
    renewal, extension = side_by_side(world, certificate, ("氨氮", "化学需氧量"))
    for walk in (extension, renewal):
        walk_on(walk, "submit", "release")
        issue(walk)
    assert names(Certificate.objects.get(state="valid")) == sorted(OLD | {"氨氮"})


def test_an_extension_issued_before_the_renewal_was_handed_in_is_not_taken_over_unasked(
    world: World, certificate: Certificate
) -> None:
    extension = begun(world, certificate, "extension", items=("氨氮", "总磷"))
    walk_on(extension, "upload_materials", "release")
    issue(extension)
    renewal = begun(world, certificate, "renewal")
    walk_on(renewal, "upload_materials", "release")
    issue(renewal)
    assert names(Certificate.objects.get(state="valid")) == sorted(OLD)


@pytest.mark.parametrize("kinds", [("renewal",), ("extension", "renewal")])
def test_two_of_a_kind_do_not_go_side_by_side(world: World, certificate: Certificate, kinds: tuple[str, ...]) -> None:
    one = begun(world, certificate, "renewal")
    one.submit()
    other = begun(world, certificate, *kinds)
    with pytest.raises(drafts.NotReady, match=one.application.reference):
        other.submit()


ENDED = r"nothing can be granted or issued|不得据此准予许可或者发证"


def ends(world: World, certificate: Certificate, verb: str = "revoke") -> None:
    issuing.end(
        certificate=certificate, verb=verb, reason="以欺骗手段取得。", article="行政许可法第六十九条", by=world.decider,
        now=world.moments(),
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["revoke", "recall", "withdraw_by_law", "cancel"])
def test_neither_is_issued_upon_a_certificate_that_ended_otherwise(
    world: World, certificate: Certificate, both: tuple[QuickWalk, QuickWalk], verb: str
) -> None:
    ends(world, certificate, verb)
    for walk in both:
        with pytest.raises(door.Stale, match=ENDED):
            walk.issue()
    assert Certificate.objects.count() == 1


@pytest.mark.parametrize("kind", ["renewal", "extension"])
def test_neither_is_granted_upon_a_certificate_that_ended_otherwise(
    world: World, certificate: Certificate, kind: str
) -> None:
    walk = begun(world, certificate, kind)
    walk_on(walk, "upload_materials", "concur")
    other = begun(world, certificate, *({"renewal", "extension"} - {kind}))
    walk_on(other, "upload_materials", "decide")
    ends(world, certificate)
    with pytest.raises(ValidationError, match=ENDED):
        walk.decide()
    with pytest.raises(door.Stale, match=ENDED):
        other.release()
    walk.decide("refuse", "证书已撤销。", "行政许可法第三十八条")
    walk.release()
    assert walk.application.state == "refused"


@pytest.mark.parametrize("kind", ["renewal", "extension"])
def test_only_a_renewal_is_granted_when_the_validity_is_over(world: World, certificate: Certificate, kind: str) -> None:
    walk = begun(world, certificate, kind)
    walk_on(walk, "upload_materials", "concur")
    Certificate.objects.filter(pk=certificate.pk).update(state="expired", ended_at=world.moments())
    if kind == "renewal":
        walk.decide()
        walk.release()
        assert issue(walk).replaces == certificate
        return
    with pytest.raises(ValidationError, match=ENDED):
        walk.decide()


def committed_extension(world: World, certificate: Certificate) -> QuickWalk:
    """An extension by commitment that is certified, and the check of which has found it untrue."""
    walk = world.walk("upload_tables", wish=Wish(kinds=["extension"], procedure="commitment", certificate=certificate))
    rows = CapabilityRow.objects.filter(table__application=walk.application, level="parameter").order_by("pk")
    for row, name in zip(rows, ("氨氮", "总磷"), strict=True):
        row.name = name
        row.save()
    walk.upload_materials()
    walk.submit()
    return walk


def test_a_renewal_waits_for_a_false_extension_and_leaves_it_out(world: World, certificate: Certificate) -> None:
    extension = committed_extension(world, certificate)
    renewal = begun(world, certificate, "renewal")
    renewal.submit()
    for act in ("accept", "concur", "decide", "release"):
        getattr(extension, act)()
    issue(extension)
    for act in ("draw_team", "accept_offers"):
        getattr(extension, act)()
    extension.record_check("false", "设备不存在。")
    walk_on(renewal, "submit", "release")
    with pytest.raises(door.Stale, match=extension.application.reference):
        renewal.issue()
    Certificate.objects.filter(pk=certificate.pk).update(state="expired", ended_at=world.moments())
    extension.revoke()
    assert names(issue(renewal)) == sorted(OLD)


def test_a_renewal_that_takes_over_food_is_numbered_as_food(world: World, certificate: Certificate) -> None:
    renewal, extension = side_by_side(world, certificate)
    CapabilityTable.objects.filter(application=extension.application).update(is_food=True)
    for walk in (extension, renewal):
        walk_on(walk, "submit", "release")
    assert issuing.field_code_of(renewal.application) == "12"
    issue(extension)
    number = staff.preview(renewal.application, now=world.moments()).number
    assert (number[4:6], issue(renewal).number[4:6]) == ("00", "00")


def test_the_preview_of_a_renewal_counts_what_it_takes_over(
    world: World, certificate: Certificate, both: tuple[QuickWalk, QuickWalk]
) -> None:
    renewal, extension = both
    assert [g["taken_over"] for g in staff.preview(renewal.application, now=world.moments()).grants] == [0]
    issue(extension)
    (grant,) = staff.preview(renewal.application, now=world.moments()).grants
    assert (grant["sites"], grant["taken_over"]) == ([(world.sites[0], 4)], 2)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(world.issuer)
    page = client.get(reverse("certificates:issue", args=[renewal.application.uuid])).content.decode()
    assert "含已并入的扩项 2 项" in page


def test_an_extension_issued_afterwards_adds_nothing_that_the_renewal_has_judged(
    world: World, certificate: Certificate
) -> None:
    renewal, extension = side_by_side(world, certificate, ("氨氮", "化学需氧量"))
    for walk in (renewal, extension):
        walk_on(walk, "submit", "release")
        issue(walk)
    assert names(Certificate.objects.get(state="valid")) == sorted(OLD | {"氨氮"})


def test_an_extension_of_its_own_may_judge_an_ability_anew(world: World, certificate: Certificate) -> None:
    extension = begun(world, certificate, "extension", items=("氨氮", "化学需氧量"))
    walk_on(extension, "upload_materials", "release")
    issue(extension)
    assert names(certificate) == sorted([*OLD, "氨氮", "化学需氧量"])
