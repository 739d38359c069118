"""Settings of the papers, read at the moment of use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

# Two weights are all the templates use; typst reads every file below the folders it is given.
FONT_FOLDERS = (
    "@expo-google-fonts/noto-serif-sc/400Regular",
    "@expo-google-fonts/noto-serif-sc/700Bold",
    "@expo-google-fonts/noto-sans-sc/400Regular",
    "@expo-google-fonts/noto-sans-sc/700Bold",
)


class FontsMissing(RuntimeError):
    """The Chinese fonts of the papers are not installed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may use: wall-clock seconds and MiB of address space."""

    seconds: int
    memory_mb: int


def limits() -> Limits:
    """The limits of one rendering."""
    return Limits(seconds=settings.PAPER_SECONDS, memory_mb=settings.PAPER_MEMORY_MB)


def font_folders() -> list[Path]:
    """The folders with the fonts; raises FontsMissing when one is not there."""
    root = Path(settings.NODE_MODULES)
    folders = [root / folder for folder in FONT_FOLDERS]
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise FontsMissing(f"No fonts at {', '.join(missing)}. Run `npm ci`, or set NODE_MODULES.")
    return folders


def templates_folder() -> Path:
    """Where the typst templates lie."""
    return Path(settings.BASE_DIR) / "templates" / "papers"
