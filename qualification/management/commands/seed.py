"""Load the reference data every installation starts from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from documents.papers.demo_keys import ensure_demo_key
from qualification import reference
from qualification.regions.calendars import load_all
from qualification.regions.models import Authority


class Command(BaseCommand):
    help = (
        "Load authorities, dictionaries, materials, criteria and calendars; in the demo also signing keys. Idempotent."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        from django.conf import settings

        reference.load()
        load_all(now=timezone.now())
        if settings.DEMO:
            for authority in Authority.objects.order_by("code"):
                ensure_demo_key(authority.code, authority.name_zh, now=timezone.now())
        self.stdout.write("Reference data is in place.")
