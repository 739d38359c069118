"""States of a note on a page, and what is done to one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoteState(models.TextChoices):
    """Where a note stands; it follows from the note's stamps."""

    DRAFT = "draft", _("not sent")
    SENT = "sent", _("sent, open")
    SETTLED = "settled", _("settled")
    WITHDRAWN = "withdrawn", _("withdrawn")

    @property
    def look(self) -> dict[str, str]:
        """Label, icon and tone of its badge."""
        icon, tone = {
            NoteState.DRAFT: ("pencil", "neutral"),
            NoteState.SENT: ("mail-forward", "warn"),
            NoteState.SETTLED: ("circle-check", "good"),
            NoteState.WITHDRAWN: ("x", "neutral"),
        }[self]
        return {"label": str(self.label), "icon": icon, "tone": tone}


class NoteVerb(models.TextChoices):
    """What was done to a note."""

    PIN = "pin", _("pinned")
    EDIT = "edit", _("changed")
    SEND = "send", _("sent")
    WITHDRAW = "withdraw", _("withdrawn")
    SETTLE = "settle", _("settled")
    REOPEN = "reopen", _("opened again")
