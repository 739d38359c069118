"""Whatever writes clocks, and whenever deltas are folded, the board says what a count of the clocks says."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F

from qualification.regions.models import Authority
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.board import counted
from workflows.board import figures, queries, raw, reading, tallies
from workflows.board.models import Delta, Tally
from workflows.clocks.models import Clock
from workflows.consistency import findings

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 18, 10, tzinfo=SHANGHAI)
REGIONS = ("01", "03", "05")
CODES = ("acceptance", "decision", "issue", "offer")
KINDS = ("", "first", "renewal", "extension,standard", "address,extension,standard")
SCOPES: tuple[dict[str, Any], ...] = (
    {}, {"code": "decision"}, {"kind": "extension"}, {"kind": ""}, {"code": "issue", "kind": "standard"},
    {"person": 0}, {"person": 0, "code": "offer"},
)  # fmt: skip


class Writer:
    """Writes clocks at random, in every way in which they can be written."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.places = [authority(code) for code in REGIONS]
        self.people = [UserFactory.create() for _n in range(3)]
        self.number = 0

    def facts(self) -> dict[str, Any]:
        """What a clock may be: any state, any moment, as the constraints allow."""
        state = self.random.choice(["running", "running", "running", "paused", "stopped", "expired"])
        due = self.moment() if state != "paused" or self.random.random() < 0.5 else None
        warn = due - dt.timedelta(hours=self.random.choice([1, 30, 90])) if due and self.random.random() < 0.8 else None
        missed = due if due and self.random.random() < 0.4 else None
        excused = {"excused_at": NOW, "excuse": "x"} if missed and self.random.random() < 0.3 else {}
        return {
            "state": state, "due_at": due, "warn_at": warn, "breached_at": missed, "kinds": self.random.choice(KINDS),
            "stopped_at": self.moment() if state in {"stopped", "expired"} else None, "authority": self.place(),
            "code": self.random.choice(CODES), "holder": self.random.choice([None, *self.people]),
            "is_provisional": self.random.random() < 0.2, "is_trial": self.random.random() < 0.1,
            "excused_at": None, "excuse": "",
        } | excused  # fmt: skip

    def place(self) -> Authority:
        return self.random.choice(self.places)

    def moment(self) -> dt.datetime:
        """Mostly 24:00 of a day, as the law has it, around the bounds of days, weeks, months and the year."""
        day = NOW.replace(hour=0) + dt.timedelta(days=self.random.randint(-40, 100))
        day -= dt.timedelta(days=self.random.choice([0, 0, 0, 300, 700]))
        return day if self.random.random() < 0.8 else day + dt.timedelta(seconds=self.random.randint(1, 86399))

    def new(self) -> Clock:
        self.number += 1
        started = NOW - dt.timedelta(days=2000)
        return Clock(
            subject_type="bench", subject_id=self.number, edition="163-2021", budget=10, unit="working",
            started_at=started, started_on=started.date(), **self.facts(),
        )  # fmt: skip

    def some(self) -> list[Clock]:
        return list(Clock.objects.order_by("?")[: self.random.randint(1, 4)])

    def create(self) -> None:
        self.new().save()

    def bulk_create(self) -> None:
        Clock.objects.bulk_create([self.new() for _n in range(self.random.randint(1, 8))])

    def save(self) -> None:
        for clock in self.some():
            for name, value in self.facts().items():
                setattr(clock, name, value)
            clock.save()

    def bulk_update(self) -> None:
        clocks = self.some()
        for clock in clocks:
            for name, value in self.facts().items():
                setattr(clock, name, value)
        Clock.objects.bulk_update(clocks, list(self.facts())) if clocks else None

    def update(self) -> None:
        Clock.objects.filter(code=self.random.choice(CODES)).update(holder=self.random.choice([None, *self.people]))

    def move(self) -> None:
        days = dt.timedelta(days=self.random.randint(-9, 9))
        clocks = Clock.objects.filter(authority=self.place(), breached_at=None)
        clocks.update(due_at=F("due_at") + days, warn_at=F("warn_at") + days)

    def touch(self) -> None:
        Clock.objects.update(last_error="x", next_rung_at=None)

    def delete(self) -> None:
        Clock.objects.filter(pk__in=[clock.pk for clock in self.some()[:2]]).delete()

    def raw_sql(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE clocks_clock SET state = 'stopped', stopped_at = now(), breached_at = due_at WHERE mod(id, 5) = %s",
                [self.random.randint(0, 4)],
            )

    def undone(self) -> None:
        with transaction.atomic():
            self.bulk_create()
            self.raw_sql()
            transaction.set_rollback(True)

    def fold(self) -> None:
        tallies.fold()

    def prune(self) -> None:
        tallies.prune()

    def step(self) -> str:
        acts: list[Callable[[], None]] = [
            self.create, self.bulk_create, self.save, self.bulk_update, self.update, self.move, self.touch, self.delete,
            self.raw_sql, self.undone, self.fold, self.prune,
        ]  # fmt: skip
        weights = [3, 6, 3, 3, 2, 2, 1, 1, 1, 1, 4, 1]
        act = self.random.choices(acts, weights)[0]
        act()
        return act.__name__


def moments() -> list[dt.datetime]:
    """An ordinary moment, a bound of a day, of a week and of a month, and seconds beside them."""
    second = dt.timedelta(seconds=1)
    monday = dt.datetime(2026, 11, 23, tzinfo=SHANGHAI)
    december = dt.datetime(2026, 12, 1, tzinfo=SHANGHAI)
    return [NOW, monday - second, monday, december - second, december]


