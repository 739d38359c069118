"""What was foretold, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from workflows.foresight.enums import Basis


class Fit(models.Model):
    """One day's reading of the history: how long each stage took, as counted samples (see `history.Samples`)."""

    made_on = models.DateField(unique=True)
    made_at = models.DateTimeField()
    since_on = models.DateField()
    ended = models.PositiveIntegerField()
    table = models.BinaryField()

    class Meta:
        ordering = ["-made_on"]
        constraints = [
            models.CheckConstraint(
                name="fit_reads_the_past", condition=Q(since_on__lt=F("made_on")),
                violation_error_message=_("History lies before the day on which it is read."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.made_on)


class Said(models.Model):
    """What is said of one open limit on one day.

    `chance` of missing it, 0 to 1; empty where history is too thin. The days are those by which the case has ended with
    a probability of 10, 50 and 90 %; the outer two are empty where a stage still to come had to be taken from the law.
    """

    chance = models.FloatField(null=True)
    basis = models.CharField(max_length=10, choices=Basis)
    samples = models.PositiveIntegerField(default=0)
    low_on = models.DateField(null=True)
    mid_on = models.DateField(null=True)
    high_on = models.DateField(null=True)

    class Meta:
        abstract = True


class Forecast(Said):
    """The newest word on an open limit; replaced every night."""

    clock = models.OneToOneField("clocks.Clock", on_delete=models.CASCADE, primary_key=True, related_name="forecast")
    made_on = models.DateField()

    class Meta:
        ordering = ["-chance", "pk"]
        indexes = [models.Index(fields=["-chance"], name="forecast_chance", condition=Q(chance__isnull=False))]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.chance}"


class Prediction(Said):
    """A word that was kept, and later what really happened: the hit rate is counted from these rows alone.

    `error_days`: working days from the foretold middle to the real end, negative when the case ended earlier.
    """

    made_on = models.DateField()
    clock = models.ForeignKey("clocks.Clock", on_delete=models.CASCADE, related_name="predictions")
    missed = models.BooleanField(null=True)
    finished_on = models.DateField(null=True)
    error_days = models.SmallIntegerField(null=True)

    class Meta:
        ordering = ["made_on", "pk"]
        indexes = [
            models.Index(fields=["id"], name="prediction_open", condition=Q(missed__isnull=True)),
            models.Index(
                fields=["clock"], name="prediction_unfinished", condition=Q(finished_on__isnull=True, mid_on__isnull=False)
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(fields=["made_on", "clock"], name="prediction_once_a_day"),
            models.CheckConstraint(
                name="prediction_chance", condition=Q(chance__isnull=True) | Q(chance__gte=0, chance__lte=1),
                violation_error_message=_("A chance is between 0 and 1."),
            ),
            models.CheckConstraint(
                name="prediction_order",
                condition=Q(low_on__isnull=True) | Q(low_on__lte=F("mid_on"), mid_on__lte=F("high_on")),
                violation_error_message=_("The foretold days follow one another."),
            ),
            models.CheckConstraint(
                name="prediction_error_with_end",
                condition=Q(error_days__isnull=True, finished_on__isnull=True)
                | Q(error_days__isnull=False, finished_on__isnull=False),
                violation_error_message=_("How far a prediction was off is known when the case has ended."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.made_on} {self.clock_id}"
