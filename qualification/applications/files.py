"""The files of a case: frozen when something is handed in."""

from __future__ import annotations

import datetime as dt
import uuid
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
    freeze(OWNER_KIND, application.uuid, now)


def freeze(owner_kind: str, owner_id: uuid.UUID, now: dt.datetime) -> None:
    """The files of any owner stand from here on. Raises ValidationError as `freeze_files` does."""
    try:
        documents.freeze(owner_kind=owner_kind, owner_id=owner_id, now=now)
    except documents.DocumentsError as error:
        raise ValidationError(error.message) from error
