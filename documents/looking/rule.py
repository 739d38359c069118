"""Looking at pages: the same rule as handing the file out, and a line in the log before anything is shown."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.http import Http404

from documents import access
from documents.enums import Purpose
from documents.models import AccessLog, Version
from documents.serving import NotServable, why_not

# Turning the pages of a file is one look for so long.
LOOK = dt.timedelta(minutes=10)


def find(*, user: Any, version_id: uuid.UUID) -> Version:
    """The version of this uuid, its document and file with it; one that the check refused too, to say why.

    Raises Http404 for who may not read it, and for a version that somebody removed.
    """
    rows = Version.objects.select_related("file", "document", "uploaded_by").filter(
        Q(withdrawn_at__isnull=True) | Q(withdrawn_by__isnull=True)
    )
    version = rows.filter(pk=version_id).first()
    if version is None or not access.may_read(user, version.document.owner_kind, version.document.owner_id):
        raise Http404
    return version


def note_look(*, version: Version, user: Any, ip: str | None, now: dt.datetime) -> None:
    """Write down that somebody looks at pages of a file, once for each LOOK; committed when this returns.

    Raises NotServable while the file is not handed out.
    """
    if not version.file.is_servable:
        raise NotServable(why_not(version.file))
    if _has_looked(version, user, now):
        return
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:  # pages asked for at the same moment are one look
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"look/{version.pk}/{user.pk}"])
        if not _has_looked(version, user, now):
            AccessLog.objects.create(
                file=version.file, version=version, user=user, at=now, ip=ip, purpose=Purpose.VIEW
            )  # fmt: skip


def _has_looked(version: Version, user: Any, now: dt.datetime) -> bool:
    since = now - LOOK
    return AccessLog.objects.filter(
        file=version.file, version=version, user=user, purpose=Purpose.VIEW, at__gt=since, at__lte=now
    ).exists()
