"""Extensions."""

from __future__ import annotations

import datetime as dt

import pytest

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.door import Refused
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import services
from workflows.clocks.models import Clock

pytestmark = pytest.mark.django_db
D = dt.date
Told = list[tuple[str, str]]


@pytest.fixture
def head(in_review: Application) -> User:
    return UserFactory.create(member=(Role.DECISION, in_review.authority))


@pytest.fixture
def decision(in_review: Application) -> Clock:
    """10 working days from 2026-03-16 end on the 30th."""
    step(in_review, "conclude_review", at("2026-03-16 10:00"))
    return clock_of(in_review, "decision")


def test_an_extension_moves_the_due_moment(decision: Clock, head: User, registry: Told) -> None:
    assert decision.due_on == D(2026, 3, 30)
    extension = services.extend(clock=decision, days=10, by=head, now=at("2026-03-30 23:59:59"), reason="hearing")
    assert (extension.granted_by, extension.reason) == (head, "hearing")
    decision.refresh_from_db()
    assert (decision.due_on, decision.budget) == (D(2026, 4, 14), 10)
    assert registry == [("decision", "extended")]


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("days", "now", "reason"),
    [
        (0, "2026-03-20 10:00", "hearing"),
        (11, "2026-03-20 10:00", "hearing"),
        (5, "2026-03-31 00:00", "hearing"),
        (5, "2026-03-20 10:00", "  "),
    ],
)
def test_what_the_law_does_not_allow(decision: Clock, head: User, days: int, now: str, reason: str) -> None:
    with pytest.raises(services.ExtensionRefused):
        services.extend(clock=decision, days=days, by=head, now=at(now), reason=reason)
    assert not hasattr(Clock.objects.get(pk=decision.pk), "extension")


def test_only_once(decision: Clock, head: User, registry: Told) -> None:
    services.extend(clock=decision, days=1, by=head, now=at("2026-03-20 10:00"), reason="hearing")
    with pytest.raises(services.ExtensionRefused):
        services.extend(clock=decision, days=1, by=head, now=at("2026-03-20 11:00"), reason="hearing")


def test_the_review_cannot_be_extended(in_review: Application, head: User, registry: Told) -> None:
    with pytest.raises(services.ExtensionRefused):
        services.extend(
            clock=clock_of(in_review, "technical_review"), days=1, by=head, now=at("2026-03-20 10:00"), reason="hearing"
        )


@pytest.mark.parametrize(("role", "code"), [(Role.INTAKE, "03"), (Role.DECISION, "04")])
def test_only_the_head_of_this_authority(decision: Clock, registry: Told, role: str, code: str) -> None:
    somebody = UserFactory.create(member=(role, authority(code)))
    with pytest.raises(Refused):
        services.extend(clock=decision, days=1, by=somebody, now=at("2026-03-20 10:00"), reason="hearing")
