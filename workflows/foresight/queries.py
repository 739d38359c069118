"""Forecasts a person may see, the likely end of one case, and how often the forecasts were right."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import Avg, Case, Count, F, FloatField, IntegerField, Q, QuerySet, Value, When
from django.utils.functional import cached_property

from workflows.board.queries import authorities_of
from workflows.clocks.counting import day_of
from workflows.clocks.enums import ClockState
from workflows.foresight import history, words
from workflows.foresight.chances import History
from workflows.foresight.enums import BOUNDS, MIN_SETTLED
from workflows.foresight.history import RANK, Samples, Standing
from workflows.foresight.models import Fit, Forecast, Prediction
from workflows.foresight.words import Word

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application

# One process keeps one reading of the history: the newest it has seen.
_known: list[tuple[int, History]] = []


def newest_fit() -> Fit | None:
    """The newest reading of the history, without its table."""
    return Fit.objects.defer("table").order_by("-made_on").first()


def newest_history() -> History | None:
    """The history as it was last read; None before the first reading."""
    fit = newest_fit()
    if fit is None:
        return None
    if not _known or _known[0][0] != fit.pk:
        _known[:] = [(fit.pk, words.history_of(Samples.unpack(fit.table)))]
    return _known[0][1]


def likely_end(application: Application, now: dt.datetime) -> Word | None:
    """What is foretold of the case's present stage at this moment; None where it is in none, or nothing was read yet."""
    past, today = newest_history(), day_of(now)
    if past is None:
        return None
    standing = history.of_case(application.pk, today)
    found = list(words.words_of(_on_way(standing), past, today))
    return found[-1] if found else None


def _on_way(standing: Standing) -> Standing:
    chosen = np.flatnonzero(RANK[standing.code] >= 0)
    chosen = chosen[np.argsort(RANK[standing.code[chosen]])]
    return Standing(*(getattr(standing, name)[chosen] for name in Standing.__dataclass_fields__))


def forecasts_for(user: User, now: dt.datetime) -> QuerySet[Forecast]:
    """Running limits of the person's board, not missed yet, with the chance that they will be."""
    rows = Forecast.objects.filter(clock__authority__in=authorities_of(user).values("pk"), clock__is_trial=False)
    rows = rows.filter(chance__isnull=False, clock__state=ClockState.RUNNING, clock__due_at__gt=now)
    return rows.exclude(clock__application__authority__is_trial=True)


@dataclass(frozen=True, slots=True)
class Line:
    """One class of the calibration table: what was said on average, and what happened."""

    label: str
    count: int
    missed: int
    said: float

    @property
    def share(self) -> float:
        """The share that was missed."""
        return self.missed / self.count if self.count else 0.0


@dataclass(frozen=True)
class HitRate:
    """How often the predictions were right."""

    classes: list[Line]
    finished: int
    inside: int
    intervals: int
    errors: dict[int, int]

    @property
    def settled(self) -> int:
        """Predictions about limits that have ended."""
        return sum(line.count for line in self.classes)

    @property
    def is_thin(self) -> bool:
        """Whether there is too little to tell a rate."""
        return self.settled < MIN_SETTLED

    @property
    def has_ends(self) -> bool:
        """Whether enough cases have ended to say how good the foretold days were."""
        return self.intervals >= MIN_SETTLED

    @property
    def coverage(self) -> float:
        """The share of ends inside the interval that should hold 80 %."""
        return self.inside / self.intervals if self.intervals else 0.0

    @cached_property
    def median_error(self) -> int:
        """Working days by which half of the foretold middles were off, at most."""
        sizes: dict[int, int] = defaultdict(int)
        for days, count in self.errors.items():
            sizes[abs(days)] += count
        seen = 0
        for days in sorted(sizes):
            seen += sizes[days]
            if seen * 2 >= self.finished:
                return days
        return 0

    @property
    def gap(self) -> float:
        """How far the classes' words were from what happened, on average, weighted by their size; 0 is perfect."""
        if not self.settled:
            return 0.0
        return sum(line.count * abs(line.said - line.share) for line in self.classes) / self.settled


def hit_rate(user: User | None) -> HitRate:
    """The hit rate of the predictions about the person's authorities; of all for None. Two queries."""
    rows = Prediction.objects.filter(clock__is_trial=False)
    if user is not None:
        rows = rows.filter(clock__authority__in=authorities_of(user).values("pk"))
    whens = [When(chance__lte=upper / 100, then=Value(n)) for n, upper in enumerate(BOUNDS[1:])]
    sorted_in = rows.filter(missed__isnull=False, chance__isnull=False).order_by().annotate(
        place=Case(*whens, default=Value(len(whens) - 1), output_field=IntegerField())
    )  # fmt: skip
    found = sorted_in.values("place").annotate(
        count=Count("pk"), late=Count("pk", filter=Q(missed=True)), said=Avg("chance", output_field=FloatField())
    )
    by_place = {row["place"]: row for row in found}
    classes = [_line(n, bounds, by_place.get(n)) for n, bounds in enumerate(pairwise(BOUNDS))]
    return HitRate(classes, **_ends(rows))


def _line(place: int, bounds: tuple[int, int], row: Any) -> Line:
    label = f"{bounds[0]}–{bounds[1]} %"
    return Line(label, int(row["count"]), int(row["late"]), row["said"]) if row else Line(label, 0, 0, 0.0)


def _ends(rows: QuerySet[Prediction]) -> dict[str, Any]:
    ended = rows.filter(finished_on__isnull=False).order_by()
    inside = Q(low_on__lte=F("finished_on"), high_on__gte=F("finished_on"))
    errors = ended.values("error_days").annotate(
        count=Count("pk"), inside=Count("pk", filter=inside), intervals=Count("pk", filter=Q(low_on__isnull=False))
    )
    found = list(errors)
    return {
        "finished": sum(row["count"] for row in found),
        "inside": sum(row["inside"] for row in found),
        "intervals": sum(row["intervals"] for row in found),
        "errors": {row["error_days"]: row["count"] for row in found},
    }
