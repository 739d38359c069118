"""Search in Chinese and Latin text by pairs of characters, so that no word list is needed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Text in the one form that is compared: NFKC, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def bigrams(text: str) -> list[str]:
    """The pairs of neighbouring letters of a text, each once, in order; a lone letter stands for itself.

    Blanks and punctuation part words: no pair reaches across them.
    """
    return list(dict.fromkeys(_pairs(WORD.findall(fold(text)))))


def _pairs(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if len(word) == 1:
            yield word
        yield from (word[i : i + 2] for i in range(len(word) - 1))


def index_terms(*texts: str) -> list[str]:
    """What is stored beside a row so that `bigrams` of a query are found in it: pairs and single letters."""
    folded = fold(" ".join(texts))
    return sorted({*bigrams(folded), *"".join(WORD.findall(folded))})
