"""Foretelling, keeping what was foretold, and holding it against what happened."""

from __future__ import annotations

import datetime as dt
import random

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from qualification.regions import calendars
from workflows.clocks.counting import day_of
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock
from workflows.foresight import history
from workflows.foresight.days import DayTable
from workflows.foresight.enums import HISTORY_DAYS, KEPT_A_NIGHT
from workflows.foresight.history import Rows
from workflows.foresight.models import Fit, Forecast, Prediction
from workflows.foresight.words import Word, history_of, words_of

CHUNK = 2000
KEPT_FITS = dt.timedelta(days=7)


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
        Fit.objects.filter(made_on__lt=today - KEPT_FITS).delete()
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
        moment = history.at(rows, day)
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
