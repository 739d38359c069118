"""Words of the clocks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.TextChoices):
    """In what a limit is counted."""

    WORKING = "working", _("working days")
    CALENDAR = "calendar", _("calendar days")
    MONTHS = "months", _("calendar months")


class ClockState(models.TextChoices):
    """Where a clock is. A clock that ran out without a consequence of its own runs on, as a breach."""

    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    STOPPED = "stopped", _("stopped")
    EXPIRED = "expired", _("expired")


OPEN_STATES = (ClockState.RUNNING, ClockState.PAUSED)


class DayKind(models.TextChoices):
    """Why a day is counted or not."""

    WORKING = "working", _("working day")
    MAKE_UP = "make_up", _("make-up working day")
    CALENDAR = "calendar", _("calendar day")
    WEEKEND = "weekend", _("weekend")
    HOLIDAY = "holiday", _("public holiday")
    PAUSED = "paused", _("the clock is paused")
    ROLLED = "rolled", _("the last day is a day off: the next working day is the last")


class ContestState(models.TextChoices):
    """A contest of an outcome: what became of it."""

    DRAFT = "draft", _("being written")
    ASKED = "asked", _("waiting for the answer")
    UPHELD = "upheld", _("the outcome stands")
    SET_ASIDE = "set_aside", _("set aside")
