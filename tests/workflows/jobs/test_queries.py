"""What the operations page says about one sweep."""

from __future__ import annotations

import pytest
from django.utils import translation

from workflows.jobs.queries import Status


@pytest.mark.parametrize(
    ("interval", "rhythm"),
    [
        (1, "every second"),
        (90, "every 90 seconds"),
        (60, "every minute"),
        (900, "every 15 minutes"),
        (3600, "every hour"),
        (86400, "every 24 hours"),
    ],
)
def test_the_rhythm_is_told_in_the_largest_whole_unit(interval: int, rhythm: str) -> None:
    with translation.override("en"):
        assert Status("a.sweep", interval, None, False).rhythm == rhythm
