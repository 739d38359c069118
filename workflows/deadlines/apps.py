"""Start-up of one's own deadlines for other programs."""

from __future__ import annotations

from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "workflows.deadlines"
    label = "deadlines"
    default_auto_field = "django.db.models.BigAutoField"
