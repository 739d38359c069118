"""What the grid is narrowed to."""

from __future__ import annotations

from qualification.scope import queries


def test_a_filter_takes_no_character_that_the_database_cannot_hold() -> None:
    found = queries.Filter.of({"q": "\x00 p\x00H", "category": "1\x00", "show": "\x00"})
    assert (found.words, found.category, found.show) == ("pH", "1", "")
