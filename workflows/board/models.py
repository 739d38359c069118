"""Exact tallies of the clocks, kept by the database itself (see `tallies` and ADR 0012).

Nothing here is written by hand: triggers on the clocks append deltas, a sweep folds them into the tallies. The sum of
both is the truth in every snapshot. There are no foreign keys: a delta must not wait for a row of another table.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from workflows.board.enums import Dim, Grain, Measure


class Delta(models.Model):
    """A change of the count not yet in the tallies: `n` more (or fewer) clocks of these properties."""

    authority_id = models.BigIntegerField()
    code = models.CharField(max_length=40)
    kinds = models.CharField(max_length=120)
    holder = models.BigIntegerField()
    measure = models.CharField(max_length=12, choices=Measure)
    moment = models.DateTimeField()
    n = models.IntegerField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.n:+d} {self.measure} {self.code}"


class Tally(models.Model):
    """How many clocks of an authority there are of each measure in a period, split by one dimension.

    `code`, `kind` are "*" and `holder` is -1 where the dimension sums them up; `moment` is the end of a week, the
    exact moment in one, or the start of a month.
    """

    dim = models.CharField(max_length=12, choices=Dim)
    grain = models.CharField(max_length=6, choices=Grain)
    authority_id = models.BigIntegerField()
    period = models.DateField()
    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    holder = models.BigIntegerField()
    moment = models.DateTimeField()
    running = models.IntegerField(default=0)
    paused = models.IntegerField(default=0)
    provisional = models.IntegerField(default=0)
    risk = models.IntegerField(default=0)
    kept = models.IntegerField(default=0)
    missed = models.IntegerField(default=0)
    excused = models.IntegerField(default=0)
    run_out = models.IntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dim", "grain", "authority_id", "period", "code", "kind", "holder", "moment"],
                include=list(Measure.values),
                name="board_tally_once",
            )
        ]
        indexes = [models.Index(fields=["holder", "grain"], name="board_tally_person", condition=Q(dim=Dim.PERSON))]

    def __str__(self) -> str:
        return f"{self.dim} {self.grain} {self.period} {self.code} {self.kind} {self.holder}"
