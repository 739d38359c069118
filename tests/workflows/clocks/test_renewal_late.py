"""The end of a validity is judged as of its own moment, however late the system records it."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification import door
from qualification.accounts.models import User
from qualification.applications.models import Application, SupplementRequest
from qualification.certificates.models import Certificate
from qualification.models import TransitionLog
from qualification.regions.models import Profile
from tests.factories.regions import promise
from tests.workflows.clocks.certificates import clock, renewal
from tests.workflows.clocks.conftest import at, step
from workflows import consistency
from workflows.clocks import sweep

pytestmark = pytest.mark.django_db
D = dt.date
IN_TIME, LATE = "2026-02-22 23:59:59", "2026-02-23 00:00:00"
END = D(2026, 5, 23)  # the first day after the validity
TO_DECISION = (("accept", "2026-02-27 10:00"), ("conclude_review", "2026-04-01 10:00"), ("decide", "2026-04-10 10:00"))


def fresh(certificate: Certificate) -> Certificate:
    return Certificate.objects.get(pk=certificate.pk)


def decided(case: Application, person: User, verb: str, moment: str) -> None:
    for name, when in TO_DECISION:
        step(case, name, at(when), by=person)
    step(case, verb, at(moment), by=person)


def swept_days_late(certificate: Certificate) -> Certificate:
    """What the register said before the worker came back is what it says afterwards."""
    before = fresh(certificate).state_on(END)
    assert sweep.run(at("2026-05-28 08:00")).failed == 0
    after = fresh(certificate)
    assert after.state_on(D(2026, 5, 28)) == before
    assert list(consistency.findings(Application.objects.none())) == []
    return after


@pytest.mark.parametrize(("moment", "shown"), [(IN_TIME, "valid"), (LATE, "expired")])
def test_the_register_says_it_before_the_sweep_has_come_by(
    certificate: Certificate, person: User, moment: str, shown: str
) -> None:
    step(renewal(certificate, person, moment), "accept", at("2026-02-27 10:00"), by=person)
    row = fresh(certificate)
    assert (row.state, row.deemed_renewed_on) == ("valid", None)
    assert (row.state_on(D(2026, 5, 22)), row.state_on(END)) == ("valid", shown)
    assert row.deemed_on(END) == (D(2026, 5, 22) if shown == "valid" else None)
    assert row.deemed_on(D(2026, 5, 22)) is None
    assert swept_days_late(certificate).state == shown


@pytest.mark.parametrize(
    ("moment", "deemed"), [("2026-05-22 23:59:59", False), ("2026-05-23 00:00", True), ("2026-05-24 10:00", True)]
)
def test_a_renewal_withdrawn_before_the_sweep_counts_as_it_stood_at_the_end(
    certificate: Certificate, person: User, moment: str, deemed: bool
) -> None:
    case = renewal(certificate, person, IN_TIME)
    step(case, "withdraw", at(moment), by=person)
    row = swept_days_late(certificate)
    assert (row.deemed_renewed_on is not None) == deemed
    assert row.state == ("valid" if deemed else "expired")


@pytest.mark.parametrize(("released", "shown"), [("2026-05-22 23:59:59", "expired"), ("2026-05-24 10:00", "valid")])
def test_a_renewal_granted_and_not_issued_at_the_end_was_decided(
    certificate: Certificate, person: User, released: str, shown: str
) -> None:
    decided(renewal(certificate, person, IN_TIME), person, "grant", released)
    assert fresh(certificate).state_on(END) == shown
    assert swept_days_late(certificate).state == shown


@pytest.mark.parametrize(("rule", "shown"), [("withdrawal", "valid"), ("ends", "expired")])
def test_a_refusal_after_the_end_and_before_the_sweep(
    certificate: Certificate, person: User, rule: str, shown: str
) -> None:
    Profile.objects.filter(authority=certificate.authority).update(values={"deemed_renewal_refused": rule})
    decided(renewal(certificate, person, IN_TIME), person, "refuse", "2026-05-24 10:00")
    row = swept_days_late(certificate)
    assert row.state == shown
    verbs = TransitionLog.objects.filter(subject_type=row._meta.label, subject_id=row.pk).order_by("pk")
    assert ("deem_renewed" in verbs.values_list("verb", flat=True)) is True


@pytest.fixture
def no_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases here have no process; everything else happens as always."""
    monkeypatch.setattr(door.ports, "flow", lambda event: None)


def supplement(case: Application, person: User, days: int) -> None:
    """The one notice, sent on Friday 2026-02-27, with so many calendar days to answer it."""
    promise(case.authority, "supplement_days", days, since=D(2026, 1, 1))
    request = SupplementRequest.objects.create(application=case)
    step(request, "send", at("2026-02-27 10:00"), by=person)


@pytest.mark.parametrize(("days", "lapsed_before_the_end"), [(30, True), (89, False)])
def test_a_lapse_counts_from_the_end_of_its_limit(
    certificate: Certificate, person: User, no_flow: None, days: int, lapsed_before_the_end: bool
) -> None:
    case = renewal(certificate, person, IN_TIME)
    supplement(case, person, days)
    shown = "expired" if lapsed_before_the_end else "valid"
    assert fresh(certificate).state_on(END) == shown
    assert swept_days_late(certificate).state == shown
    row = Application.objects.get(pk=case.pk)
    assert (row.state, row.closed_at) == ("lapsed", at("2026-05-28 08:00"))


def test_a_lapse_recorded_late_is_told_apart_by_its_own_moment(
    certificate: Certificate, person: User, no_flow: None
) -> None:
    """The lapse is recorded after the end, the end of the validity later still: the lapse came first all the same."""
    case = renewal(certificate, person, IN_TIME)
    supplement(case, person, 30)
    validity = clock(certificate, "validity")
    type(validity).objects.filter(pk=validity.pk).update(next_rung_at=at("2026-05-28 00:00"))
    sweep.run(at("2026-05-27 08:00"))
    assert Application.objects.get(pk=case.pk).state == "lapsed"
    assert fresh(certificate).state == "valid"
    assert fresh(certificate).state_on(D(2026, 5, 27)) == "expired"
    sweep.run(at("2026-05-28 08:00"))
    assert fresh(certificate).state == "expired"
