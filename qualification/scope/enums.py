"""Words of the capability table."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    """How far the reading of an uploaded sheet is."""

    READING = "reading", _("sheet being read")
    READY = "ready", _("sheet read")
    FAILED = "failed", _("sheet not readable")


class Level(models.TextChoices):
    """What a row of the table is; only a parameter is an ability that can be granted."""

    MAIN = "main", _("main class")
    CATEGORY = "category", _("category")
    PARAMETER = "parameter", _("parameter")


class Verdict(models.TextChoices):
    """What the assessment team says of a row: it may restrict or drop, never add."""

    CONFIRMED = "confirmed", _("confirmed")
    RESTRICTED = "restricted", _("restricted")
    DROPPED = "dropped", _("dropped")


RECOMMENDED = (Verdict.CONFIRMED, Verdict.RESTRICTED)


class Means(models.TextChoices):
    """How an ability was confirmed."""

    WITNESSED = "witnessed", _("witnessed test")
    BLIND_SAMPLE = "blind_sample", _("blind sample")
    DEMONSTRATION = "demonstration", _("demonstration")
    PERSON_COMPARISON = "person_comparison", _("comparison of persons")
    INSTRUMENT_COMPARISON = "instrument_comparison", _("comparison of instruments")
    RETAINED_SAMPLE = "retained_sample", _("retained sample")
    REPORT_CHECK = "report_check", _("check of reports")
    INTERVIEW = "interview", _("interview")
    RECORDS = "records", _("examination of records")
    DECLARED = "declared", _("declared in the commitment")

    @classmethod
    def of_team(cls) -> list[tuple[str, Any]]:
        """The means among which a team chooses: a declaration is no confirmation of its."""
        return [choice for choice in cls.choices if choice[0] != cls.DECLARED]


class Mode(models.TextChoices):
    """In which way the grid shows a table."""

    READ = "read", _("applied for")
    EDIT = "edit", _("edit the table")
    CONFIRM = "confirm", _("confirm item by item")
    COMPARE = "compare", _("compare the stages")
