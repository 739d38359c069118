"""A Chinese font for PDFs that name one and do not bring it. Free of Django: the child uses it."""

from __future__ import annotations

import ctypes
from functools import cached_property
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]

# Shift JIS, Hangul, GB 2312, Big5 as `fpdf_sysfontinfo.h` numbers them.
EAST_ASIAN = frozenset({128, 129, 134, 136})
GB_2312 = 134
OURS = 0x5453
FACE = b"Noto Sans SC\0"


class ChineseFont(pdfium.PdfSysfontBase):  # type: ignore[misc,unused-ignore]
    """Answers for the East Asian character sets with one font of ours; everything else goes the usual way."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    @cached_property
    def data(self) -> bytes:
        """The font's bytes, read when a document first needs them."""
        return self.path.read_bytes()

    def MapFont(self, _: Any, weight: int, italic: int, charset: int, pitch: int, face: Any, exact: Any) -> Any:  # noqa: N802
        """Which font stands in for one that the document does not bring."""
        if charset in EAST_ASIAN:
            return OURS
        return self.default.MapFont(self.default, weight, italic, charset, pitch, face, exact)

    def GetFontData(self, _: Any, font: int, table: int, buffer: Any, size: int) -> Any:  # noqa: N802
        """The whole font (table 0); its single tables are found in it."""
        if font != OURS:
            return self.default.GetFontData(self.default, font, table, buffer, size)
        return 0 if table else _give(self.data, buffer, size)

    def GetFaceName(self, _: Any, font: int, buffer: Any, size: int) -> Any:  # noqa: N802
        """The name of a font."""
        if font != OURS:
            return self.default.GetFaceName(self.default, font, buffer, size)
        return _give(FACE, buffer, size)

    def GetFontCharset(self, _: Any, font: int) -> Any:  # noqa: N802
        """The character set of a font."""
        return GB_2312 if font == OURS else self.default.GetFontCharset(self.default, font)

    def DeleteFont(self, _: Any, font: int) -> None:  # noqa: N802
        """Let a font go; ours stays."""
        if font != OURS:
            self.default.DeleteFont(self.default, font)


def _give(data: bytes, buffer: Any, size: int) -> int:
    if size >= len(data):
        ctypes.memmove(buffer, data, len(data))
    return len(data)


def stand_in(path: str) -> None:
    """Have pdfium take this font for Chinese that a document names and does not bring; nothing without a font."""
    if path and Path(path).is_file():
        ChineseFont(Path(path)).setup()
