"""Each of the five outcomes of the law set aside after a contest, and what the way and the history of the case say."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from qualification import door
from qualification.accounts.models import User
from qualification.applications.beside import InTheWay
from qualification.applications.models import Application
from qualification.applications.services import drafts, intake
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate
from qualification.models import TransitionLog
from tests.factories.cases import QuickWalk, World
from tests.workflows.clocks.conftest import Ticking, at
from tests.workflows.clocks.contesting import agree, expired, set_aside
from workflows.clocks import contests, sweep
from workflows.clocks.models import Clock, Contest
from workflows.demo.walk import Wish
from workflows.inbox import history
from workflows.inbox.casefile import CaseFile, find
from workflows.inbox.way import Shown, way_of
from workflows.outbox.models import Message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
LAST = dt.date(2026, 9, 30)


def file_of(user: User, application: Application, now: dt.datetime) -> CaseFile:
    found = find(user, application.uuid)
    assert found is not None
    return CaseFile(found, user, now)


def stage(user: User, application: Application, now: dt.datetime, code: str) -> Shown:
    return next(one for one in way_of(file_of(user, application, now)) if one.code == code)


def stream(user: User, application: Application, now: dt.datetime) -> list[str]:
    return [line.what for line in history.stream_of(file_of(user, application, now))]


# Each makes one outcome happen, days late, and says where on the way it is told.


def deemed_accepted(world: World, moments: Ticking) -> tuple[QuickWalk, str, str]:
    walk = world.walk("submit")
    moments.now = at("2026-03-12 09:00")
    sweep.run(moments())
    return walk, "acceptance", "acceptance"


def lapsed(world: World, moments: Ticking) -> tuple[QuickWalk, str, str]:
    walk = world.walk("submit")
    finding = intake.Finding("the proof of legal status is missing")
    intake.ask_supplement(application=walk.application, findings=[finding], by=world.intake, now=moments())
    moments.now = at("2026-04-20 09:00")
    sweep.run(moments())
    return walk, "supplement", "ending"


def offer_expired(world: World, moments: Ticking) -> tuple[QuickWalk, str, str]:
    walk = world.walk("draw_team")
    moments.now = at("2026-03-12 09:00")
    sweep.run(moments())
    return walk, "offer", "team"


def rectification_expired(world: World, moments: Ticking) -> tuple[QuickWalk, str, str]:
    walk = world.walk("conclude", answer_checklist={"mostly": 1})
    moments.now = at("2026-09-01 09:00")
    sweep.run(moments())
    return walk, "rectification", "rectification"


def deemed_renewed(world: World, moments: Ticking) -> tuple[QuickWalk, str, str]:
    """A certificate that ends on 2026-09-30, its renewal handed in in time and accepted."""
    certificate = Certificate.objects.create(
        number="200301210001", laboratory=world.laboratory, authority=world.lead, valid_from=dt.date(2020, 10, 1),
        valid_until=LAST, numbered_at=at("2020-10-01 10:00"),
    )  # fmt: skip
    door.perform(certificate, "activate", by=None, now=at("2020-10-01 11:00"))
    walk = world.walk("accept", wish=Wish(kinds=["renewal"], certificate=certificate))
    moments.now = at("2026-10-05 09:00")
    sweep.run(moments())
    return walk, "validity", "validity"


OUTCOMES = [deemed_accepted, lapsed, offer_expired, rectification_expired, deemed_renewed]
INTERNAL = {"offer"}


def contested(code: str) -> Clock:
    return Clock.objects.select_related("stop_log").filter(code=code, state="expired").order_by("pk")[0]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_contest_is_seen_on_the_way_and_in_the_history(
    world: World, supervisor: User, moments: Ticking, outcome: object
) -> None:
    walk, code, place = outcome(world, moments)  # type: ignore[operator]
    case, clock = walk.application, contested(code)
    made = contests.contest(clock=clock, reason="a storm closed the post office", by=supervisor, now=moments())
    asked = stage(world.decider, case, moments(), place)
    assert "contested on" in asked.notes[-1] or "was contested" in asked.notes[-1]
    assert "Outcome of the law contested" in stream(world.decider, case, moments())
    laboratory = [note for one in way_of(file_of(world.manager, case, moments())) for note in one.notes]
    assert not any("contested" in note.lower() for note in laboratory)
    contests.answer(contest=made, sets_aside=False, text="the notice was received", by=world.decider, now=moments())
    stands = stage(world.decider, case, moments(), place).notes[-1]
    assert (stands.startswith("Contested: ") and "stands" in stands) or "stays expired" in stands
    told = [note for one in way_of(file_of(world.manager, case, moments())) for note in one.notes]
    assert any(note.startswith("Contested: ") for note in told) == (code not in INTERNAL)
    assert "Contested outcome stands" in stream(world.decider, case, moments())


def test_a_deemed_acceptance_has_the_day_of_receipt_and_says_when_it_was_recorded(
    world: World, moments: Ticking
) -> None:
    walk, _code, _place = deemed_accepted(world, moments)
    shown = stage(world.manager, walk.application, moments(), "acceptance")
    assert (shown.status, shown.date, shown.who) == ("law", dt.date(2026, 3, 2), "by law")
    assert shown.notes == ["Deemed accepted by law, dated the day of receipt; recorded on Thu 12 Mar 2026"]


def test_an_expired_rectification_has_failed_and_is_not_done(world: World, moments: Ticking) -> None:
    walk, _code, _place = rectification_expired(world, moments)
    shown = stage(world.manager, walk.application, moments(), "rectification")
    assert (shown.status, shown.who) == ("failed", "by law")
    assert shown.notes == ["The time to rectify ran out: the nonconformities count as not closed"]


def test_a_lapse_is_told_with_the_last_day_of_its_limit(world: World, moments: Ticking) -> None:
    walk, _code, _place = lapsed(world, moments)
    shown = stage(world.manager, walk.application, moments(), "ending")
    assert shown.notes == ["The supplement did not come in time: lapsed with the end of Wed 1 Apr 2026"]


@pytest.mark.parametrize(
    ("outcome", "place"), [(deemed_accepted, "acceptance"), (lapsed, "acceptance"), (rectification_expired, "rectification")]
)  # fmt: skip
def test_what_was_set_aside_says_so_where_the_case_is_now(
    world: World, supervisor: User, moments: Ticking, outcome: object, place: str
) -> None:
    walk, code, _ending = outcome(world, moments)  # type: ignore[operator]
    set_aside(world, contested(code), supervisor, moments)
    shown = stage(world.manager, walk.application, moments(), place)
    assert shown.notes[-1].startswith("Contested: the outcome was set aside on")
    assert shown.status == ("law" if outcome is deemed_accepted else "now")
    agree(walk.application)


def test_an_offer_set_aside_is_excused_and_the_seat_stays_with_the_next(
    world: World, supervisor: User, moments: Ticking
) -> None:
    walk, _code, _place = offer_expired(world, moments)
    clock = contested("offer")
    offers = set(Offer.objects.filter(application=walk.application).values_list("pk", "state"))
    set_aside(world, clock, supervisor, moments)
    clock.refresh_from_db()
    assert (clock.state, clock.excused_by, clock.excuse) == ("expired", world.decider, "accepted")
    assert set(Offer.objects.filter(application=walk.application).values_list("pk", "state")) == offers
    assert Offer.objects.get(pk=clock.subject_id).state == "expired"
    internal = stage(world.decider, walk.application, moments(), "team").notes
    assert internal[-1].startswith("Contested: the expired offer was excused on")
    assert stage(world.manager, walk.application, moments(), "team").notes == []
    agree(walk.application)


def test_a_deemed_renewal_set_aside_expires_the_certificate(
    world: World, supervisor: User, moments: Ticking, client: Client
) -> None:
    walk, _code, _place = deemed_renewed(world, moments)
    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.deemed_renewed_on, certificate.deemed_by) == (
        "valid",
        LAST,
        walk.application,
    )
    before = stage(world.manager, walk.application, moments(), "validity")
    assert (before.status, before.date) == ("law", LAST)
    made = set_aside(world, contested("validity"), supervisor, moments)
    certificate = Certificate.objects.get()
    assert (certificate.state, certificate.deemed_renewed_on, certificate.ended_at) == (
        "expired",
        None,
        made.answered_at,
    )
    assert certificate.state_on(dt.date(2026, 10, 5)) == "expired"
    clock = expired("validity")
    assert (clock.excused_by, clock.excuse) == (world.decider, "accepted")
    log = TransitionLog.objects.get(subject_type="certificates.Certificate", verb="end_deemed_renewal")
    assert (log.by, log.reason, log.target) == (world.decider, "accepted", "expired")
    assert Application.objects.get(pk=walk.application.pk).state == "in_review"
    after = stage(world.manager, walk.application, moments(), "validity")
    assert after.status == "failed" and any(
        note.startswith("Contested: the outcome was set aside") for note in after.notes
    )
    assert "Certificate deemed renewed by law" in stream(world.manager, walk.application, moments())
    assert Message.objects.filter(kind="contest_set_aside", recipient=world.manager).exists()
    with time_machine.travel(moments(), tick=False):
        text = client.get(reverse("certificates:public", args=[certificate.number]), headers={"accept-language": "en"})
    assert "deemed renewed" not in text.content.decode()
    agree(walk.application)


def test_a_deemed_renewal_is_set_aside_once_and_never_when_it_was_replaced(
    world: World, supervisor: User, moments: Ticking
) -> None:
    deemed_renewed(world, moments)
    clock = contested("validity")
    made: Contest = contests.contest(clock=clock, reason="why", by=supervisor, now=moments())
    certificate = Certificate.objects.get()
    door.perform(certificate, "cancel", by=None, now=moments(), reason="replaced")
    with pytest.raises(door.Stale):
        contests.answer(contest=made, sets_aside=True, text="yes", by=world.decider, now=moments())
    assert Contest.objects.get(pk=made.pk).state == "asked"
    assert Certificate.objects.get().state == "cancelled"


def test_the_page_of_the_case_shows_the_notes(client: Client, world: World, moments: Ticking) -> None:
    walk, _code, _place = rectification_expired(world, moments)
    client.force_login(world.manager)
    with time_machine.travel(moments(), tick=False):
        text = client.get(
            reverse("inbox:case", args=[walk.application.uuid]), headers={"accept-language": "en"}
        ).content.decode()
    assert "the nonconformities count as not closed" in text and "time ran out" in text


def test_a_draft_is_shown_with_the_same_part(client: Client, world: World, moments: Ticking) -> None:
    draft = drafts.create(laboratory=world.laboratory, kinds=["first"], by=world.manager, now=moments())
    client.force_login(world.manager)
    with time_machine.travel(moments(), tick=False):
        assert client.get(reverse("applications:edit", args=[draft.uuid])).status_code == 200


def test_a_lapse_is_not_set_aside_beside_another_first_application(
    world: World, supervisor: User, moments: Ticking
) -> None:
    """The laboratory has begun anew meanwhile: two of one laboratory do not run side by side."""
    walk, __, __ = lapsed(world, moments)
    newer = world.walk("submit").application
    assert newer.laboratory == walk.application.laboratory
    made = contests.contest(clock=contested("supplement"), reason="a storm", by=supervisor, now=moments())
    assert newer.reference in contests.why_not(made.clock)
    with pytest.raises(InTheWay, match=newer.reference):
        contests.answer(contest=made, sets_aside=True, text="granted", by=world.decider, now=moments())
    walk.application.refresh_from_db()
    assert walk.application.state == "lapsed"
