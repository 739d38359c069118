"""What the slot of each material takes and by which names it is told: data beside the requirement matrix."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from documents import slots
from documents.formats import EXCEL, PICTURES, WORD, Format

DATA = Path(__file__).with_name("data") / "slots.json"
GROUPS: dict[str, frozenset[Format]] = {
    "pdf": frozenset({Format.PDF}),
    "ofd": frozenset({Format.OFD}),
    "word": WORD,
    "excel": EXCEL,
    "pictures": PICTURES,
}


@cache
def _slots() -> dict[str, dict[str, Any]]:
    return dict(json.loads(DATA.read_text("utf-8"))["slots"])


def register() -> None:
    """Describe the slot of each material; called at start-up. An unknown kind of file in the data is a KeyError."""
    for code, told in _slots().items():
        types = frozenset().union(*(GROUPS[name] for name in told["types"]))
        slots.register_type(code, types, words=told["words"], takes_many=told.get("takes_many", False))


def form_of(code: str) -> str:
    """The name of the form that the laboratory may fill in for a material; empty where it writes its own."""
    return str(_slots().get(code, {}).get("form", ""))
