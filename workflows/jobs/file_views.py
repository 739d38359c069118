"""Files to look after: what waits, failed, was refused, or is no longer what it was; and strays in the store."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from documents.care import queries, services
from documents.care.models import MAX_STRAYS, FoundStray
from documents.care.queries import Trouble
from documents.care.words import said_of
from documents.models import StoredFile
from documents.orphans import Stray
from qualification import access
from qualification.pages.lists import Column, Filter, ListPage
from workflows.jobs.roles import KEEPERS, READERS


def _columns() -> list[Column]:
    return [
        # No names: a name can tell what a laboratory of another region is about. The number finds the file in its case.
        Column("trouble", gettext_lazy("State"), sort=("trouble", "-created_at"), template="jobs/_trouble.html",
               value=lambda row: Trouble(row.trouble).label),
        Column("said", pgettext_lazy("file to look after", "What is wrong and what to do"), template="jobs/_said.html", value=said_of),
        Column("pk", gettext_lazy("File"), template="jobs/_file.html", value=lambda row: str(row.pk)),
        Column("size", gettext_lazy("Bytes"), sort=("size",), is_number=True),
        Column("received_at", gettext_lazy("Received"), sort=("received_at",)),
        Column("scanned_at", gettext_lazy("Last checked"), sort=("scanned_at",)),
        Column("scan_attempts", gettext_lazy("Tries"), sort=("scan_attempts",), is_number=True),
        Column("proved_at", gettext_lazy("Last proved"), sort=("proved_at",)),
        Column("asked_at", gettext_lazy("Asked for again"), sort=("asked_at",)),
    ]  # fmt: skip


def _by_trouble(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(trouble=value)


@access.roles(*READERS)
@require_safe
def files(request: HttpRequest) -> HttpResponseBase:
    """The files somebody must look at, the worst first."""
    now = timezone.now()
    listing = ListPage(
        request, queries.in_trouble(now=now), columns=_columns(), default_sort="trouble", file_name="files",
        search=("uuid", "scan_verdict"), filters=(Filter("trouble", gettext_lazy("State"), Trouble.choices, apply=_by_trouble),),
    )  # fmt: skip
    if listing.wants_export:
        return listing.export()
    may_act = access.person(request).has_role(*KEEPERS)
    return render(request, "jobs/files.html", {"listing": listing, "care": queries.care(now=now), "may_act": may_act})


@access.roles(*KEEPERS)
@require_POST
def again(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Have one file checked or proved again."""
    file = get_object_or_404(StoredFile, pk=uuid)
    try:
        services.check_again(file=file, by=access.person(request), now=timezone.now())
    except services.NotToCheck as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The file is checked again. Load this list again in a minute."))
    return redirect("jobs:files")


@access.roles(*READERS)
@require_safe
def strays(request: HttpRequest) -> HttpResponseBase:
    """What belonged to nothing when the store was last walked through."""
    columns = [
        Column("kind", gettext_lazy("What"), sort=("kind",), value=lambda row: row.get_kind_display()),
        Column("bucket", gettext_lazy("Where"), sort=("bucket",), value=lambda row: row.get_bucket_display()),
        Column("key", gettext_lazy("Key in the store"), sort=("key",)),
        Column("found_at", gettext_lazy("Found"), sort=("found_at",)),
    ]
    listing = ListPage(
        request, FoundStray.objects.all(), columns=columns, default_sort="kind", file_name="strays", search=("key",),
        filters=(Filter("kind", gettext_lazy("What"), Stray.choices),),
    )  # fmt: skip
    if listing.wants_export:
        return listing.export()
    most = f"{MAX_STRAYS:,}"
    is_cut = FoundStray.objects.count() >= MAX_STRAYS
    return render(request, "jobs/strays.html", {"listing": listing, "most": most, "is_cut": is_cut})
