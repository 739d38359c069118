"""A year in virtual time: what people do between two sweeps, then what the law does, and so on to the end."""

from __future__ import annotations

import datetime as dt
import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from qualification.applications.models import Application
from qualification.certificates.models import Certificate
from qualification.regions import calendars
from qualification.regions.settings import setting
from workflows.clocks.counting import ZONE, start_of
from workflows.clocks.models import Clock
from workflows.demo.simulate import scene, totals, walking
from workflows.demo.simulate.cases import NEVER, Case, clients, first_day
from workflows.demo.simulate.crew import Alone, Crew, crew_of, expire_certificates, last_log, touched_since
from workflows.demo.simulate.world import World

DAY = dt.timedelta(days=1)
PROGRESS_SECONDS = 5.0
# The tables are counted at so many cases, and when there are so many times as many.
FIRST_COUNT, COUNT_AGAIN = 20, 1.6
# A certificate that is being made when the simulation ends is still made.
LAST_PAPERS = dt.timedelta(hours=1)


class NotEmpty(RuntimeError):
    """There are applications already; the sentence says what to do."""


@dataclass(slots=True)
class Simulation:
    """One run. `until` is the exclusive end; `tell` gets a line of progress now and then."""

    year: int
    count: int
    seed: int
    until: dt.datetime
    workers: int = 1
    tell: Callable[[str], None] = print
    cases: list[Case] = field(default_factory=list)
    fired: int = 0
    seconds: float = 0.0
    is_stopped: bool = False
    _queue: list[tuple[dt.datetime, int]] = field(default_factory=list)
    _by_application: dict[int, Case] = field(default_factory=dict)
    _told_at: float = 0.0
    _counted: int = 0
    _begun_at: float = 0.0

    def run(self) -> None:
        """Make the world, walk the year. The cases are walked to `until`, or to where `stop` was called."""
        self._begun_at = time.perf_counter()
        self._make_world()
        crew = crew_of(self.seed, self.workers)
        try:
            for moment in self._sweeps():
                self._walk(crew, moment)
                if self.is_stopped or moment >= self.until:
                    break
                self._law(crew, moment)
                self._count_tables()
                self._progress(moment)
            self._finish_papers(crew)
        finally:
            crew.close()
        self.seconds = time.perf_counter() - self._begun_at

    def stop(self) -> None:
        """End after the acts in hand; everything is consistent then."""
        self.is_stopped = True

    def _make_world(self) -> None:
        scene.forget()
        start = first_day(self.year)
        world = World(self.seed, start)
        wanted = list(clients(self.year, self.count, self.seed, calendars.calendar_for(None)))
        self.cases = world.make(wanted)
        world.take_over(self.cases)
        for case in self.cases:
            walking.begin(case)
            self._push(case)

    def _sweeps(self) -> Iterator[dt.datetime]:
        """The moments at which limits end and reminders go out, and the end of the simulation."""
        authorities = World.places()
        hours = sorted({dt.time(), *(dt.time.fromisoformat(setting(a, "rungs_at")) for a in authorities)})
        day = first_day(self.year).date()
        while start_of(day) < self.until:
            for hour in hours:
                moment = dt.datetime.combine(day, hour, ZONE)
                if moment < self.until:
                    yield moment
            day += DAY
        yield self.until

    def _push(self, case: Case) -> None:
        if case.application:
            self._by_application[case.application] = case
        if case.wakes_at < NEVER:
            heapq.heappush(self._queue, (case.wakes_at, case.client.number))

    def _walk(self, crew: Alone | Crew, until: dt.datetime) -> None:
        """Everybody acts up to a moment."""
        numbers = set()
        while self._queue and self._queue[0][0] < until:
            numbers.add(heapq.heappop(self._queue)[1])
        due = sorted((self.cases[number - 1] for number in numbers), key=_longest_first)
        self._take(crew.walk((case for case in due if case.wakes_at < until), until, self.seed))

    def _law(self, crew: Alone | Crew, moment: dt.datetime) -> None:
        """The law acts at a moment; whose case has moved looks again. Where nothing is due a sweep would do nothing."""
        if moment.time() == dt.time():
            expire_certificates(moment)
        due = Clock.objects.with_rung_due(moment).count()
        if not due:
            return
        log = last_log()
        self.fired += crew.law(moment, due)
        moved = touched_since(log) & self._by_application.keys()
        self._take(crew.wake((self._by_application[pk] for pk in sorted(moved)), moment, self.seed))

    def _take(self, cases: list[Case]) -> None:
        for case in cases:
            self.cases[case.client.number - 1] = case
            self._push(case)

    def _finish_papers(self, crew: Alone | Crew) -> None:
        signing = [c for c in self.cases if c.next is not None and c.next.act == "sign"]
        self._take(crew.walk(signing, self.until + LAST_PAPERS, self.seed))

    def _count_tables(self) -> None:
        """Tell PostgreSQL how large the tables have become: its own look comes too late for plans made when all were empty."""
        cases = len(self._by_application)
        if cases < FIRST_COUNT or cases < self._counted * COUNT_AGAIN:
            return
        self._counted = cases
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _progress(self, moment: dt.datetime) -> None:
        now = time.perf_counter()
        if now - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = now
        passed = now - self._begun_at
        share = (moment - first_day(self.year)) / (self.until - first_day(self.year))
        acts = sum(case.acts for case in self.cases)
        open_ = sum(bool(case.plans) for case in self._by_application.values())
        left = passed / share - passed if share > 0.02 else 0
        eta = f"about {left:.0f} s left" if left else "…"
        self.tell(
            f"{moment:%Y-%m-%d}  {len(self._by_application)} applied, {open_} open, {acts / passed:.0f} acts/s, {eta}"
        )

    def totals(self) -> totals.Totals:
        """The totals of the run."""
        return totals.totals(self.cases)


def _longest_first(case: Case) -> tuple[bool, int]:
    """An application with all its files takes longest: begun last, it would keep the other processes waiting."""
    return case.next is None or case.next.act != "apply", case.client.number


def demand_empty() -> None:
    """Raise NotEmpty where a simulation would mix with other cases."""
    if Application.objects.exists() or Certificate.objects.exists():
        raise NotEmpty(
            "There are applications or certificates in this database. Simulate in an empty one (createdb, migrate, seed), "
            "or say --add to put the simulated cases beside them."
        )
