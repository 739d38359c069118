"""The Chinese of the site is complete."""

from __future__ import annotations

from django.core.management import call_command


def test_the_chinese_is_complete() -> None:
    call_command("messages", "check")
