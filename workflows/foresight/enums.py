"""Words and fixed numbers of foresight."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

# How far back history counts: habits of five years ago say little about next week.
HISTORY_DAYS = 730
# Fewer ended limits than this are no experience: the next wider group is asked, and after the widest nothing is said.
MIN_SAMPLES = 20
# Of those that ran at least as long as this one has, there must still be so many.
MIN_ALIVE = 8
# The interval that is shown leaves out a tenth on either side.
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
# Working days beyond this count as this many: about three years.
LONGEST = 750
# Open limits of which a prediction is kept each night, to be held against what really happened.
KEPT_A_NIGHT = 5000
# Below this many settled predictions no hit rate is told.
MIN_SETTLED = 30
# Bounds of the classes of the calibration table, in per cent.
BOUNDS = (0, 5, 20, 40, 60, 80, 100)
# The limits that follow one another from the receipt to the certificate; everything else runs beside them.
WAY = ("acceptance", "supplement", "acceptance_after_supplement", "technical_review", "decision", "commitment_decision",
       "issue", "commitment_issue")  # fmt: skip
# Where a case goes on by default from each of them.
THEN = {"acceptance": "technical_review", "supplement": "acceptance_after_supplement",
        "acceptance_after_supplement": "technical_review", "technical_review": "decision", "decision": "issue",
        "commitment_decision": "commitment_issue"}  # fmt: skip


class Basis(models.TextChoices):
    """Whose history a prediction rests on: the narrowest group with enough of it."""

    OWN = "own", _("same stage, kind and authority")
    KIND = "kind", _("same stage and kind, all regions")
    STAGE = "stage", _("same stage, all kinds and regions")
    NONE = "none", _("too little history")
