"""Notice and commitment: from the receipt to the result of the check, and what follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from documents.papers.models import Paper
from qualification import door
from qualification.applications.bars import bar_of
from qualification.applications.models import Application
from qualification.applications.services import decisions, intake
from qualification.assessments.models import CommitmentCheck
from qualification.assessments.services import checking
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate
from qualification.certificates.services import issuing
from qualification.models import TransitionLog
from tests.factories.cases import QuickWalk, World
from workflows.clocks.models import Clock
from workflows.consistency import findings
from workflows.demo.walk import Wish
from workflows.follow import open_tasks, process_of
from workflows.outbox import limits
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _papers_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stored paper does; how it is made and signed is tested elsewhere."""

    def store(walk: QuickWalk) -> None:
        issuing.paper_stored(walk.application.edition.paper)

    monkeypatch.setattr(QuickWalk, "make_papers", store)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def world() -> World:
    return World()


def walked(world: World, last: str, **options: object) -> QuickWalk:
    return world.walk(last, wish=Wish(procedure="commitment"), **options)


def steps(walk: QuickWalk) -> list[str]:
    return sorted(task.flow_task.name for task in open_tasks(walk.application))


def clocks(walk: QuickWalk) -> list[str]:
    return sorted(Clock.objects.open().filter(application=walk.application).values_list("code", flat=True))


def agreed(walk: QuickWalk) -> list[str]:
    return list(findings([Application.objects.get(pk=walk.application.pk)]))


@pytest.mark.parametrize(
    ("last", "state", "open_steps", "open_clocks"),
    [
        ("submit", "submitted", ["examine"], ["acceptance"]),
        ("accept", "reviewed", ["concur"], ["commitment_decision", "concurrence"]),
        ("concur", "reviewed", ["decide"], ["commitment_decision"]),
        ("decide", "decided", ["release"], ["commitment_decision"]),
        ("release", "granted", ["draw_checkers", "issue"], ["commitment_check_at_once", "commitment_issue"]),
        ("issue", "issuing", ["draw_checkers", "sign"], ["commitment_check_at_once", "commitment_issue"]),
        ("make_papers", "issued", ["draw_checkers"], ["commitment_check_at_once"]),
        ("draw_team", "issued", ["answer_offer", "answer_offer"], ["commitment_check_at_once", "offer", "offer"]),
        ("accept_offers", "issued", ["check"], ["commitment_check_at_once"]),
        ("record_check", "issued", [], []),
    ],
)
def test_the_way(world: World, last: str, state: str, open_steps: list[str], open_clocks: list[str]) -> None:
    walk = walked(world, last)
    assert (walk.application.state, steps(walk), clocks(walk)) == (state, open_steps, open_clocks)
    assert agreed(walk) == []


def test_a_true_commitment_ends_the_process_and_keeps_the_certificate(world: World) -> None:
    walk = walked(world, "record_check")
    process = process_of(walk.application)
    assert process is not None and process.finished is not None
    assert Certificate.objects.get().state == "valid"
    assert (walk.check.state, walk.check.conclusion, walk.assessment.state) == ("done", "true", "reported")


def test_one_site_needs_no_concurrence() -> None:
    walk = walked(World(joint=False), "accept")
    assert (walk.application.state, steps(walk), agreed(walk)) == ("reviewed", ["decide"], [])


def test_the_abilities_are_certified_as_declared(world: World) -> None:
    walk = walked(world, "make_papers")
    assert set(walk.rows().values_list("verdict", "confirmed_by_means", "is_approved")) == {
        ("confirmed", "declared", True)
    }


def test_the_check_may_end_before_the_issue(world: World) -> None:
    walk = walked(world, "release")
    for act in ("draw_team", "accept_offers", "record_check"):
        getattr(walk, act)()
        assert agreed(walk) == []
    assert steps(walk) == ["issue"]
    walk.issue()
    walk.make_papers()
    walk.application.refresh_from_db()
    assert (walk.application.state, steps(walk), agreed(walk)) == ("issued", [], [])


