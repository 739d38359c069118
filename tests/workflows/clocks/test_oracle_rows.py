"""Random cases through the engine, the services and the sweep: after every event, what is stored equals the oracle's count."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

import pytest

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application, SupplementRequest
from qualification.assessments.models import Assessment, Edition, Rectification, Visit
from qualification.laboratories.models import Laboratory
from qualification.regions.models import Authority, CalendarDay, CalendarYear
from tests.factories.accounts import UserFactory
from tests.factories.laboratories import LaboratoryFactory
from tests.factories.regions import authority
from tests.workflows.clocks import oracle
from tests.workflows.clocks.conftest import at, clock_of, step
from tests.workflows.clocks.oracle import BEIJING, Almanac, Answer, Question
from workflows.clocks import services, sweep
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock, Rung

CASES = 120
D = dt.date
#: Own days of regions on top of the nation's: Zhangjiakou closes for a storm, the Naadam, a make-up day moved.
REGIONAL = {
    "03": {D(2026, 3, 12): True, D(2026, 3, 13): True, D(2026, 3, 14): False, D(2026, 10, 10): True},
    "05": {D(2026, 8, 13): True, D(2026, 8, 14): True, D(2026, 2, 28): True, D(2026, 10, 7): False},
}
#: What the law itself decides at the end; these cases act before it does.
BY_LAW = ("acceptance", "supplement", "rectification")
CODES = ("01", "02", "03", "04", "05")


@dataclass
class Told:
    """What the test itself knows of one clock: its facts as the law sees them."""

    question: Question
    is_paused: bool = False
    is_open: bool = True
    fired: dict[str, dt.datetime] = field(default_factory=dict)


class Story:
    """One case, told at random moments that only go forward; after each event every clock is compared."""

    def __init__(self, rng: random.Random, laboratory: Laboratory, almanac: Almanac, people: dict[str, User]) -> None:
        self.rng, self.almanac, self.people = rng, almanac, people
        self.place: Authority = laboratory.authority
        self.case = Application.objects.create(
            laboratory=laboratory, authority=self.place, kinds=["first"], created_by=people["manager"]
        )
        start = D(2025, 1, 2) + dt.timedelta(days=rng.randint(0, 715))
        self.moment = dt.datetime.combine(start, dt.time(9), BEIJING)
        self.known: dict[str, Told] = {}
        self.compared = 0

    # -- time

    def later(self, most: int = 9) -> dt.datetime:
        """The moment of the next event: the same day or some days on, one in three within a second of midnight."""
        day = oracle.local_day(self.moment) + dt.timedelta(days=self.rng.choice([0, 1, self.rng.randint(0, most)]))
        edges = [dt.time(0), dt.time(0, 0, 1), dt.time(23, 59, 59)]
        anyhow = dt.time(self.rng.randrange(24), self.rng.randrange(60), self.rng.randrange(60))
        time = self.rng.choice(edges) if self.rng.random() < 1 / 3 else anyhow
        self.moment = max(self.moment + dt.timedelta(seconds=1), dt.datetime.combine(day, time, BEIJING))
        return self.moment.astimezone(dt.UTC)

    def before(self, code: str, most: int = 9) -> dt.datetime:
        """Like `later`, but still in time for this clock: at the last second at the latest, and often just then."""
        due, now = self.answer(code).due, self.moment
        assert due is not None
        last_second = max(now, due - dt.timedelta(seconds=1))
        if self.later(most) > last_second or self.rng.random() < 0.1:
            self.moment = last_second
        return self.moment.astimezone(dt.UTC)

    # -- facts

    def starts(self, code: str, limit: int, unit: str = oracle.WORKING, *, at: dt.datetime | None = None) -> None:
        self.known[code] = Told(Question(at or self.moment, limit, unit))

    def stops(self, *codes: str) -> None:
        for code in codes:
            self.known[code].is_open = self.known[code].is_paused = False

    def pauses(self, *codes: str) -> None:
        for code in codes:
            self.known[code].question.pauses.append((self.moment, None))
            self.known[code].is_paused = True

    def resumes(self, *codes: str) -> None:
        for code in codes:
            pauses = self.known[code].question.pauses
            pauses[-1] = (pauses[-1][0], self.moment)
            self.known[code].is_paused = False

    def answer(self, code: str) -> Answer:
        return oracle.answer(self.known[code].question, self.almanac)

    # -- the comparison

    def agrees(self) -> None:
        """Every clock of the case that is open is stored as the oracle has it; no other clock is open."""
        clocks = Clock.objects.open().filter(application=self.case).prefetch_related("rungs")
        stored = {clock.code: clock for clock in clocks}
        assert stored.keys() == {code for code, told in self.known.items() if told.is_open}
        for code, clock in stored.items():
            self._agrees(code, clock)

    def _agrees(self, code: str, clock: Clock) -> None:
        told, answer = self.known[code], self.answer(code)
        ladder = self.ladder(answer, clock)
        ahead = [moment for moment, name in ladder if name not in told.fired]
        warned = [moment for moment, name in ladder if name == "warn"]
        assert clock.state == (ClockState.PAUSED if told.is_paused else ClockState.RUNNING)
        assert (clock.due_at, clock.due_on) == (answer.due, answer.last)
        assert sorted((dt.datetime.fromisoformat(moment), name) for name, moment in clock.ladder) == ladder
        assert [dt.datetime.fromisoformat(moment) for _name, moment in clock.ladder] == [m for m, _name in ladder]
        assert clock.warn_at == (warned[0] if warned else None)
        assert clock.next_rung_at == (None if told.is_paused or not ahead else ahead[0])
        assert {rung.name: rung.due_at for rung in clock.rungs.all()} == told.fired
        if answer.last is not None:
            assert clock.is_provisional == answer.is_provisional
        self.compared += 1

    def ladder(self, answer: Answer, clock: Clock) -> list[tuple[dt.datetime, str]]:
        """(moment, name) of the policy's rungs by the oracle's count; none while the end is unknown."""
        if answer.last is None:
            return []
        found = [(answer.share(rung.share), rung.name.value) for rung in clock.policy.rungs]
        return sorted((moment, name) for moment, name in found if moment is not None)

    def sweeps(self) -> None:
        """A sweep now fires what the oracle says is due, each with the oracle's moment, and nothing else."""
        for clock in Clock.objects.open().filter(application=self.case):
            told = self.known[clock.code]
            if not told.is_paused:
                due = [(m, name) for m, name in self.ladder(self.answer(clock.code), clock) if m <= self.moment]
                told.fired = {name: moment for moment, name in due} | told.fired
        assert sweep.run(self.moment.astimezone(dt.UTC)).failed == 0
        self.agrees()

    def then(self) -> None:
        """After an event; now and then time passes, and the worker comes by."""
        self.agrees()
        if self.rng.random() < 0.4:
            decided_by_law = [code for code in BY_LAW if code in self.known and self.known[code].is_open]
            if decided_by_law:
                self.before(decided_by_law[0], most=25)
            else:
                self.later(20)
            self.sweeps()

    # -- the way of a case

    def tell(self) -> None:
        self.receive()
        self.accept()
        self.review()
        self.rectify()
        self.decide()

    def receive(self) -> None:
        step(self.case, "submit", self.later())
        self.starts("acceptance", 5)
        self.then()
        if self.rng.random() < 0.5:
            supplement = SupplementRequest.objects.create(application=self.case)
            step(supplement, "send", self.before("acceptance"))
            self.stops("acceptance")
            self.starts("supplement", 30, oracle.CALENDAR)
            self.then()
            step(supplement, "hand_in", self.before("supplement"))
            self.stops("supplement")
            self.starts("acceptance_after_supplement", 5)
            self.then()

    def accept(self) -> None:
        """By an officer, or by the law at the very end of the last day, dated back to the receipt."""
        if self.known["acceptance"].is_open and self.rng.random() < 0.3:
            due, received = self.answer("acceptance").due, self.known["acceptance"].question.start
            assert due is not None
            self.moment = due
            step(self.case, "deem_accepted", due)
            self.stops("acceptance")
            self.starts("technical_review", 30, at=received)
        else:
            code = "acceptance" if self.known["acceptance"].is_open else "acceptance_after_supplement"
            step(self.case, "accept", self.before(code))
            self.stops(code)
            self.starts("technical_review", 30)
        self.then()

    def review(self) -> None:
        edition, _made = Edition.objects.get_or_create(
            code="2023-21", defaults={"name_zh": "准则", "in_force_from": D(2023, 12, 1)}
        )
        self.assessment = Assessment.objects.create(application=self.case, edition=edition, opened_at=self.moment)
        step(self.assessment, "draw_team", self.later())
        step(self.assessment, "complete_team", self.later())
        self.starts("file_review", 5)
        self.then()
        for _hold in range(self.rng.choice([0, 0, 1, 1, 2, 3])):
            step(self.assessment, "hold_file", self.later(6))
            self.pauses("technical_review", "file_review")
            self.then()
            step(self.assessment, "resume_file", self.later(20))
            self.resumes("technical_review", "file_review")
            self.then()
        step(self.assessment, "pass_file", self.later(7))
        self.stops("file_review")
        self.visit()

    def visit(self) -> None:
        for _refusal in range(self.rng.choice([0, 0, 1, 2])):
            asked = self._proposed()
            step(asked, "ask_other", self.later(7))
            self.pauses("technical_review")
            self.then()
            step(self._visit(), "propose", self.later(15))
            self.resumes("technical_review")
            self.then()
            Visit.objects.filter(assessment=self.assessment, state="proposed").update(state="void")

    def _visit(self) -> Visit:
        day = oracle.local_day(self.moment)
        return Visit.objects.create(application=self.case, assessment=self.assessment, from_on=day, to_on=day)

    def _proposed(self) -> Visit:
        visit = self._visit()
        step(visit, "propose", self.later(6))
        self.then()
        return visit

    def rectify(self) -> None:
        if self.rng.random() < 0.4:
            return
        days = self.rng.randint(1, 29)
        row = Rectification.objects.create(application=self.case, assessment=self.assessment, days=days)
        step(row, "notify", self.later(9))
        self.starts("rectification", days)
        self.pauses("technical_review")
        self.then()
        if self.rng.random() < 0.5:
            self.extend("rectification", self.rng.randint(1, 30 - days))
        step(row, "hand_in", self.before("rectification"))
        self.stops("rectification")
        self.resumes("technical_review")
        self.starts("verification", 5)
        self.then()
        step(row, "verify", self.later(6))
        self.stops("verification")
        self.then()

    def decide(self) -> None:
        step(self.case, "conclude_review", self.later(10))
        self.stops("technical_review")
        self.starts("decision", 10)
        self.then()
        due = self.answer("decision").due
        if self.rng.random() < 0.6 and due is not None and self.moment < due:
            self.extend("decision", self.rng.randint(1, 10))

    def extend(self, code: str, days: int) -> None:
        """By the head of the authority, in time."""
        services.extend(
            clock=clock_of(self.case, code), days=days, by=self.people[self.place.code], now=self.before(code),
            reason="听证",
        )  # fmt: skip
        self.known[code].question.extensions.append(days)
        self.then()


