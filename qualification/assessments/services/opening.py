"""Open the technical review of an accepted application."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone

from qualification.assessments.enums import Mode
from qualification.assessments.models import Assessment, Edition

if TYPE_CHECKING:
    from qualification.applications.models import Application


class NoEdition(RuntimeError):
    """No edition of the criteria is loaded: the installation is incomplete."""


def edition_on(day: dt.date) -> Edition:
    """The edition of the criteria in force on a day. Raises NoEdition."""
    edition = Edition.objects.filter(in_force_from__lte=day).order_by("-in_force_from").first()
    if edition is None:
        raise NoEdition(f"No edition of the assessment criteria is in force on {day}.")
    return edition


def open_assessment(*, application: Application, now: dt.datetime, mode: Mode = Mode.ON_SITE) -> Assessment:
    """Begin the technical review, or the check of a commitment, under the edition in force; the team is drawn next."""
    assessment: Assessment = Assessment.objects.create(
        application=application, edition=edition_on(timezone.localdate(now)), opened_at=now, mode=mode
    )
    return assessment