def test_a_false_commitment_is_revoked(world: World) -> None:
    walk = walked(world, "record_check", record_check={"conclusion": "false", "said": "设备不存在。"})
    assert (steps(walk), agreed(walk)) == (["revoke"], [])
    walk.revoke()
    assert (Certificate.objects.get().state, walk.check.state, steps(walk)) == ("revoked", "settled", [])
    assert agreed(walk) == []
    process = process_of(walk.application)
    assert process is not None and process.finished is not None


def test_a_grant_without_a_certificate_is_revoked_and_nothing_is_issued(world: World) -> None:
    walk = walked(world, "release")
    walk.draw_team()
    walk.accept_offers()
    walk.record_check("false", "设备不存在。")
    with pytest.raises(door.Stale, match="seriously untrue"):
        walk.issue()
    assert agreed(walk) == []
    walk.revoke()
    walk.application.refresh_from_db()
    assert (walk.application.state, steps(walk), clocks(walk)) == ("refused", [], [])
    assert not Certificate.objects.exists()
    assert agreed(walk) == []
    assert TransitionLog.objects.filter(application=walk.application, verb="annul").count() == 1


def test_a_true_commitment_is_not_revoked(world: World) -> None:
    walk = walked(world, "record_check")
    with pytest.raises(door.Stale, match="nothing to revoke"):
        walk.revoke()


@pytest.mark.parametrize("last", ["make_papers", "draw_team", "accept_offers"])
def test_a_certificate_that_ends_otherwise_ends_the_check(world: World, last: str) -> None:
    walk = walked(world, last)
    issuing.end(
        certificate=Certificate.objects.get(), verb="cancel", reason="机构终止。", article="行政许可法第七十条",
        by=world.decider, now=world.moments(),
    )  # fmt: skip
    assert (walk.check.state, steps(walk), clocks(walk), agreed(walk)) == ("void", [], [], [])


def test_the_check_of_an_extension_has_three_months_unless_a_standard_is_mandatory(world: World) -> None:
    first = world.walk("make_papers")
    wish = Wish(kinds=["extension"], procedure="commitment", certificate=Certificate.objects.get())
    walk = world.walk("decide", wish=wish)
    walk.release()
    clock = Clock.objects.get(application=walk.application, code="commitment_check")
    released = walk.application.released_at or walk.check.ordered_at
    assert released is not None and clock.unit == "months"
    assert (walk.check.is_at_once, clock.holder) == (False, world.coordinator)
    assert first.application.pk != walk.application.pk and agreed(walk) == []


def test_mandatory_standards_are_checked_at_once(world: World) -> None:
    world.walk("make_papers")
    wish = Wish(kinds=["extension"], procedure="commitment", certificate=Certificate.objects.get())
    walk = world.walk("decide", wish=wish)
    row = walk.rows().order_by("pk")[0]
    row.standards = [{"number": "GB 11214-1989", "kind": "national"}]
    row.save(update_fields=["standards"])
    walk.release()
    assert walk.check.is_at_once
    assert clocks(walk) == ["commitment_check_at_once", "commitment_issue"]


