"""Pairs of characters: what is asked for is found in what is stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualification.search import bigrams, index_terms


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("。，", []),
        ("水", ["水"]),
        ("水质检测", ["水质", "质检", "检测"]),
        ("GB/T", ["gb", "t"]),
        ("ＧＢ ３８３８", ["gb", "38", "83"]),
        ("水质 检测", ["水质", "检测"]),
    ],
)
def test_bigrams(text: str, pairs: list[str]) -> None:
    assert bigrams(text) == pairs


def test_index_terms_hold_single_letters_too() -> None:
    assert index_terms("水质", "A") == ["a", "水", "水质", "质"]


@given(st.text(max_size=30), st.integers(0, 29), st.integers(1, 30))
def test_every_piece_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    piece = text[start : start + length]
    # Folding may join a piece's first letter with the one before it; such pieces are not asked for.
    if all((c.isalnum() and c.isascii()) or "一" <= c <= "龥" for c in text):
        assert set(bigrams(piece)) <= set(index_terms(text))
