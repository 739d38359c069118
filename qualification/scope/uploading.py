"""From an uploaded sheet to a table: the file becomes a version in its slot, then its rows are read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from documents.upload import add_version
from qualification.scope import services
from qualification.scope.models import CapabilityTable

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application
    from qualification.laboratories.models import Site

OWNER_KIND = "application"
SLOT_CODE = "capability_table"


def label_of(site: Site, is_food: bool) -> str:
    """The label of the slot of one table."""
    return f"{site.uuid}:{'food' if is_food else 'nonfood'}"


def upload_table(
    *, application: Application, site: Site, is_food: bool, upload: Any, by: User, now: dt.datetime
) -> CapabilityTable:
    """Store a sheet as a new version and read it. Raises documents.upload.UploadRefused when it is not taken at all."""
    version = add_version(
        owner_kind=OWNER_KIND, owner_id=application.uuid, code=SLOT_CODE, label=label_of(site, is_food),
        upload=upload, by=by, now=now,
    )  # fmt: skip
    return services.import_table(application=application, site=site, is_food=is_food, version=version, by=by, now=now)
