"""What an administrator looks after: strays that the nightly walk has found, and checks that were asked for by hand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.enums import Bucket
from documents.models import StoredFile
from documents.orphans import Stray

# More are not kept: so many have one cause, and the command line tells all of them.
MAX_STRAYS = 10_000


class FoundStray(models.Model):
    """One thing that did not belong together when the store was last walked through; the next walk writes anew."""

    kind = models.CharField(_("what"), max_length=10, choices=Stray)
    bucket = models.CharField(_("where"), max_length=10, choices=Bucket)
    key = models.CharField(_("key"), max_length=1024, blank=True)
    detail = models.CharField(_("name or token"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("stray in the store")
        verbose_name_plural = _("strays in the store")

    def __str__(self) -> str:
        return f"{self.kind} {self.bucket} {self.key}"


class Recheck(models.Model):
    """Somebody has had a file checked or proved again; `was` is what was wrong with it then."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="rechecks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    was = models.CharField(max_length=40)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("check asked for by hand")
        verbose_name_plural = _("checks asked for by hand")

    def __str__(self) -> str:
        return f"{self.file_id} {self.was}"