def compare(now: dt.datetime, scope: dict[str, Any], *, context: str = "") -> None:
    """Tallies, the count in SQL and the count in Python say the same of a scope."""
    places = Authority.objects.filter(code__in=REGIONS).order_by("code")
    asked = figures.Scope(tuple(place.pk for place in places), **scope)
    bounds = figures.Bounds.at(now)
    clocks = Clock.objects.select_related("authority").order_by("pk")
    expected = counted.count(clocks, now, **scope)
    told = queries.summed(queries.rows_of(asked, bounds), places, bounds)
    assert (context, counted.numbers(told)) == (context, expected)
    assert counted.numbers(queries.summed(raw.rows_of(asked, bounds), places, bounds)) == expected


@pytest.mark.parametrize("seed", range(8))
def test_random_writes_are_counted(db: None, seed: int) -> None:
    writer = Writer(seed)
    for number in range(25):
        done = writer.step()
        moment = moments()[number % 5]
        compare(moment, SCOPES[number % len(SCOPES)], context=f"{number} {done}")
        compare(moment, {}, context=f"{number} {done}")
    compare(NOW, {"person": writer.people[0].pk})
    compare(NOW, {"person": writer.people[0].pk, "kind": "first", "code": "decision"})
    assert tallies.differences() == []
    tallies.fold()
    assert (Delta.objects.count(), tallies.differences()) == (0, [])


def test_a_persons_row_and_trend_are_those_of_the_clocks(db: None) -> None:
    writer = Writer(9)
    for _n in range(12):
        writer.bulk_create()
    writer.fold()
    writer.bulk_create()
    places = tuple(place.pk for place in writer.places)
    bounds = figures.Bounds.at(NOW)
    for person in (0, *(p.pk for p in writer.people)):
        scope = figures.Scope(places, person=person)
        rows = [row for row in reading.people_of(figures.Scope(places), bounds) if row.holder == person]
        line = queries.Line("", "")
        for row in rows:
            line.add(row)
        count = counted.count(Clock.objects.select_related("authority").order_by("pk"), NOW, person=person)
        assert line.total == sum(n for stage in count["stages"].values() for key, n in stage.items() if key != "risk")
        assert line.at_risk == sum(stage["risk"] for stage in count["stages"].values())
        board = queries.summed(reading.trend_of(scope, bounds), writer.places, bounds)
        assert counted.numbers(board)["months"] == count["months"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_several_connections_write_while_deltas_are_folded(seed: int) -> None:
    """Open transactions of others are in no number before they commit, and in all of them after."""
    writer = Writer(seed)
    writer.bulk_create()
    others = [connection.copy(), connection.copy()]
    try:
        for other in others:
            other.set_autocommit(False)
        for _round in range(6):
            for number, other in enumerate(others):
                other.cursor().execute(
                    "UPDATE clocks_clock SET code = 'issue', due_at = due_at + interval '1 day' WHERE mod(id, 2) = %s",
                    [number],
                )
                compare(NOW, {})
                writer.fold()
                compare(NOW, {})
            writer.bulk_create()
            for other in writer.random.sample(others, 2):
                other.rollback() if writer.random.random() < 0.3 else other.commit()
                compare(NOW, {})
                writer.random.choice([writer.fold, writer.prune, tallies.rebuild, writer.create])()
                compare(NOW, {})
        assert tallies.differences() == []
    finally:
        for other in others:
            other.close()


@pytest.mark.django_db(transaction=True)
def test_a_fold_does_not_wait_for_writers_nor_they_for_it() -> None:
    writer = Writer(4)
    writer.bulk_create()
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute("UPDATE clocks_clock SET code = 'issue'")
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '2s'")
            assert tallies.fold() > 0
            with transaction.atomic():
                Delta.objects.all().delete()
                cursor.execute("UPDATE clocks_clock SET code = 'offer'")
                transaction.set_rollback(True)
        other.commit()
        compare(NOW, {})
    finally:
        other.close()
        with connection.cursor() as mine:
            mine.execute("RESET lock_timeout")


def test_what_changes_no_number_leaves_no_delta(db: None) -> None:
    writer = Writer(5)
    writer.bulk_create()
    tallies.fold()
    writer.touch()
    assert Delta.objects.count() == 0


def test_truncating_the_clocks_empties_the_tallies(db: None) -> None:
    writer = Writer(6)
    writer.bulk_create()
    tallies.fold()
    writer.bulk_create()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE clocks_clock CASCADE")
    assert (Delta.objects.count(), Tally.objects.count()) == (0, 0)
    writer.bulk_create()
    compare(NOW, {})


def test_a_wrong_tally_is_found_and_repaired(db: None) -> None:
    writer = Writer(7)
    for _n in range(4):
        writer.bulk_create()
    tallies.fold()
    assert not [text for text in findings([]) if "board" in text]
    row = Tally.objects.filter(dim="stage", grain="moment", running__gt=0).order_by("pk").first()
    assert row is not None
    Tally.objects.filter(pk=row.pk).update(running=F("running") + 2)
    told = [text for text in findings([]) if "board" in text]
    assert len(told) == 1
    assert "running +2" in told[0]
    assert row.code in told[0]
    with pytest.raises(CommandError, match="1 tally"):
        call_command("board", "check", stdout=io.StringIO(), stderr=io.StringIO())
    out = io.StringIO()
    call_command("board", "rebuild", stdout=out)
    assert "1 tally" in out.getvalue()
    assert not [text for text in findings([]) if "board" in text]
    compare(NOW, {})


def test_triggers_that_are_gone_come_back_with_the_next_migrate(db: None) -> None:
    writer = Writer(8)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP TRIGGER board_insert ON clocks_clock")
    writer.bulk_create()
    assert tallies.differences() != []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [tallies.install(), tallies.install()] == [True, False]
    compare(NOW, {})
    writer.bulk_create()
    compare(NOW, {})
