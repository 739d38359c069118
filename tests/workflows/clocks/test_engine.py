"""The engine: what the steps of a case do to its clocks."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.accounts.models import User
from qualification.applications.models import Application, Concurrence, SupplementRequest
from qualification.assessments.models import Assessment, Edition, Rectification, Visit
from qualification.pages.dates import say_moment
from qualification.regions import calendars
from qualification.regions.models import Profile
from tests.factories.regions import authority, promise
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks.engine import ClockError, TooLate
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock

pytestmark = pytest.mark.django_db
D = dt.date


def _clocks(case: Application) -> dict[str, str]:
    return {clock.code: clock.state for clock in Clock.objects.filter(application=case)}


@pytest.fixture
def assessment(in_review: Application) -> Assessment:
    edition = Edition.objects.create(code="2023-21", name_zh="准则", in_force_from=D(2023, 12, 1))
    return Assessment.objects.create(application=in_review, edition=edition, opened_at=at("2026-03-03 10:00"))


@pytest.fixture
def rectification(assessment: Assessment) -> Rectification:
    return Rectification.objects.create(application=assessment.application, assessment=assessment, days=10)


def test_receipt_starts_the_acceptance_clock(submitted: Application) -> None:
    clock = clock_of(submitted, "acceptance")
    assert (clock.started_at, clock.started_on) == (at("2026-03-02 10:00"), D(2026, 3, 2))
    assert (clock.budget, clock.unit, clock.state) == (5, "working", ClockState.RUNNING)
    assert (clock.due_at, clock.due_on) == (at("2026-03-10 00:00"), D(2026, 3, 9))
    # 80 % of 5 is the 4th working day.
    assert clock.next_rung_at == at("2026-03-06 09:00")
    assert clock.start_log is not None and clock.start_log.verb == "submit"


def test_a_receipt_late_at_night_belongs_to_the_day_in_shanghai(draft: Application) -> None:
    step(draft, "submit", dt.datetime(2026, 3, 2, 15, 59, 59, tzinfo=dt.UTC))
    assert clock_of(draft, "acceptance").started_on == D(2026, 3, 2)


def test_a_receipt_after_midnight_in_shanghai_counts_from_that_day(draft: Application) -> None:
    step(draft, "submit", dt.datetime(2026, 3, 2, 16, 0, tzinfo=dt.UTC))
    assert clock_of(draft, "acceptance").due_on == D(2026, 3, 10)


def test_acceptance_stops_one_clock_and_starts_the_review(in_review: Application) -> None:
    assert _clocks(in_review) == {"acceptance": "stopped", "technical_review": "running"}
    stopped = clock_of(in_review, "acceptance")
    assert (stopped.stopped_at, stopped.breached_at, stopped.next_rung_at) == (at("2026-03-03 10:00"), None, None)
    assert stopped.stop_log is not None and stopped.stop_log.verb == "accept"
    assert clock_of(in_review, "technical_review").due_on == D(2026, 4, 15)


def test_a_region_may_promise_less(draft: Application) -> None:
    Profile.objects.create(authority=draft.authority, values={"rungs_at": "08:30"})
    promise(draft.authority, "acceptance_days", 3)
    step(draft, "submit", at("2026-03-02 10:00"))
    clock = clock_of(draft, "acceptance")
    assert (clock.budget, clock.due_on) == (3, D(2026, 3, 5))
    assert clock.next_rung_at == at("2026-03-05 08:30")


# The boundary


def test_an_act_a_second_before_the_due_moment_is_in_time(submitted: Application) -> None:
    step(submitted, "accept", at("2026-03-09 23:59:59"))
    assert clock_of(submitted, "acceptance").breached_at is None


@pytest.mark.parametrize("moment", ["2026-03-10 00:00:00", "2026-03-10 00:00:01"])
def test_after_the_due_moment_the_law_has_decided(submitted: Application, moment: str) -> None:
    with pytest.raises(TooLate) as refused:
        step(submitted, "accept", at(moment))
    assert say_moment(at("2026-03-10 00:00")) in refused.value.message
    submitted.refresh_from_db(fields=["accepted_at"])
    assert Application.objects.get(pk=submitted.pk).state == "submitted"
    assert _clocks(submitted) == {"acceptance": "running"}


def test_deemed_acceptance_counts_the_review_from_the_receipt(submitted: Application) -> None:
    step(submitted, "deem_accepted", at("2026-03-10 00:05"))
    assert _clocks(submitted) == {"acceptance": "expired", "technical_review": "running"}
    assert clock_of(submitted, "acceptance").breached_at == at("2026-03-10 00:00")
    review = clock_of(submitted, "technical_review")
    assert (review.started_on, review.started_at) == (D(2026, 3, 2), at("2026-03-02 00:00"))
    assert review.due_on == D(2026, 4, 14)


def test_nothing_expires_before_its_time(submitted: Application) -> None:
    with pytest.raises(ClockError):
        step(submitted, "deem_accepted", at("2026-03-09 23:59:59"))
    assert _clocks(submitted) == {"acceptance": "running"}


def test_a_late_act_where_the_law_decides_nothing_is_taken_and_recorded(in_review: Application) -> None:
    step(in_review, "conclude_review", at("2026-04-20 10:00"))
    review = clock_of(in_review, "technical_review")
    assert (review.state, review.breached_at) == ("stopped", at("2026-04-16 00:00"))
    assert clock_of(in_review, "decision").due_on == D(2026, 5, 7)


def test_withdrawal_is_possible_after_any_limit(submitted: Application) -> None:
    step(submitted, "withdraw", at("2026-03-10 00:00:01"))
    clock = clock_of(submitted, "acceptance")
    assert (clock.state, clock.breached_at) == ("stopped", at("2026-03-10 00:00"))


# The supplement


@pytest.fixture
def supplement(submitted: Application) -> SupplementRequest:
    supplement = SupplementRequest.objects.create(application=submitted)
    step(supplement, "send", at("2026-03-04 10:00"))
    return supplement


def test_the_notice_ends_the_first_clock_and_starts_the_laboratorys(supplement: SupplementRequest) -> None:
    assert _clocks(supplement.application) == {"acceptance": "stopped", "supplement": "running"}
    clock = clock_of(supplement.application, "supplement")
    assert (clock.subject_type, clock.subject_id) == ("applications.SupplementRequest", supplement.pk)
    # 30 calendar days end on Friday 2026-04-03.
    assert (clock.unit, clock.due_on) == ("calendar", D(2026, 4, 3))


def test_the_supplement_starts_the_second_clock(supplement: SupplementRequest) -> None:
    step(supplement, "hand_in", at("2026-03-20 10:00"))
    assert _clocks(supplement.application) == {
        "acceptance": "stopped", "supplement": "stopped", "acceptance_after_supplement": "running",
    }  # fmt: skip
    assert clock_of(supplement.application, "acceptance_after_supplement").due_on == D(2026, 3, 27)


def test_acceptance_after_the_supplement_may_be_late(supplement: SupplementRequest) -> None:
    step(supplement, "hand_in", at("2026-03-20 10:00"))
    step(supplement.application, "accept", at("2026-03-30 10:00"))
    assert clock_of(supplement.application, "acceptance_after_supplement").breached_at == at("2026-03-28 00:00")


def test_a_supplement_after_its_limit_is_refused(supplement: SupplementRequest) -> None:
    with pytest.raises(TooLate):
        step(supplement, "hand_in", at("2026-04-04 00:00"))
    assert clock_of(supplement.application, "supplement").state == "running"


def test_a_lapse_ends_the_case_and_its_clock(supplement: SupplementRequest) -> None:
    step(supplement, "lapse", at("2026-04-04 00:00"))
    step(supplement.application, "lapse", at("2026-04-04 00:00"))
    clock = clock_of(supplement.application, "supplement")
    assert (clock.state, clock.breached_at) == ("expired", None)


def test_a_lapse_of_the_case_alone_expires_it_too(supplement: SupplementRequest) -> None:
    step(supplement.application, "lapse", at("2026-04-04 00:00"))
    assert clock_of(supplement.application, "supplement").state == "expired"


# Pauses


def test_rectification_pauses_the_review(rectification: Rectification, person: User) -> None:
    case = rectification.application
    step(rectification, "notify", at("2026-03-10 15:00"), by=person, reason="three items")
    review = clock_of(case, "technical_review")
    assert (review.state, review.due_at, review.next_rung_at) == ("paused", None, None)
    assert clock_of(case, "rectification").due_on == D(2026, 3, 24)
    interval = review.intervals.get()
    assert (interval.cause, interval.reason, interval.paused_by) == (
        "assessments.Rectification.notify", "three items", person,
    )  # fmt: skip
    step(rectification, "hand_in", at("2026-03-20 09:00"), by=person)
    review.refresh_from_db()
    # Days 1-5 ran through 03-10; 25 more from 03-23 on, around the holiday of 04-06 ... 04-04..04-06.
    assert (review.state, review.due_on) == ("running", D(2026, 4, 27))
    assert review.intervals.get().resumed_at == at("2026-03-20 09:00")
    assert _clocks(case)["verification"] == "running"


def test_pause_and_resumption_on_one_day_move_nothing(rectification: Rectification) -> None:
    before = clock_of(rectification.application, "technical_review").due_at
    step(rectification, "notify", at("2026-03-10 09:00"))
    step(rectification, "hand_in", at("2026-03-10 17:00"))
    assert clock_of(rectification.application, "technical_review").due_at == before


def test_a_failed_rectification_lets_the_review_go_on(rectification: Rectification) -> None:
    step(rectification, "notify", at("2026-03-10 15:00"))
    step(rectification, "expire", at("2026-03-25 00:00"))
    assert _clocks(rectification.application) == {
        "acceptance": "stopped", "technical_review": "running", "rectification": "expired",
    }  # fmt: skip


def test_a_late_sweep_gives_the_review_no_days(rectification: Rectification) -> None:
    """The rectification ended on the 24th at 24:00; that the worker stood still until the 31st moves nothing."""
    step(rectification, "notify", at("2026-03-10 15:00"))
    step(rectification, "expire", at("2026-03-31 10:00"))
    review = clock_of(rectification.application, "technical_review")
    assert review.intervals.get().resumed_at == at("2026-03-25 00:00")
    assert review.due_on == D(2026, 4, 30)


def test_another_date_pauses_and_only_a_new_proposal_resumes(assessment: Assessment) -> None:
    case = assessment.application
    dates = {"from_on": D(2026, 4, 1), "to_on": D(2026, 4, 2)}
    first = Visit.objects.create(application=case, assessment=assessment, **dates)
    step(first, "propose", at("2026-03-09 10:00"))
    assert not clock_of(case, "technical_review").intervals.exists()
    step(first, "ask_other", at("2026-03-10 10:00"))
    assert clock_of(case, "technical_review").state == "paused"
    second = Visit.objects.create(application=case, assessment=assessment, **dates)
    step(second, "propose", at("2026-03-12 10:00"))
    review = clock_of(case, "technical_review")
    assert (review.state, review.due_on) == ("running", D(2026, 4, 17))


def test_a_pause_ends_only_by_its_own_ground(rectification: Rectification) -> None:
    case, assessment = rectification.application, rectification.assessment
    step(rectification, "notify", at("2026-03-10 15:00"))
    visit = Visit.objects.create(application=case, assessment=assessment, from_on=D(2026, 4, 1), to_on=D(2026, 4, 2))
    step(visit, "propose", at("2026-03-12 10:00"))
    assert clock_of(case, "technical_review").state == "paused"
    with pytest.raises(ClockError):
        step(visit, "ask_other", at("2026-03-13 10:00"))


def test_a_hold_pauses_both_clocks(assessment: Assessment) -> None:
    case = assessment.application
    Assessment.objects.filter(pk=assessment.pk).update(state="offering")
    assessment = Assessment.objects.get(pk=assessment.pk)
    step(assessment, "complete_team", at("2026-03-06 10:00"))
    step(assessment, "hold_file", at("2026-03-09 10:00"))
    assert {c.code: c.state for c in Clock.objects.open()} == {"technical_review": "paused", "file_review": "paused"}
    step(assessment, "resume_file", at("2026-03-11 10:00"))
    assert clock_of(case, "file_review").due_on == D(2026, 3, 17)
    step(assessment, "pass_file", at("2026-03-12 10:00"))
    assert clock_of(case, "file_review").state == "stopped"


def test_a_limit_longer_than_the_setting_cannot_start(rectification: Rectification) -> None:
    promise(rectification.application.authority, "rectification_max_days", 9)
    with pytest.raises(ClockError):
        step(rectification, "notify", at("2026-03-10 15:00"))
    assert Rectification.objects.get(pk=rectification.pk).state == "draft"


def test_concurrence_runs_for_the_authority_asked(in_review: Application) -> None:
    step(in_review, "conclude_review", at("2026-03-16 10:00"))
    for code in ("01", "02"):
        row = Concurrence.objects.create(application=in_review, authority=authority(code))
        step(row, "request", at("2026-03-16 10:00"))
    step(row, "agree", at("2026-03-17 10:00"))
    clocks = Clock.objects.filter(code="concurrence").order_by("authority__code")
    assert [(c.authority.code, c.state) for c in clocks] == [("01", "running"), ("02", "stopped")]


def test_a_case_that_ends_stops_every_open_clock(rectification: Rectification) -> None:
    step(rectification, "notify", at("2026-03-10 15:00"))
    step(rectification.application, "terminate", at("2026-03-12 15:00"))
    assert not Clock.objects.open().exists()
    assert _clocks(rectification.application) == {
        "acceptance": "stopped", "technical_review": "stopped", "rectification": "stopped",
    }  # fmt: skip


def test_a_second_clock_of_a_kind_cannot_start(submitted: Application) -> None:
    Application.objects.filter(pk=submitted.pk).update(state="draft", submitted_at=None)
    with pytest.raises(ClockError):
        step(Application.objects.get(pk=submitted.pk), "submit", at("2026-03-03 10:00"))


def test_what_a_step_costs(draft: Application, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    """Four of each are the test's own: the savepoint and its release, the row, its log."""
    own = 4
    calendars.current()
    with django_assert_num_queries(own + 2):
        step(draft, "submit", at("2026-03-02 10:00"))
    with django_assert_num_queries(own + 3):
        step(draft, "accept", at("2026-03-03 10:00"))
    with django_assert_num_queries(own + 3):
        step(draft, "conclude_review", at("2026-03-04 10:00"))
    with django_assert_num_queries(own):
        step(draft, "decide", at("2026-03-05 10:00"))
