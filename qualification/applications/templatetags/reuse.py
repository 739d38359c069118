"""Tags of files that are used again: `{% load reuse %}`, then `{% earlier_files application code label back %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from qualification.applications import reusing
from qualification.applications.models import Application

register = template.Library()

SHOWN = 3
_KEPT = "_earlier_files"


def _of(context: template.Context, application: Application) -> list[reusing.Earlier]:
    """The files, read once for a page."""
    kept: dict[Any, list[reusing.Earlier]] = context["request"].__dict__.setdefault(_KEPT, {})
    if application.pk not in kept:
        kept[application.pk] = reusing.earlier_files(application, now=timezone.now())
    return kept[application.pk]


@register.inclusion_tag("applications/lab/_earlier.html", takes_context=True)
def earlier_files(
    context: template.Context, application: Application, code: str, label: str, back: str
) -> dict[str, Any]:
    """What was handed in for a slot in earlier applications, the newest first; nothing when there is nothing.

    `back` is the place of the page to come back to.
    """
    found = reusing.by_slot(_of(context, application)).get((code, label), [])
    return {
        "application": application, "back": back, "files": found[:SHOWN], "further": max(0, len(found) - SHOWN),
        "csrf_token": context.get("csrf_token"),
    }  # fmt: skip


@register.inclusion_tag("applications/lab/_earlier_notice.html", takes_context=True)
def earlier_notice(context: template.Context, application: Application) -> dict[str, Any]:
    """How many empty slots a file of an earlier application could fill, with the way there."""
    wanted = [one for one in _of(context, application) if one.is_wanted]
    return {"application": application, "count": len(reusing.by_slot(wanted))}
