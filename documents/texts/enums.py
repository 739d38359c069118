"""What came of reading a file's text."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """How far the reading of a file's text is. Only READ is searched."""

    PENDING = "pending", _("text not read yet")
    READ = "read", _("text read")
    WITHOUT = "without", _("no text")
    FAILED = "failed", _("text could not be read")


class Why(models.TextChoices):
    """Why a file has no text to search."""

    PICTURE = "picture", _("no text: a picture")
    SCANNED = "scanned", _("no text: scanned pictures")
    EMPTY = "empty", _("no text: nothing is written in it")
    OLD_WORD = "old_word", _("the old Word format (.doc) is not read; .docx and PDF are")
    BROKEN = "broken", _("text could not be read: the file cannot be opened")
    TOO_HEAVY = "too_heavy", _("text could not be read: it takes too much time or memory")
    LOST = "lost", _("text could not be read: the stored file was not found")
    GAVE_UP = "gave_up", _("text could not be read, tried several times")
