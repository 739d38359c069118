"""Make demonstration keys for authorities that have none."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from documents.papers.demo_keys import ensure_demo_key
from documents.papers.keys import KeyMissing


class Command(BaseCommand):
    help = "Make demonstration signing keys (no legal effect) under KEYS_DIR for authorities that have none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "authorities", nargs="+", metavar="CODE[=NAME]",
            help="code of an authority and the name its seal carries, for example 01=北京市市场监督管理局",
        )  # fmt: skip

    def handle(self, *args: Any, authorities: list[str], **options: Any) -> None:
        for entry in authorities:
            code, _, name = entry.partition("=")
            try:
                made = ensure_demo_key(code, name or f"资质认定部门 {code}", now=timezone.now())
            except KeyMissing as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{code}: {'demonstration key made' if made else 'has a key already'}")
