"""docs/states.md says what the code says."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from workflows.states import page


def test_the_page_is_that_of_the_code() -> None:
    written = (Path(settings.BASE_DIR) / "docs" / "states.md").read_text("utf-8")
    assert written == page(), "Run `manage.py states`."
