"""What a capability sheet may cost us. Pure: the child process reads it too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. The defaults hold a table of 20,000 rows with room to spare."""

    max_rows: int = 20_000
    max_columns: int = 100
    max_file: int = 20 * 1024 * 1024
    max_unpacked: int = 160 * 1024 * 1024
    max_entries: int = 500
    max_ratio: int = 250
    ratio_from: int = 1024 * 1024
    max_sheets: int = 50
    max_cell: int = 4_000
    max_problems: int = 2_000
    memory: int = 1024 * 1024 * 1024
    cpu: int = 30
    wall: int = 60

    def to_json(self) -> str:
        """For the command line of the child process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """What `to_json` wrote."""
        return cls(**json.loads(text))
