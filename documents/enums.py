"""States and kinds of files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Bucket(models.TextChoices):
    """Where the bytes lie: things nobody has checked yet, or things that may be handed out."""

    QUARANTINE = "quarantine", _("quarantine")
    CLEAN = "clean", _("checked files")


class ScanState(models.TextChoices):
    """What the check of a file has found. Only CLEAN may be served; FAILED is not clean."""

    PENDING = "pending", _("being checked")
    CLEAN = "clean", _("checked")
    REFUSED = "refused", _("not taken")
    FAILED = "failed", _("could not be checked")


class ScanLevel(models.TextChoices):
    """How far a file was checked."""

    NONE = "", _("not checked")
    STRUCTURE = "structure", _("structure checked, not scanned for malware")
    MALWARE = "malware", _("scanned for malware")
    PRODUCED = "produced", _("made by this system")


class Purpose(models.TextChoices):
    """Why a file left the store."""

    DOWNLOAD = "download", _("downloaded")
    VIEW = "view", _("looked at")
    BUNDLE = "bundle", _("downloaded with all files")
    SEARCH = "search", _("found by a search, with a line of its text")


class Fault(models.TextChoices):
    """What the nightly proof has found wrong with a stored file."""

    LOST = "lost", _("not in the store")
    ALTERED = "altered", _("altered in the store")


class UploadState(models.TextChoices):
    """Where a file on its way is."""

    OPEN = "open", _("on its way")
    ARRIVED = "arrived", _("arrived, being read")
    DONE = "done", _("taken in")
    GIVEN_UP = "given_up", _("given up")