def test_deemed_accepted_a_commitment_goes_to_the_decision() -> None:
    moment = dt.datetime(2026, 3, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    world = World(joint=False, moments=lambda: moment)
    walk = walked(world, "submit")
    late = moment + dt.timedelta(days=8)
    intake.deem_accepted(application=walk.application, now=late)
    walk.application.refresh_from_db()
    assert (walk.application.state, steps(walk), clocks(walk)) == ("reviewed", ["decide"], ["commitment_decision"])
    assert Clock.objects.get(application=walk.application, code="commitment_decision").due_on == dt.date(2026, 3, 9)


def test_who_has_the_tasks_holds_the_limits(world: World) -> None:
    walk = walked(world, "release")
    held = dict(Clock.objects.open().filter(application=walk.application).values_list("code", "holder"))
    assert held == {"commitment_issue": world.issuer.pk, "commitment_check_at_once": world.coordinator.pk}
    walk.draw_team()
    walk.accept_offers()
    held = dict(Clock.objects.open().filter(application=walk.application).values_list("code", "holder"))
    assert held == {"commitment_issue": world.issuer.pk, "commitment_check_at_once": walk.leader.pk}


def test_only_the_leader_records_and_only_once_the_team_is_complete(world: World) -> None:
    walk = walked(world, "accept_offers")
    with pytest.raises(door.Refused):
        checking.record(check=walk.check, conclusion="true", findings="", by=world.coordinator, now=world.moments())
    assert CommitmentCheck.objects.get().state == "ordered"


def found_false(world: World) -> QuickWalk:
    return walked(world, "record_check", record_check={"conclusion": "false", "said": "设备不存在。"})


def successor(certificate: Certificate, now: dt.datetime, **values: object) -> Certificate:
    """The renewal of a certificate, in force; the certificate is cancelled for it."""
    made: Certificate = Certificate.objects.create(
        number=f"{int(certificate.number) + 1:012d}", laboratory=certificate.laboratory, authority=certificate.authority,
        valid_from=certificate.valid_from, valid_until=certificate.valid_until, numbered_at=now, replaces=certificate,
        **{"state": "valid", "activated_at": now, **values},
    )  # fmt: skip
    Certificate.objects.filter(pk=certificate.pk).update(state="cancelled", ended_at=now)
    return made


def sealed(walk: QuickWalk, kind: str) -> str:
    paper = Paper.objects.get(owner_id=walk.application.uuid, kind=f"notice.{kind}")
    return " ".join([*paper.context["paragraphs"], *paper.context["closing"]])


def test_a_false_commitment_is_revoked_in_the_certificate_that_replaced_its_own(world: World) -> None:
    walk = found_false(world)
    old = Certificate.objects.get()
    renewed = successor(successor(old, world.moments()), world.moments())
    walk.revoke()
    renewed.refresh_from_db()
    old.refresh_from_db()
    assert (renewed.state, old.state, walk.check.state, steps(walk)) == ("revoked", "cancelled", "settled", [])
    assert renewed.number in sealed(walk, "revocation") and old.number not in sealed(walk, "revocation")


def test_a_false_commitment_is_settled_where_no_certificate_is_in_force(world: World) -> None:
    walk = found_false(world)
    Certificate.objects.update(state="expired", ended_at=world.moments())
    page = browser_page(world, walk)
    assert "no longer in force" in page and "reports may no longer" not in page
    walk.revoke()
    assert (Certificate.objects.get().state, walk.check.state, steps(walk)) == ("expired", "settled", [])
    assert bar_of(world.laboratory, timezone.localdate(world.moments())) is not None
    told = Message.objects.filter(application=walk.application, kind="grant_revoked")
    assert world.manager.pk in set(told.values_list("recipient", flat=True))


def browser_page(world: World, walk: QuickWalk) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.decider)
    return client.get(reverse("assessments:check", args=[walk.check.uuid])).content.decode()


def test_who_revokes_and_who_is_told_reads_that_the_whole_certificate_goes(world: World) -> None:
    walk = found_false(world)
    number = Certificate.objects.get().number
    assert f"The whole certificate {number} is revoked" in browser_page(world, walk)
    walk.revoke()
    assert number in sealed(walk, "revocation")


def test_before_the_issue_nothing_is_said_of_the_register(world: World) -> None:
    walk = walked(world, "release")
    walk.draw_team()
    walk.accept_offers()
    walk.record_check("false", "设备不存在。")
    page = browser_page(world, walk)
    assert "no certificate is issued" in page and "reports may no longer" not in page
    walk.revoke()
    assert "整张" not in sealed(walk, "revocation")


@pytest.mark.parametrize("last", ["make_papers", "accept_offers"])
def test_a_check_goes_on_when_its_certificate_is_replaced_and_ends_with_the_successor(world: World, last: str) -> None:
    walk = walked(world, last)
    renewed = successor(Certificate.objects.get(), world.moments())
    assert walk.check.state == "ordered"
    issuing.end(
        certificate=renewed, verb="recall", reason="依据的法律修改。", article="行政许可法第八条", by=world.decider, now=world.moments()
    )  # fmt: skip
    assert (walk.check.state, steps(walk)) == ("void", [])
    assert not {code for code in clocks(walk) if code.startswith("commitment_check")}


