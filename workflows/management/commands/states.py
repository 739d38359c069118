"""Write docs/states.md from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workflows.states import page


class Command(BaseCommand):
    help = "Write docs/states.md: every state machine with its verbs, clocks and steps."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "states.md"
        path.write_text(page(), "utf-8")
        self.stdout.write(f"Wrote {path.name}.")
