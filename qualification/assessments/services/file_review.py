"""The leader's review of the file (材料审查)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import pagenotes
from qualification.applications.files import freeze_files
from qualification.assessments.answering import HOLD_CODE, hold_id, hold_turn

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


def hold_file(
    *, assessment: Assessment, items: Sequence[str], notes: Sequence[uuid.UUID] = (), by: User, now: dt.datetime
) -> Assessment:
    """Ask the laboratory for material; the review pauses until it is handed in.

    Chosen notes on pages become points of the list. Raises ValidationError for an empty list.
    """
    with transaction.atomic():
        written = [item.strip() for item in items if item.strip()]
        taken = pagenotes.taken(assessment.application, pagenotes.REVIEW, notes)
        points = dict(enumerate(taken, start=len(written) + 1))
        _hold(assessment, [*written, *(_point(point) for point in taken)], by, now)
        turn = hold_turn(assessment)
        slots = {number: (HOLD_CODE, f"{turn}.{number}") for number in points}
        pagenotes.send(points, slots, request_id=hold_id(assessment, turn), by=by, now=now)
    return assessment


def _point(point: pagenotes.NotePoint) -> str:
    """A point of the list is one line."""
    return " ".join([point.title, *point.text.splitlines()]).strip()


def _hold(assessment: Assessment, wanted: list[str], by: User, now: dt.datetime) -> None:
    if not wanted:
        raise ValidationError(_("List at least one thing the laboratory shall hand in."))

    def keep(fresh: Assessment) -> None:
        fresh.hold_items = wanted
        fresh.hold_answer = ""

    door.perform(assessment, "hold_file", by=by, now=now, reason="; ".join(wanted), before=keep)


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
