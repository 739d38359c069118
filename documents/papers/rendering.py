"""Make PDFs with typst, in processes of their own with limits on time and memory.

The facts go as JSON into a private folder beside copies of the templates; nothing is ever formatted
into their source, and typst can read nothing but the folder of the paper it makes.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from documents.papers import conf
from documents.papers.press import PressBroke, TookTooLong, presses


class RenderingFailed(RuntimeError):
    """Typst did not make the paper; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class SealPlace:
    """Where a signature shall be seen: page from 1, left and top edge and size in points from the top left."""

    key: str
    page: int
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """An unsigned PDF with the places reserved for its signatures."""

    pdf: bytes
    seals: tuple[SealPlace, ...]


def render(template: str, data: dict[str, Any], *, pictures: dict[str, bytes], made_at: dt.datetime) -> Rendered:
    """Render a template with its data and pictures (name -> bytes). Raises RenderingFailed, FontsMissing."""
    with tempfile.TemporaryDirectory(prefix="paper-") as name:
        folder = Path(name)
        shutil.copytree(conf.templates_folder(), folder, dirs_exist_ok=True)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False))
        for picture, content in pictures.items():
            (folder / picture).write_bytes(content)
        seals = folder / "seals.json"
        pdf = _run(folder, template, inputs={}, made_at=made_at, seals=seals)
        return Rendered(pdf, tuple(SealPlace(**place) for place in json.loads(seals.read_text())))


def render_seal(name: str, *, caption: str, made_at: dt.datetime) -> bytes:
    """The picture of a seal as a one-page PDF on transparent ground."""
    with tempfile.TemporaryDirectory(prefix="seal-") as folder:
        shutil.copy(conf.templates_folder() / "seal.typ", folder)
        return _run(Path(folder), "seal", inputs={"name": name, "caption": caption}, made_at=made_at, seals=None)


def _run(folder: Path, template: str, *, inputs: dict[str, str], made_at: dt.datetime, seals: Path | None) -> bytes:
    limits, output, job = conf.limits(), folder / "out.pdf", folder / "job.json"
    job.write_text(json.dumps({
        "root": str(folder), "main": str(folder / f"{template}.typ"), "fonts": [str(f) for f in conf.font_folders()],
        "inputs": inputs, "output": str(output), "seals": str(seals) if seals else "",
        "timestamp": int(made_at.timestamp()), "memory_mb": limits.memory_mb, "seconds": limits.seconds,
    }))  # fmt: skip
    _call(job, limits.seconds)
    return output.read_bytes()


def _call(job: Path, seconds: int) -> None:
    try:
        status, said = presses.make(job, seconds)
    except TookTooLong as error:
        raise RenderingFailed(f"Typst took longer than {seconds} s and was stopped.") from error
    except PressBroke as error:
        status, said = error.status, error.said
    if status:
        raise RenderingFailed(f"Typst ended with {status}: {said.strip()[-2000:]}")
