"""What the tests of contests share: an outcome of the law, and setting it aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qualification.applications.models import Application
from workflows import consistency
from workflows.clocks import contests
from workflows.clocks.models import Clock, Contest

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from tests.factories.cases import World
    from tests.workflows.clocks.conftest import Ticking


def expired(code: str) -> Clock:
    return Clock.objects.select_related("stop_log").get(code=code, state="expired")


def set_aside(world: World, clock: Clock, supervisor: User, moments: Ticking) -> Contest:
    contest = contests.contest(clock=clock, reason="a storm closed the post office", by=supervisor, now=moments())
    return contests.answer(contest=contest, sets_aside=True, text="accepted", by=world.decider, now=moments())


def agree(application: Application) -> None:
    assert list(consistency._case(Application.objects.get(pk=application.pk))) == []
