"""Words of the board."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import Role

# Who watches the time limits of an authority.
BOARD_ROLES = frozenset({Role.SLA_ADMIN, Role.SUPERVISOR})
AT_RISK = "at_risk"
AT_RISK_LABEL = _("at risk (80 % used)")


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


_ICONS = {
    "overdue": "clock-exclamation", "today": "calendar-due", "week": "calendar-week", "later": "calendar-event",
    "paused": "player-pause",
}  # fmt: skip
_LOOKS = {"overdue": "bad", "today": "warn", "week": "info", "later": "neutral", "paused": "neutral"}
# Colours of the picture, in the order of the tones; words and numbers stand in the table.
COLOURS = ("#a61e1e", "#b5651d", "#17568f", "#56616e", "#aeb6bf")