def _regional(code: str) -> Almanac:
    almanac = oracle.published()
    almanac.off |= REGIONAL.get(code, {})
    return almanac


@pytest.fixture
def laboratories(calendar: None) -> list[Laboratory]:
    """One in each region; two regions have days of their own."""
    for code, days in REGIONAL.items():
        year = CalendarYear.objects.create(
            year=2026, authority=authority(code), imported_at=at("2025-11-10 09:00"), is_official=False
        )
        CalendarDay.objects.bulk_create(CalendarDay(calendar=year, date=day, is_off=off) for day, off in days.items())
    return [LaboratoryFactory.create(authority=authority(code)) for code in CODES]


@pytest.fixture
def people(laboratories: list[Laboratory]) -> dict[str, User]:
    """The head of each authority, and somebody who drafts."""
    heads = {code: UserFactory.create(member=(Role.DECISION, authority(code))) for code in CODES}
    return heads | {"manager": UserFactory.create()}


@pytest.mark.django_db
@pytest.mark.usefixtures("registry")
def test_stored_dates_of_random_cases(laboratories: list[Laboratory], people: dict[str, User]) -> None:
    rng = random.Random(7)
    compared = rungs = 0
    for number in range(CASES):
        laboratory = laboratories[number % len(laboratories)]
        story = Story(rng, laboratory, _regional(laboratory.authority.code), people)
        try:
            story.tell()
        except AssertionError as error:
            facts = "\n".join(f"{code}: {told}" for code, told in story.known.items())
            raise AssertionError(f"case {number} at {story.moment}\n{facts}\n{error}") from error
        compared += story.compared
        rungs += Rung.objects.filter(clock__application=story.case).count()
        # The next case is swept alone.
        Clock.objects.filter(application=story.case).delete()
    assert compared > 10 * CASES
    assert rungs > CASES
