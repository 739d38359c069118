"""Foretelling, keeping what was foretold, and holding it against what happened."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from qualification.regions import calendars
from qualification.regions.settings import SETTINGS
from workflows.clocks.counting import day_of
from workflows.clocks.enums import ClockState, Unit
from workflows.clocks.models import Clock
from workflows.clocks.policy import POLICY
from workflows.foresight import history
from workflows.foresight.chances import Chance, Finish, History
from workflows.foresight.days import DayTable
from workflows.foresight.enums import HISTORY_DAYS, KEPT_A_NIGHT
from workflows.foresight.history import Moment, Rows, Samples, Standing
from workflows.foresight.models import Fit, Forecast, Prediction

CHUNK = 2000
DAYS_A_WEEK, WORKING_A_WEEK = 7, 5


@dataclass(frozen=True, slots=True)
class Word:
    """What is foretold of one open limit."""

    clock_id: int
    code: str
    chance: Chance
    finish: Finish | None
    days: tuple[dt.date | None, dt.date | None, dt.date | None]

    def columns(self) -> dict[str, object]:
        """As the rows keep it."""
        low, middle, high = self.days
        said = self.chance
        return {"clock_id": self.clock_id, "chance": said.chance, "basis": said.basis, "samples": said.samples,
                "low_on": low, "mid_on": middle, "high_on": high}  # fmt: skip


def limits_of_law() -> dict[str, int]:
    """What a stage lasts by its limit alone, in working days: taken where no history says better."""
    found = {}
    for policy in POLICY:
        days = int(SETTINGS[policy.limit_key].default) if policy.limit_key in SETTINGS else 0
        found[policy.code] = days if policy.unit == Unit.WORKING else -(-days * WORKING_A_WEEK // DAYS_A_WEEK)
    return found


def history_of(samples: Samples) -> History:
    """The ended limits, ready to be asked."""
    return History(samples, limits_of_law())


def words_of(standing: Standing, past: History, today: dt.date) -> Iterator[Word]:
    """What is foretold of each open limit."""
    known = calendars.current()
    tables: dict[int, DayTable] = {}
    names = ("pk", "code", "kinds", "authority", "used", "gone", "limit")
    for pk, code, kinds, authority, used, gone, limit in zip(
        *(getattr(standing, name).tolist() for name in names), strict=True
    ):
        table = tables.get(authority) or tables.setdefault(authority, DayTable(known.of(authority)))
        chance = past.chance((code, kinds, authority), used, limit)
        finish = past.finish((code, kinds, authority), gone)
        yield Word(pk, history.CODES[code], chance, finish, _days(finish, table, today.toordinal()))


def _days(finish: Finish | None, table: DayTable, today: int) -> tuple[dt.date | None, dt.date | None, dt.date | None]:
    if finish is None:
        return None, None, None
    low, middle, high = (
        None if days is None else dt.date.fromordinal(table.ahead(today, days))
        for days in (finish.low, finish.middle, finish.high)
    )
    return low, middle, high


def foretell(*, now: dt.datetime) -> int:
    """Read the history, foretell every open limit, and keep a sample for the hit rate; once a day. Returns how many."""
    today = day_of(now)
    if Fit.objects.filter(made_on=today).exists():
        return 0
    moment = history.of_now(today)
    words = list(words_of(moment.open, history_of(moment.samples), today))
    with transaction.atomic():
        fits = [Fit(made_on=today, made_at=now, since_on=today - dt.timedelta(days=HISTORY_DAYS),
                    ended=int(moment.samples.count.sum()), table=moment.samples.pack())]  # fmt: skip
        Fit.objects.bulk_create(fits)
        Forecast.objects.all().delete()
        Forecast.objects.bulk_create((Forecast(made_on=today, **word.columns()) for word in words), batch_size=CHUNK)
    _keep(words, today)
    Fit.objects.filter(made_on__lt=today - dt.timedelta(days=DAYS_A_WEEK)).delete()
    return len(words)


def _keep(words: list[Word], day: dt.date) -> int:
    """Keep what was said, of all or of a sample that is the same for the same day."""
    if len(words) > KEPT_A_NIGHT:
        words = random.Random(day.toordinal()).sample(words, KEPT_A_NIGHT)  # noqa: S311
    rows = [
        Prediction(made_on=day, **word.columns()) for word in words if word.chance.chance is not None or word.finish
    ]
    Prediction.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
    return len(rows)


def replay(*, first: dt.date, last: dt.date, every: int = 7) -> int:
    """Foretell as it would have been done on past days, knowing only what was known then, and keep it.

    Returns how many predictions were kept; `settle` holds them against what happened.
    """
    rows, kept = Rows.read("true"), 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1, every):
        day = dt.date.fromordinal(ordinal)
        moment: Moment = history.at(rows, day)
        kept += _keep(list(words_of(moment.open, history_of(moment.samples), day)), day)
    return kept


def settle() -> int:
    """Hold predictions against what has happened since; returns how many limits and ends became known."""
    ran_out = Q(state=ClockState.EXPIRED) | Q(breached_at__isnull=False)
    missed = Clock.objects.filter(ran_out, pk=OuterRef("clock_id"), excused_at=None)
    ended = Prediction.objects.filter(missed=None, clock__stopped_at__isnull=False).update(missed=Exists(missed))
    return ended + _settle_ends()


def _settle_ends() -> int:
    """Cases that have ended since: the day, and how far the foretold middle was off."""
    rows = Prediction.objects.filter(
        finished_on=None, mid_on__isnull=False, clock__application__closed_at__isnull=False
    )
    rows = rows.select_related("clock__application").order_by("pk")
    known, tables, done = calendars.current(), dict[int, DayTable](), list[Prediction]()
    for row in rows.iterator(chunk_size=CHUNK):
        place = row.clock.authority_id
        table = tables.get(place) or tables.setdefault(place, DayTable(known.of(place)))
        assert row.clock.application is not None and row.clock.application.closed_at is not None and row.mid_on
        row.finished_on = day_of(row.clock.application.closed_at)
        row.error_days = int(table.until(row.finished_on.toordinal()) - table.until(row.mid_on.toordinal()))
        done.append(row)
    Prediction.objects.bulk_update(done, ["finished_on", "error_days"], batch_size=CHUNK)
    return len(done)
