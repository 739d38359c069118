"""Where a person stands who plans or acts: the case, the moment, the people around it, and the dice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from viewflow.workflow.models import Task

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.applications.models import Application
from qualification.assessments.models import Assessment
from qualification.assessors.enums import SeatRole
from qualification.assessors.models import Seat
from qualification.regions import calendars
from qualification.regions.calendars import WorkCalendar
from qualification.statements import Statement
from workflows.demo.simulate.cases import NEVER, Case, Plan
from workflows.demo.simulate.dice import Dice, seed_of


@cache
def person(pk: int) -> User:
    """An account with its memberships, which never change in a simulation; read once per process."""
    return User.objects.get(pk=pk)


@cache
def holders(role: str, authority: int) -> tuple[int, ...]:
    """Who holds a role at an authority."""
    rows = Membership.objects.in_force().filter(role=role, authority_id=authority).order_by("user__username")
    return tuple(rows.values_list("user_id", flat=True))


@cache
def working_days(authority: int) -> WorkCalendar:
    """The working days of an authority, which no simulation changes."""
    return calendars.current().of(authority)


def _application(case: int) -> Any:
    rows = Application.objects.filter(pk=case)
    return rows.select_related("authority__profile", "laboratory__authority", "certificate")


def _assessment(case: int) -> Any:
    rows = Assessment.objects.filter(application_id=case)
    return rows.select_related("application__authority__profile", "application__laboratory")


def _leader(case: int) -> Any:
    seats = Seat.objects.filter(assessment__application_id=case, role=SeatRole.LEADER)
    return seats.values_list("assessor__user_id")


def _task(case: int, task: int) -> Any:
    return Task.objects.filter(pk=task, process__case__application_id=case)


APPLICATION = Statement(_application, case=int)
ASSESSMENT = Statement(_assessment, case=int)
LEADER = Statement(_leader, case=int)
TASK = Statement(_task, case=int, task=int)


def forget() -> None:
    """Forget who there is and when they work: another database, or new people."""
    for known in (person, holders, working_days):
        known.cache_clear()


@dataclass
class Scene:
    """One question or act of one case at one moment."""

    seed: int
    case: Case
    now: dt.datetime
    slot: str = ""
    about: int = 0

    @cached_property
    def dice(self) -> Dice:
        """The dice of this question, the how manieth time it comes up."""
        return Dice(self.seed, self.case.client.number, self.slot, self.case.rounds.get(self.slot, 0))

    @property
    def case_id(self) -> int:
        """The number of the application."""
        assert self.case.application is not None
        return self.case.application

    @cached_property
    def application(self) -> Application:
        """The case as it is now."""
        application: Application = next(APPLICATION.instances(case=self.case_id))
        return application

    @cached_property
    def assessment(self) -> Assessment:
        """The assessment as it is now."""
        assessment: Assessment = next(ASSESSMENT.instances(case=self.case_id))
        return assessment

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The working days of the lead authority."""
        return working_days(self.application.authority_id)

    @property
    def manager(self) -> User:
        """The laboratory's manager."""
        return person(self.case.manager)

    @cached_property
    def leader(self) -> User:
        """The leader of the team."""
        ((user,),) = LEADER.rows(case=self.case_id)
        return person(user)

    @cached_property
    def task(self) -> Task | None:
        """The open task that is answered; None for an offer, and for what is about the whole case."""
        if self.about <= 0 or self.slot.startswith("answer_offer"):
            return None
        return next(TASK.instances(case=self.case_id, task=self.about), None)

    @property
    def owner(self) -> User | None:
        """Whose the task is by name."""
        return person(self.task.owner_id) if self.task is not None and self.task.owner_id else None

    def officer(self, role: str, authority: int | None = None) -> User:
        """The owner of the task if they hold the role there, else one of those who do."""
        place = authority or self.application.authority_id
        able = holders(role, place)
        if self.owner is not None and self.owner.pk in able:
            return self.owner
        return person(able[self.case.client.number % len(able)])

    @property
    def decider(self) -> User:
        """The decision maker of the lead authority."""
        return self.officer(Role.DECISION)

    def draw_seed(self, what: str) -> str:
        """The seed of the next draw of the case."""
        return seed_of(self.seed, self.case.client.number, what, self.case.ask(f"draw:{what}"))

    def plan(self, act: str, pace: str, *, slot: str = "", after: dt.datetime | None = None) -> Plan:
        """The act after as many working days as the pace says."""
        days = self.dice.days(pace) * self.case.client.slowness
        at = self.dice.moment(after or self.now, days, self.calendar)
        return Plan(slot or self.slot, act, at, self.about)

    def in_days(self, act: str, days: float, slot: str = "") -> Plan:
        """The act after so many working days."""
        return Plan(slot or self.slot, act, self.dice.moment(self.now, days, self.calendar), self.about)

    def never(self) -> Plan:
        """Nothing is ever done."""
        return Plan(self.slot, "", NEVER, self.about)
