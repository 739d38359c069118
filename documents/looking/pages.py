"""Pages of stored files, as the limited child makes them, kept for a while on the shelf.

Whoever calls has asked the rule before: nothing here knows who looks.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from documents import storage
from documents.formats import MIME, PICTURES, Format
from documents.inspector import Inspector, InspectorFailed
from documents.looking.shelf import shelf
from documents.models import StoredFile

# The widths a page is drawn in, in points: a thumbnail, a phone, a desktop, and the same enlarged.
WIDTHS = (160, 480, 900, 1400, 2200)
SECONDS = 30
# Children at work at once for one web process; whoever comes then waits for a place.
PLACES = threading.BoundedSemaphore(3)
# Told apart from what an earlier release has drawn.
EDITION = 2
FORMATS = {mime: kind for kind, mime in MIME.items()}
DRAWN = PICTURES | {Format.PDF}

_inspector = Inspector("documents.looking.drawing")

_SENTENCES: dict[str, Promise] = {
    "no_picture": _("This kind of file has no pages that can be shown here. Download it to read it."),
    "too_heavy": _("This page takes too much time or memory to show. Download the file to read it."),
    "broken": _("This page cannot be shown. Download the file to read it."),
    "busy": _("Too many pages are being drawn right now. Load the page again in a moment."),
    "lost": _("The stored file cannot be found. Please tell your administrator; nothing you did caused this."),
}


class CannotLook(Exception):
    """The page cannot be shown; `message` is a sentence for the reader, `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> str:
        """Why not, and what to do."""
        return str(_SENTENCES[self.code])


class NoSuchPage(CannotLook):
    """The file has fewer pages."""

    def __init__(self, pages: int) -> None:
        super().__init__("broken")
        self.pages = pages


def kind_of(file: StoredFile) -> Format | None:
    """What a checked file is."""
    return FORMATS.get(file.content_type)


def is_drawn(file: StoredFile) -> bool:
    """Whether its pages are drawn as they look, and not only told as rows or text."""
    return kind_of(file) in DRAWN


def facts(file: StoredFile, number: int, find: str = "") -> dict[str, Any]:
    """What stands on a page: `kind` (picture, rows, text), `pages`, shape, text, and where `find` lies.

    Raises NoSuchPage, CannotLook.
    """
    name = f"{file.pk.hex}-{number}-{EDITION}.json"
    kept = None if find else shelf().get(name)
    said = kept or _ask(file, {"act": "page", "page": number, "find": find})
    if not find and not kept:
        shelf().put(name, said)
    return dict(json.loads(said))


def picture(file: StoredFile, number: int, width: int) -> bytes:
    """A page as WebP, drawn in one of WIDTHS or smaller. Raises NoSuchPage, CannotLook."""
    name = f"{file.pk.hex}-{number}-{width}-{EDITION}.webp"
    kept = shelf().get(name)
    if kept is None:
        kept = _ask(file, {"act": "draw", "page": number, "width": width})
        shelf().put(name, kept)
    return kept


def difference(old: StoredFile, old_number: int, new: StoredFile, new_number: int) -> dict[str, Any]:
    """What differs in the text of two pages, or to the eye where one has none, and where. Raises NoSuchPage, CannotLook."""
    return _compare("difference", old, new, page=old_number, other_page=new_number)


def changed(old: StoredFile, new: StoredFile) -> dict[str, Any]:
    """Which pages differ in their text. Raises CannotLook."""
    return _compare("changed", old, new)


def _compare(act: str, old: StoredFile, new: StoredFile, **wish: int) -> dict[str, Any]:
    numbers = "-".join(str(number) for number in wish.values())
    name = f"{new.pk.hex}-{old.pk.hex}-{act}-{numbers}-{EDITION}.json"
    said = shelf().get(name)
    if said is None:
        with _on_disk(new) as path:
            said = _ask(old, {"act": act, "other": str(path.resolve()), "other_kind": kind_of(new), **wish})
        shelf().put(name, said)
    return dict(json.loads(said))


def _ask(file: StoredFile, wish: dict[str, Any]) -> bytes:
    kind = kind_of(file)
    if kind is None:
        raise CannotLook("no_picture")
    wish = {"kind": kind, "font": str(_font()), **wish}
    if not PLACES.acquire(timeout=SECONDS):
        raise CannotLook("busy")
    try:
        with _on_disk(file) as path:
            ended, said = _inspector.ask(path, json.dumps(wish), SECONDS)
    except InspectorFailed as error:
        raise CannotLook("broken") from error
    finally:
        PLACES.release()
    return _told(ended, said)


def _told(ended: int, said: bytes) -> bytes:
    if ended < 0:  # a limit has ended the child
        raise CannotLook("too_heavy")
    if ended:
        raise CannotLook("broken")
    problem = json.loads(said) if said.startswith(b'{"problem"') else None
    if problem is None:
        return said
    if problem["problem"] == "no_page":
        raise NoSuchPage(problem["pages"])
    raise CannotLook(problem["problem"])


def _font() -> Path:
    """The Chinese font of the papers."""
    folder = Path(settings.NODE_MODULES) / "@expo-google-fonts/noto-sans-sc/400Regular"
    return folder / "NotoSansSC_400Regular.ttf"


@contextmanager
def _on_disk(file: StoredFile) -> Iterator[Path]:
    """The file as a path: as it lies on a disk, or a copy of what lies in a remote store."""
    store = storage.store(file.bucket)
    try:
        if store.links() is None:
            with store.on_disk(file.key) as path:
                if not path.exists():
                    raise CannotLook("lost")
                yield path
            return
        with shelf().held(f"{file.pk.hex}-whole", lambda path: _copy(file, path)) as path:
            yield path
    except FileNotFoundError as error:
        raise CannotLook("lost") from error


def _copy(file: StoredFile, path: Path) -> None:
    with path.open("wb") as target:
        for chunk in storage.store(file.bucket).stream(file.key):
            target.write(chunk)
