"""What stands beside the tasks on a person's first page."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qualification.accounts.enums import LABORATORY_ROLES, Role
from qualification.applications.models import Application
from qualification.certificates.models import Certificate, Edition
from qualification.certificates.renewals import with_renewals
from workflows.inbox import queries
from workflows.inbox.actions import address

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import TerminationRequest

SHOWN = 10


NOTHING_BESIDE: dict[str, Any] = {
    "terminations": [], "contests": [], "stuck": [], "drafts": [], "certificates": [], "start_url": "", "is_laboratory": False,
    "is_laboratory_only": False,
}  # fmt: skip


def beside(user: User, now: dt.datetime) -> dict[str, Any]:
    """Requests to answer, papers that could not be made, and for a laboratory its drafts and certificates."""
    is_laboratory = user.has_role(*LABORATORY_ROLES)
    return {
        "terminations": [_termination(row) for row in queries.terminations_to_answer(user)],
        "contests": queries.contests_to_answer(user),
        "stuck": _stuck(user),
        "drafts": _drafts(user) if is_laboratory else [],
        "certificates": _certificates(user, now) if is_laboratory else [],
        "start_url": start_url(user),
        "is_laboratory": is_laboratory,
        "is_laboratory_only": False,
    }


def start_url(user: User) -> str:
    """Where a laboratory starts an application; nothing for others."""
    return address("applications:start") if user.has_role(*LABORATORY_ROLES) else ""


def _termination(row: TerminationRequest) -> dict[str, Any]:
    return {"request": row, "url": address("applications:answer_termination", row.uuid)}


def _stuck(user: User) -> list[dict[str, Any]]:
    """Certificates whose paper could not be made at the last try, for the issuers of the authority."""
    ids = user.authority_ids({Role.ISSUER.value, Role.REGION_ADMIN.value})
    if not ids:
        return []
    rows = Edition.objects.filter(application__authority_id__in=ids, state="pending", paper__state="failed")
    rows = rows.select_related("application__laboratory", "certificate", "paper").order_by("requested_at", "pk")[:SHOWN]
    return [{"edition": row, "url": address("certificates:issue", row.application.uuid)} for row in rows]


def _drafts(user: User) -> list[dict[str, Any]]:
    rows = Application.objects.filter(laboratory_id__in=user.laboratory_ids(), state="draft")
    rows = rows.select_related("laboratory").order_by("-saved_at", "-pk")[:SHOWN]
    return [{"application": row, "url": address("applications:edit", row.uuid)} for row in rows]


def _certificates(user: User, now: dt.datetime) -> list[dict[str, Any]]:
    today = timezone.localdate(now)
    rows = Certificate.objects.filter(laboratory_id__in=user.laboratory_ids()).exclude(state="pending")
    rows = with_renewals(rows).select_related("laboratory").order_by("-valid_until", "-pk")[:SHOWN]
    return [
        {"certificate": row, "state": row.state_on(today), "days_left": (row.valid_until - today).days,
         "url": address("certificates:public", row.number)}
        for row in rows
    ]  # fmt: skip
