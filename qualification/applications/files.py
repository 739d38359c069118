"""The files of a case: frozen when something is handed in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from documents import services as documents
from qualification.applications.queries import OWNER_KIND

if TYPE_CHECKING:
    from qualification.applications.models import Application


def freeze_files(application: Application, now: dt.datetime) -> None:
    """From here on exactly these versions are what was handed in.

    Raises ValidationError while a file is still being checked or its check failed.
    """
    try:
        documents.freeze(owner_kind=OWNER_KIND, owner_id=application.uuid, now=now)
    except documents.DocumentsError as error:
        raise ValidationError(error.message) from error
