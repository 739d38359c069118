"""The leader's review of the file (材料审查)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications.files import freeze_files

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.assessments.models import Assessment


def pass_file(*, assessment: Assessment, opinion: str, by: User, now: dt.datetime) -> Assessment:
    """The file stands; a visit is arranged next."""
    door.perform(assessment, "pass_file", by=by, now=now, reason=opinion, before=lambda a: _keep(a, opinion))
    return assessment


def fail_file(*, assessment: Assessment, opinion: str, by: User, now: dt.datetime) -> Assessment:
    """The file does not stand: no visit, conclusion “does not conform”. Needs the opinion."""
    if not opinion.strip():
        raise ValidationError(_("Say why the file does not stand."))
    door.perform(assessment, "fail_file", by=by, now=now, reason=opinion, before=lambda a: _keep(a, opinion))
    return assessment


def hold_file(*, assessment: Assessment, items: Sequence[str], by: User, now: dt.datetime) -> Assessment:
    """Ask the laboratory for material; the review pauses until it is handed in."""
    wanted = [item.strip() for item in items if item.strip()]
    if not wanted:
        raise ValidationError(_("List at least one thing the laboratory shall hand in."))

    def keep(fresh: Assessment) -> None:
        fresh.hold_items = wanted
        fresh.hold_answer = ""

    door.perform(assessment, "hold_file", by=by, now=now, reason="; ".join(wanted), before=keep)
    return assessment


def resume_file(*, assessment: Assessment, answer: str, by: User, now: dt.datetime) -> Assessment:
    """The laboratory has handed the material in; the leader reviews on."""
    if not answer.strip():
        raise ValidationError(_("Say what was handed in, point by point."))

    def keep(fresh: Assessment) -> None:
        fresh.hold_answer = answer.strip()
        freeze_files(fresh.application, now)

    door.perform(assessment, "resume_file", by=by, now=now, reason=answer, before=keep)
    return assessment


def _keep(assessment: Assessment, opinion: str) -> None:
    assessment.file_opinion = opinion.strip()
