"""Certificate clocks: reminders to renew, the period to renew, deemed renewal, plain expiry."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.certificates import renewals
from qualification.certificates.models import Certificate
from qualification.certificates.services import issuing
from qualification.models import TransitionLog
from qualification.regions import limits
from qualification.regions.models import Profile
from tests.factories.regions import promise
from tests.workflows.clocks.certificates import clock, renewal
from tests.workflows.clocks.conftest import at, step
from workflows import consistency
from workflows.clocks import sweep
from workflows.clocks.models import Clock

pytestmark = pytest.mark.django_db
D = dt.date


def test_the_last_day_to_renew_counts_backward_and_never_rolls(certificate: Certificate) -> None:
    found = clock(certificate, "renewal")
    assert (found.due_at, found.until, found.budget, found.unit) == (
        at("2026-02-23 00:00"), D(2026, 5, 22), 3, "months",
    )  # fmt: skip
    assert [[name, dt.datetime.fromisoformat(moment)] for name, moment in found.ladder] == [
        ["remind", at("2025-11-22 09:00")], ["warn", at("2026-01-22 09:00")],
        ["last_day", at("2026-02-22 09:00")], ["expire", at("2026-02-23 00:00")],
    ]  # fmt: skip
    assert (found.application, found.authority, found.next_rung_at) == (
        None, certificate.authority, at("2025-11-22 09:00"),
    )  # fmt: skip


def test_validity_ends_on_its_day_and_the_clocks_agree_with_their_ledger(certificate: Certificate) -> None:
    assert clock(certificate, "validity").due_at == at("2026-05-23 00:00")
    assert list(consistency.findings(Application.objects.none())) == []


def test_reminders_go_at_the_months_of_the_setting(certificate: Certificate) -> None:
    Profile.objects.filter(authority=certificate.authority).update(values={"renewal_first_reminder_months": 12})
    other = Certificate.objects.create(
        number="200301210002", laboratory=certificate.laboratory, authority=certificate.authority,
        valid_from=D(2020, 6, 1), valid_until=D(2026, 5, 31), numbered_at=at("2020-06-01 10:00"),
    )  # fmt: skip
    door.perform(other, "activate", by=None, now=at("2020-06-01 11:00"))
    found = clock(other, "renewal")
    assert found.marks == {"remind": "2025-05-31", "warn": "2026-01-31", "last_day": "2026-02-28"}
    assert found.due_on == D(2026, 2, 28)


def test_a_reminder_whose_day_is_over_is_left_out(certificate: Certificate) -> None:
    door.perform(certificate, "recall", by=_decider(certificate), now=at("2026-02-01 10:00"), reason="x")
    other = Certificate.objects.create(
        number="200301210002", laboratory=certificate.laboratory, authority=certificate.authority,
        valid_from=D(2026, 2, 1), valid_until=D(2026, 5, 22), numbered_at=at("2026-02-01 10:00"),
    )  # fmt: skip
    door.perform(other, "activate", by=None, now=at("2026-02-01 11:00"))
    assert [name for name, _moment in clock(other, "renewal").ladder] == ["last_day", "expire"]


def _decider(certificate: Certificate) -> User:
    from tests.factories.accounts import UserFactory

    return UserFactory.create(member=("decision", certificate.authority))


@pytest.mark.parametrize(("moment", "state"), [("2026-02-22 23:59:59", "stopped"), ("2026-02-23 00:00:00", "running")])
def test_a_renewal_in_time_stops_the_clock_and_a_late_one_is_taken(
    certificate: Certificate, person: User, moment: str, state: str
) -> None:
    renewal(certificate, person, moment)
    assert clock(certificate, "renewal").state == state


def test_another_kind_of_application_does_not_stop_it(certificate: Certificate, person: User) -> None:
    renewal(certificate, person, "2026-01-05 10:00", kinds=("extension",))
    assert clock(certificate, "renewal").state == "running"


def test_a_renewal_withdrawn_in_time_lets_the_period_run_again(certificate: Certificate, person: User) -> None:
    case = renewal(certificate, person, "2026-01-05 10:00")
    step(case, "withdraw", at("2026-01-20 10:00"), by=person)
    again = clock(certificate, "renewal")
    assert (again.state, again.due_on, again.application) == ("running", D(2026, 2, 22), None)
    assert [name for name, _moment in again.ladder] == ["warn", "last_day", "expire"]


def test_a_renewal_withdrawn_after_the_last_day_starts_nothing(certificate: Certificate, person: User) -> None:
    case = renewal(certificate, person, "2026-01-05 10:00")
    step(case, "withdraw", at("2026-02-23 00:00"), by=person)
    assert clock(certificate, "renewal").state == "stopped"


def _log(certificate: Certificate, verb: str) -> Any:
    return TransitionLog.objects.get(subject_type="certificates.Certificate", subject_id=certificate.pk, verb=verb)


def test_the_system_closes_the_period_and_expires_the_certificate(certificate: Certificate) -> None:
    sweep.run(at("2026-02-23 00:05"))
    assert clock(certificate, "renewal").state == "expired"
    assert _log(certificate, "close_renewal").by is None and _log(certificate, "close_renewal").article
    sweep.run(at("2026-05-23 00:00"))
    certificate.refresh_from_db(fields=["ended_at"])
    row = Certificate.objects.get(pk=certificate.pk)
    assert (row.state, row.ended_at, clock(row, "validity").state) == ("expired", at("2026-05-23 00:00"), "expired")
    assert (_log(row, "expire").by, _log(row, "expire").article != "") == (None, True)
    assert clock(row, "validity").breached_at is None


def test_nothing_expires_a_second_before_the_end(certificate: Certificate) -> None:
    sweep.run(at("2026-05-22 23:59:59"))
    assert Certificate.objects.get(pk=certificate.pk).state == "valid"


def test_a_renewal_in_time_and_undecided_is_deemed_granted(certificate: Certificate, person: User) -> None:
    case = renewal(certificate, person, "2026-02-22 23:59:59")
    sweep.run(at("2026-05-23 00:00"))
    row = Certificate.objects.get(pk=certificate.pk)
    assert (row.state, row.deemed_renewed_on, row.deemed_by) == ("valid", D(2026, 5, 22), case)
    assert row.state_on(D(2027, 1, 1)) == "valid"
    log = _log(row, "deem_renewed")
    assert (log.by, log.article, log.facts["application"]) == (None, "《行政许可法》第五十条", "R1")
    assert issuing.expire_due(now=at("2026-06-01 10:00")) == 0


def test_a_late_renewal_is_never_deemed(certificate: Certificate, person: User) -> None:
    renewal(certificate, person, "2026-02-23 00:00")
    sweep.run(at("2026-05-23 00:00"))
    assert Certificate.objects.get(pk=certificate.pk).state == "expired"


def test_a_region_that_sets_another_period_is_followed(certificate: Certificate, person: User) -> None:
    promise(certificate.authority, "renewal_months", 2, since=D(2020, 1, 1))
    renewal(certificate, person, "2026-03-22 12:00")
    assert limits.current().of(certificate.authority_id, "renewal_months", certificate.valid_from).value == 2
    assert renewals.undecided(certificate) is not None


def test_a_renewal_that_has_ended_deems_nothing(certificate: Certificate, person: User) -> None:
    case = renewal(certificate, person, "2026-01-05 10:00")
    step(case, "withdraw", at("2026-05-20 10:00"), by=person)
    sweep.run(at("2026-05-23 00:00"))
    assert Certificate.objects.get(pk=certificate.pk).state == "expired"


@pytest.mark.parametrize(
    ("released", "deemed_on"), [("2026-05-22 23:59:59", None), ("2026-05-23 09:00", D(2026, 5, 22))]
)
def test_a_decision_after_the_end_comes_too_late_even_before_the_sweep(
    certificate: Certificate, person: User, released: str, deemed_on: D | None
) -> None:
    case = renewal(certificate, person, "2026-02-01 10:00")
    for verb, moment in (("accept", "2026-02-03 10:00"), ("conclude_review", "2026-04-01 10:00"),
                         ("decide", "2026-04-10 10:00"), ("refuse", released)):  # fmt: skip
        step(case, verb, at(moment), by=person)
    assert sweep.run(at("2026-05-23 10:00")).failed == 0
    certificate.refresh_from_db(fields=["deemed_renewed_on", "valid_until"])
    assert certificate.deemed_renewed_on == deemed_on
    assert Certificate.objects.get(pk=certificate.pk).state == ("valid" if deemed_on else "expired")


@pytest.mark.parametrize(("rule", "state"), [("withdrawal", "valid"), ("ends", "expired")])
def test_what_a_later_refusal_does_is_a_setting(certificate: Certificate, person: User, rule: str, state: str) -> None:
    Profile.objects.filter(authority=certificate.authority).update(values={"deemed_renewal_refused": rule})
    case = renewal(certificate, person, "2026-01-05 10:00")
    sweep.run(at("2026-05-23 00:00"))
    issuing.refusal_released(Application.objects.get(pk=case.pk), now=at("2026-06-10 10:00"))
    assert Certificate.objects.get(pk=certificate.pk).state == state


def test_a_certificate_that_ends_early_has_no_clock_left(certificate: Certificate) -> None:
    door.perform(certificate, "revoke", by=_decider(certificate), now=at("2026-01-05 10:00"), reason="x")
    assert not Clock.objects.open().of_subject(certificate).exists()
    assert list(consistency.findings(Application.objects.none())) == []