def test_nothing_is_revoked_while_a_certificate_is_being_signed(world: World) -> None:
    walk = found_false(world)
    renewed = successor(Certificate.objects.get(), world.moments(), state="pending", activated_at=None)
    with pytest.raises(door.Stale, match=r"just being signed|正在签章"):
        walk.revoke()
    Certificate.objects.filter(pk=renewed.pk).update(state="valid", activated_at=world.moments())
    walk.revoke()
    assert walk.check.state == "settled"


def test_nothing_is_revoked_while_the_case_is_being_issued(world: World) -> None:
    walk = walked(world, "issue")
    for act in ("draw_team", "accept_offers"):
        getattr(walk, act)()
    walk.record_check("false", "设备不存在。")
    with pytest.raises(door.Stale, match=r"just being signed|正在签章"):
        walk.revoke()
    assert walk.check.state == "done"


WARNED = "依据《中华人民共和国行政许可法》第七十八条，你单位自本决定之日起一年内不得再次申请该行政许可，并予以警告。"


@pytest.mark.parametrize("is_false", [True, False])
def test_a_refusal_for_false_material_says_so_in_its_paper(world: World, is_false: bool) -> None:
    not_taken, refused = walked(world, "submit"), world.walk("concur", wish=Wish(procedure="commitment"))
    words = {"reasons": "提供虚假材料。", "article": "行政许可法第七十八条", "is_false_material": is_false}
    intake.refuse_acceptance(application=not_taken.application, by=world.intake, now=world.moments(), **words)
    decisions.decide(application=refused.application, outcome="refuse", by=world.decider, now=world.moments(), **words)
    refused.release()
    for walk, kind in ((not_taken, "not_accepted"), (refused, "refusal")):
        assert (WARNED in sealed(walk, kind)) is is_false


def made_special(walk: QuickWalk) -> None:
    row = walk.rows().order_by("pk")[0]
    row.name = "保健食品中铅"
    row.save(update_fields=["name"])


def test_what_became_special_food_is_neither_handed_in_nor_accepted_by_commitment(world: World) -> None:
    walk = walked(world, "submit")
    walk.ask_supplement("请补正能力表。")
    made_special(walk)
    with pytest.raises(ValidationError, match="保健食品中铅"):
        walk.hand_in_supplement()
    walk.rows().update(name="铅")
    walk.hand_in_supplement()
    made_special(walk)
    with pytest.raises(door.Stale, match="保健食品中铅"):
        walk.accept()
    assert (steps(walk), clocks(walk)) == (["examine_again"], ["acceptance_after_supplement"])


@pytest.mark.parametrize("kinds", [["first"], ["extension"]])
def test_an_empty_pool_tells_the_limit_of_the_check(world: World, kinds: list[str]) -> None:
    certificate = None
    if kinds == ["extension"]:
        world.walk("make_papers")
        certificate = Certificate.objects.get()
    walk = world.walk("release", wish=Wish(kinds=kinds, procedure="commitment", certificate=certificate))
    message = Message(
        kind="pool_empty", application=walk.application, subject_type="assessments.Assessment",
        subject_id=walk.assessment.pk, facts={},
    )  # fmt: skip
    clock = Clock.objects.get(application=walk.application, code__startswith="commitment_check")
    assert limits.deadline(message, walk.assessment)["limit"] == clock.policy.label


@pytest.mark.parametrize(("role", "words"), [("leader", "record its conclusion"), ("member", "hand in its evidence")])
def test_who_is_offered_a_seat_reads_what_a_check_asks_of_them(world: World, role: str, words: str) -> None:
    walk = walked(world, "draw_team")
    offer = Offer.objects.select_related("assessor__user").filter(application=walk.application, seat__role=role)[0]
    client = Client(headers={"accept-language": "en"})
    client.force_login(offer.assessor.user)
    page = client.get(reverse("assessors:offer", args=[offer.uuid])).content.decode()
    assert words in page and "checklist" not in page and "rectification" not in page
