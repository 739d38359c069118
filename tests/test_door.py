"""The one door: nothing half done, nothing without a rule, nobody late without an answer."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from qualification import door
from qualification.applications.models import Application
from qualification.applications.services import drafts, intake
from qualification.models import TransitionLog
from tests.factories.cases import World
from workflows.clocks.models import Clock

pytestmark = pytest.mark.django_db


def test_an_empty_port_lets_nothing_through(world: World) -> None:
    walk = world.walk("upload_materials")
    filled = door.ports.outbox
    door.ports.outbox = None
    try:
        with pytest.raises(door.PortNotFilled, match="outbox"):
            walk.submit()
    finally:
        door.ports.outbox = filled
    assert Application.objects.get(pk=walk.application.pk).state == "draft"
    assert TransitionLog.objects.count() == 0


def test_who_may_not_is_refused_and_nothing_is_written(world: World) -> None:
    walk = world.walk("submit")
    before = TransitionLog.objects.count()
    with pytest.raises(door.Refused) as caught:
        intake.accept(application=walk.application, by=world.coordinator, now=world.moments())
    assert caught.value.message != ""
    assert (Application.objects.get(pk=walk.application.pk).state, TransitionLog.objects.count()) == (
        "submitted",
        before,
    )


def test_a_verb_without_a_rule_is_refused(world: World) -> None:
    import rules

    walk = world.walk("submit")
    name = "applications.Application.accept"
    rule = rules.permissions.permissions[name]
    rules.remove_perm(name)
    try:
        with pytest.raises(door.Refused):
            intake.accept(application=walk.application, by=world.intake, now=world.moments())
    finally:
        rules.add_perm(name, rule)


def test_whoever_comes_late_is_told_by_whom_and_when(world: World) -> None:
    walk = world.walk("accept")
    with pytest.raises(door.Stale) as caught:
        intake.accept(application=walk.application, by=world.intake, now=world.moments())
    assert world.intake.name in caught.value.message


def test_what_is_missing_is_told_and_nothing_moves(world: World) -> None:
    walk = world.walk("draft")
    with pytest.raises(drafts.NotReady) as caught:
        walk.submit()
    assert caught.value.missing
    assert Application.objects.get(pk=walk.application.pk).state == "draft"
    assert Clock.objects.count() == 0


def test_a_log_row_says_who_what_when_and_why(world: World) -> None:
    walk = world.walk("submit")
    moment = world.moments()
    intake.refuse_acceptance(
        application=walk.application, reasons="不属于职权", article="行政许可法第三十二条", by=world.intake, now=moment
    )
    row = TransitionLog.objects.get(verb="refuse_acceptance")
    assert (row.by, row.at, row.source, row.target) == (world.intake, moment, "submitted", "not_accepted")
    assert (row.reason, row.article) == ("不属于职权", "行政许可法第三十二条")


def test_the_second_tab_is_told_and_loses_nothing(world: World) -> None:
    walk = world.walk("draft")
    application = walk.application
    revision = application.revision
    drafts.save(
        application=application,
        values={"contact_name": "甲"},
        sites=None,
        revision=revision,
        by=world.manager,
        now=world.moments(),
    )
    with pytest.raises(drafts.DraftMovedOn) as caught:
        drafts.save(
            application=application,
            values={"contact_name": "乙"},
            sites=None,
            revision=revision,
            by=world.manager,
            now=world.moments(),
        )
    assert caught.value.conflict.typed == {"contact_name": "乙"}
    assert Application.objects.get(pk=application.pk).contact_name == "甲"


@pytest.mark.parametrize("kinds", [[], ["first", "extension"], ["manager", "extension"]])
def test_kinds_that_do_not_go_together_make_no_draft(world: World, kinds: list[str]) -> None:
    with pytest.raises(ValidationError):
        drafts.create(laboratory=world.laboratory, kinds=kinds, by=world.manager, now=world.moments())
    assert Application.objects.count() == 0


def test_a_pending_decision_is_told_to_nobody_outside_the_lead_authority(world: World) -> None:
    from qualification.applications.services import endings

    walk = world.walk("decide")
    with pytest.raises(door.Stale) as caught:
        endings.withdraw(application=walk.application, reason="场所搬迁", by=world.manager, now=world.moments())
    decided = str(dict(Application._meta.get_field("state").flatchoices)["decided"])
    assert world.decider.name not in caught.value.message
    assert decided not in caught.value.message
    assert world.decider.name not in door.stale_message(walk.application)
    assert world.decider.name in door.stale_message(walk.application, world.intake)
    assert decided in door.stale_message(walk.application, world.intake)


def test_one_certificate_has_one_application_under_way(world: World) -> None:
    from tests.workflows.test_endings import store_paper
    from workflows.demo.walk import Wish

    first = world.walk("issue")
    store_paper(first.application)
    certificate = first.application.edition.certificate
    certificate.refresh_from_db()
    world.walk("submit", wish=Wish(kinds=["renewal"], certificate=certificate))
    with pytest.raises(drafts.NotReady) as caught:
        world.walk("submit", wish=Wish(kinds=["extension", "renewal"], certificate=certificate))
    assert [m.section for m in caught.value.missing] == ["kinds"]
    assert certificate.number in caught.value.missing[0].text


def test_an_assessor_who_is_no_longer_fit_cannot_take_the_seat(world: World) -> None:
    from qualification.assessors import services as assessors
    from qualification.assessors.models import Assessor, Offer

    walk = world.walk("draw_team")
    offer = Offer.objects.filter(application=walk.application).select_related("assessor__user").order_by("pk")[0]
    Assessor.objects.filter(pk=offer.assessor_id).update(standing="suspended")
    with pytest.raises(door.Stale):
        assessors.accept(offer=offer, by=offer.assessor.user, now=world.moments())
    offer.refresh_from_db()
    assert offer.state == "sent"


@pytest.mark.parametrize(("post", "count"), [("top_manager", 3), ("technical_manager", 2)])
def test_a_new_top_manager_needs_the_legal_persons_authorisation(world: World, post: str, count: int) -> None:
    from qualification.applications.queries import wanted_slots

    application = drafts.create(
        laboratory=world.laboratory, kinds=["manager"], by=world.manager, now=world.moments(), manager_post=post, manager_name="孙立新"
    )  # fmt: skip
    assert sum(slot.is_missing for slot in wanted_slots(application)) == count
