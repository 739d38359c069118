"""Words of the feeds."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a secret opens, and nothing else."""

    CALENDAR = "calendar", _("calendar address")
    API = "api", _("access for programs")
