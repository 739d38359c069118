"""What each kind of slot wants: title, types, size, one sentence of advice. Callers register theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from documents.formats import EXTENSIONS, USUAL, Format


@dataclass(frozen=True, slots=True)
class SlotType:
    """The demands of one slot code."""

    code: str
    types: frozenset[Format] = USUAL
    max_size: int = 0
    hint: str | Promise = ""
    title: str | Promise = ""
    # By which names of files and folders tell what they are for.
    words: tuple[str, ...] = ()
    # Whether further files stand beside the first one, under labels of their own ("2", "3", ...).
    takes_many: bool = False

    @property
    def limit(self) -> int:
        """The largest file taken, in bytes; never more than the installation takes."""
        return min(self.max_size or settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_BYTES)

    @property
    def accept(self) -> str:
        """Value of the `accept` attribute of a file field."""
        return ",".join(ending for ending, kind in EXTENSIONS.items() if kind in self.types)

    @property
    def takes_pictures(self) -> bool:
        """Whether a photograph will do."""
        return Format.JPEG in self.types


_types: dict[str, SlotType] = {}
LONGEST_SAID = 30


class CodeTaken(RuntimeError):
    """Two packages describe the same slot code differently: the start-up fails."""


def register_type(
    code: str,
    types: Iterable[Format] = USUAL,
    max_size: int = 0,
    hint: str | Promise = "",
    title: str | Promise = "",
    words: Iterable[str] = (),
    takes_many: bool = False,
) -> None:
    """Describe a slot code; 0 as `max_size` (bytes) leaves the installation's limit. Called from AppConfig.ready.

    Raises CodeTaken when the code is described otherwise already.
    """
    slot = SlotType(code, frozenset(types), max_size, hint, title, tuple(words), takes_many)
    if _types.setdefault(code, slot) != slot:
        raise CodeTaken(code)


def title_of(titles: Mapping[tuple[str, str], str], code: str, label: str) -> str:
    """How a slot is called: as its owner calls it, else by its kind and the label it is kept under.

    A long label is an address, and says nothing to a reader.
    """
    kind = titles.get((code, "")) or str(type_of(code).title) or code
    return titles.get((code, label)) or (f"{kind}{_(' (%s)') % label}" if 0 < len(label) <= LONGEST_SAID else kind)


def type_of(code: str, *, is_alone: bool = False) -> SlotType:
    """The description of a code; the usual document types for one nobody described.

    `is_alone`: as a slot that takes one file, whose next is its next version, whatever its kind takes elsewhere.
    """
    found = _types.get(code) or SlotType(code=code)
    return replace(found, takes_many=False) if is_alone else found
