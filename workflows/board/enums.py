"""Words of the board."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import Role

# Who watches the time limits of an authority.
BOARD_ROLES = frozenset({Role.SLA_ADMIN, Role.SUPERVISOR})
AT_RISK = "at_risk"
AT_RISK_LABEL = _("at risk (80 % used)")
# The person of a clock that waits for nobody by name, as the tallies and the addresses write it.
NOBODY = 0
NOBODY_LABEL = _("without a person")
NO_KIND_LABEL = _("no case")
# How addresses spell what is not there.
NO_KIND = NO_PERSON = "none"


class Tone(models.TextChoices):
    """When an open time limit is due; each clock has one."""

    OVERDUE = "overdue", _("overdue")
    TODAY = "today", _("due today")
    WEEK = "week", _("this week")
    LATER = "later", _("later")
    PAUSED = "paused", _("paused")

    @property
    def icon(self) -> str:
        """Icon beside the word."""
        return _ICONS[self.value]

    @property
    def look(self) -> str:
        """Tone of the design."""
        return _LOOKS[self.value]


class Outcome(models.TextChoices):
    """How a time limit ended. A missed one has this outcome from its due moment on, although it runs on."""

    KEPT = "kept", _("kept")
    MISSED = "missed", _("missed")
    EXCUSED = "excused", _("missed, excused")
    RUN_OUT = "run_out", _("ran out on the other side")


class Measure(models.TextChoices):
    """What a tally counts: open clocks by their due moment, those at risk by the moments at which they become so and
    cease to be (+1, -1), and outcomes by month."""

    RUNNING = "running"
    PAUSED = "paused"
    PROVISIONAL = "provisional"
    RISK = "risk"
    KEPT = "kept"
    MISSED = "missed"
    EXCUSED = "excused"
    RUN_OUT = "run_out"


class Dim(models.TextChoices):
    """By what a tally splits, beside the authority; the rest is summed up in it."""

    STAGE = "stage"
    KIND = "kind"
    KIND_STAGE = "kind_stage"
    PERSON = "person"
    NOBODY = "nobody"
    NOBODY_KIND = "nobody_kind"


class Grain(models.TextChoices):
    """How finely a tally keeps time: whole weeks, the moments in a week, and months for outcomes."""

    WEEK = "week"
    MOMENT = "moment"
    MONTH = "month"


class Side(models.TextChoices):
    """Who a clock waits for."""

    OFFICER = "officer", _("Officers")
    ASSESSOR = "assessor", _("Assessors")
    LABORATORY = "laboratory", _("People of laboratories")


_ICONS = {
    "overdue": "clock-exclamation", "today": "calendar-due", "week": "calendar-week", "later": "calendar-event",
    "paused": "player-pause",
}  # fmt: skip
_LOOKS = {"overdue": "bad", "today": "warn", "week": "info", "later": "neutral", "paused": "neutral"}
# Colours of the pictures, in the order of the tones; words and numbers stand in the table.
COLOURS = ("#a61e1e", "#b5651d", "#17568f", "#56616e", "#aeb6bf")
# In the order of the outcomes.
OUTCOME_COLOURS = ("#1d6b3a", "#a61e1e", "#b5651d", "#aeb6bf")
