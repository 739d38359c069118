"""Tags of files: `{% load documents %}`, then `{% slot ... %}` and `{% file_link version %}`."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.utils.translation import gettext as _

from documents import panels
from documents.care import words
from documents.models import StoredFile, Version

register = template.Library()

register.filter("scan_words", panels.scan_words)
register.filter("technical", words.technical)
register.filter("what_to_do", words.said_of)


@register.inclusion_tag("documents/slot.html", takes_context=True)
def slot(
    context: template.Context,
    owner_kind: str,
    owner_id: uuid.UUID | str,
    code: str,
    label: str = "",
    hint: str = "",
    user: Any = None,
    title: str = "",
    required: bool = False,
    about: str = "",
    replaces: bool = False,
) -> dict[str, Any]:
    """A slot: what it wants, its versions and state, and a place to drop files for who may write.

    `replaces`: the page asks for another version of this very slot, also where its kind takes many.
    Shows nothing to who may not read the owner's files. Title and hint come from the slot's registered type
    unless they are given.
    """
    request = context.get("request")
    reader = user if user is not None else getattr(request, "user", None)
    book = panels.book_of(request, reader, owner_kind, uuid.UUID(str(owner_id)))
    if not book.may_read:
        return {"is_hidden": True}
    shown = panels.panel(
        book.slot(code, label),
        can_write=book.may_write,
        title=title,
        hint=hint,
        is_required=required,
        about=about,
        replaces=replaces,
    )
    return {**shown, "request": request, "is_hidden": False}


@register.inclusion_tag("documents/taking.html", takes_context=True)
def taking(context: template.Context, owner_kind: str, owner_id: uuid.UUID | str) -> dict[str, Any]:
    """Where many files, a folder or a ZIP archive are taken and sorted into the slots of the page; for who may write."""
    request = context["request"]
    book = panels.book_of(request, request.user, owner_kind, uuid.UUID(str(owner_id)))
    return {"can_write": book.may_write, "limits": panels.LIMITS}


@register.inclusion_tag("documents/file_link.html")
def file_link(held: Version | StoredFile | None) -> dict[str, Any]:
    """A link to a file, given itself or its version; only its name while it is not handed out.

    A version's link says for which owner the file is looked at: one file may be used by several.
    """
    version = held if isinstance(held, Version) else None
    return {"file": version.file if version else held, "version": version, "link_id": held.pk if held else None}


@register.inclusion_tag("components/badge.html")
def scan_badge(file: StoredFile) -> dict[str, str]:
    """What the check has found, as an icon and words."""
    return {"label": panels.scan_words(file), **panels.scan_tone(file)}


@register.filter
def flag_words(file: StoredFile) -> list[str]:
    """What a file could do by itself, for the reader to know before opening it."""
    words = {
        "script": _("contains scripts"),
        "launch": _("wants to start a program"),
        "template": _("loads a template from elsewhere"),
        "attachments": _("contains attached files"),
    }
    return [words[flag] for flag in file.scan_verdict.get("flags", []) if flag in words]
