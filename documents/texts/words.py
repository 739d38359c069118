"""How text is compared: full and half width, big and small letters, kinds of dashes and stray blanks do not matter.

“GB/T 5009.3-2016”, “GB/T5009.3—2016” and “ＧＢ∕Ｔ 5009.3 - 2016” are one. Blanks part only two Latin words or two
numbers: between Chinese characters they come from the layout of the page.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from documents.bigrams import bigrams, index_terms

_SIGNS = {**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("∕⁄╱", "/")}
_DROPPED = {ord("\x00"): None, 0xAD: None, 0xFFFE: None, 0x200B: None, 0xFEFF: None, ord("\x02"): None}
_HAN = 0x2E80
_AROUND_SIGN = re.compile(r"\s*([-/‐‑‒–—―−∕⁄╱])\s*")
_LETTERS_NUMBER = re.compile(r"(?<=[A-Za-z])\s+(?=\d)")
BEFORE, AFTER = 40, 110


def readable(text: str) -> str:
    """Text as it is kept and shown: NFKC, without signs that nobody sees."""
    return unicodedata.normalize("NFKC", text.translate(_DROPPED)).replace("\r\n", "\n").replace("\r", "\n")


def _kind(char: str) -> str:
    if char.isdecimal():
        return "digit"
    if ord(char) >= _HAN or not char.isalpha():
        return ""
    return "letter"


def normal(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters the place in `text` (which must be readable)."""
    kept: list[tuple[str, int]] = []
    has_blank = False
    for at, char in enumerate(text):
        if char.isspace():
            has_blank = True
            continue
        low = char.lower()
        sign = _SIGNS.get(char, low if len(low) == 1 else char)
        if has_blank and kept and _kind(sign) and _kind(kept[-1][0]) == _kind(sign):
            kept.append((" ", at - 1))
        kept.append((sign, at))
        has_blank = False
    kept = [pair for n, pair in enumerate(kept) if not _is_slash_in_word(kept, n)]
    return "".join(char for char, _at in kept), [at for _char, at in kept]


def _is_slash_in_word(kept: list[tuple[str, int]], n: int) -> bool:
    """GB/T and GBT are one."""
    if kept[n][0] != "/" or not 0 < n < len(kept) - 1:
        return False
    return _kind(kept[n - 1][0]) == _kind(kept[n + 1][0]) == "letter"


def words_of(query: str) -> list[str]:
    """What is looked for, as it is compared: every word must be found. Blanks inside a standard's number part nothing."""
    joined = _LETTERS_NUMBER.sub("", _AROUND_SIGN.sub(r"\1", readable(query).strip()))
    found = (normal(part)[0] for part in joined.split())
    return list(dict.fromkeys(word for word in found if any(char.isalnum() for char in word)))


def terms_of(body: str) -> list[str]:
    """The index of a compared text."""
    return index_terms(body)


def wanted_terms(words: list[str]) -> list[str]:
    """What the index of a text must hold before it can hold all words."""
    return sorted({term for word in words for term in bigrams(word)})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line around the first hit: pieces of text, each with whether it was looked for; and the lines before it."""

    pieces: list[tuple[str, bool]]
    line: int

    @property
    def text(self) -> str:
        """The line without marks."""
        return "".join(piece for piece, _is_hit in self.pieces)


def excerpt(text: str, words: list[str]) -> Excerpt:
    """The surroundings of the first hit of any word in a readable text, every hit in it marked."""
    body, places = normal(text)
    hits = sorted((places[at], places[at + len(word) - 1] + 1) for word in words for at in _all(body, word))
    first = hits[0][0] if hits else 0
    start, end = max(0, first - BEFORE), min(len(text), first + AFTER)
    pieces: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for begin, stop in hits:
        if begin < at or begin >= end:
            continue
        pieces += [(text[at:begin], False), (text[begin : min(stop, end)], True)]
        at = min(stop, end)
    pieces += [(text[at:end], False)] + ([("…", False)] if end < len(text) else [])
    shown = [(re.sub(r"\s+", " ", piece), is_hit) for piece, is_hit in pieces]
    return Excerpt([pair for pair in shown if pair[0]], text.count("\n", 0, first))


def _all(body: str, word: str) -> list[int]:
    found, at = [], body.find(word)
    while at >= 0:
        found.append(at)
        at = body.find(word, at + len(word))
    return found
