"""Search in Chinese and Latin text by pairs of characters; files are searched in the same way."""

from __future__ import annotations

from documents.bigrams import bigrams, fold, index_terms

__all__ = ["bigrams", "fold", "index_terms"]
