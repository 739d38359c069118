"""Which file belongs into which slot, told by its name and its folders. Pure: names and places in, places out.

The words stand with the slots (`SlotType.words`). A name counts more than its folder, a longer word more than a
shorter one; what is told by nothing, or by two places alike, is left for the person to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from documents.formats import by_extension
from documents.slots import SlotType

# A folder's name counts so much less than the file's own; each further one up again.
FOLDER = 0.4
# Named by its site or category alone: weaker than any word of a slot.
ABOUT_ONLY = 0.5
# Files that take a further place of a slot, at most.
MANY = 99
_SPLIT = re.compile(r"[\s·/、,，;；:：()（）\[\]【】]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^\w\-]|_|(?<!\d)-|-(?!\d)")
_NUMBERED = re.compile(r"[^\W\d]+\d+[^\W\d]*")
_DIGIT_ENDS = re.compile(r"\d$")


class Reason(StrEnum):
    """Why a file goes where it goes, or nowhere."""

    NAMED = "named"
    DROPPED = "dropped"
    UNKNOWN = "unknown"
    SEVERAL = "several"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """A slot of a page: its kind, the label it is kept under, and what tells it from others of its kind (a site, say)."""

    kind: SlotType
    label: str = ""
    about: str = ""
    is_filled: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Code and label."""
        return self.kind.code, self.label


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a file goes; without a place, `among` says which slots it could be meant for."""

    place: Place | None
    reason: Reason
    among: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a name says: the best places, all alike, and how strongly it says so."""

    number: int
    strength: float
    is_accepted: bool
    places: tuple[Place, ...]


def sort(paths: Sequence[str], places: Iterable[Place], dropped_on: tuple[str, str] | None = None) -> list[Placing]:
    """A placing for each path, in their order; a place takes one file, unless its kind takes many.

    `dropped_on` is the slot the files were dropped on: what no name places goes there, the rest to the empty slots
    of the same kind.
    """
    offered = list(places)
    claims = [_claim(number, path, offered) for number, path in enumerate(paths)]
    found: dict[int, Placing] = {}
    free = Free(offered)
    for claim in sorted(claims, key=_precedence):
        found[claim.number] = _placing(claim, free)
    if dropped_on:
        _fill(dropped_on, [n for n in range(len(paths)) if found[n].place is None], found, free)
    return [found[number] for number in range(len(paths))]


def _precedence(claim: _Claim) -> tuple[bool, float, int]:
    # Who takes many need not be fought for: its files keep their order.
    is_fought_for = not any(place.kind.takes_many for place in claim.places)
    return not claim.is_accepted, -claim.strength if is_fought_for else 0.0, claim.number


class Free:
    """The places that no file of this turn has yet."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = list(places)
        self.taken: set[tuple[str, str]] = set()
        self.filled = {place.key for place in self.places if place.is_filled}

    def take(self, place: Place) -> Place | None:
        """The place, which may get a new version; of a kind that takes many one that is empty. None when it is taken."""
        is_many = place.kind.takes_many
        for label in ["", *(str(n) for n in range(2, MANY + 1))] if is_many else [place.label]:
            key = (place.kind.code, label)
            if key not in self.taken and not (is_many and key in self.filled):
                self.taken.add(key)
                return replace(place, label=label)
        return None


def _placing(claim: _Claim, free: Free) -> Placing:
    if not claim.places:
        return Placing(None, Reason.UNKNOWN)
    if len(claim.places) > 1:
        return Placing(None, Reason.SEVERAL, claim.places)
    place = free.take(claim.places[0])
    return Placing(place, Reason.NAMED) if place else Placing(None, Reason.TAKEN, claim.places)


def _fill(dropped_on: tuple[str, str], open_: list[int], found: dict[int, Placing], free: Free) -> None:
    """Give what has no place yet to the slot it was dropped on, then to the empty ones of that kind, in their order."""
    same = [place for place in free.places if place.kind.code == dropped_on[0]]
    here = [place for place in same if place.key == dropped_on]
    order = here + [place for place in same if place.key != dropped_on and not place.is_filled]
    for number in open_:
        if found[number].among and all(place.kind.code != dropped_on[0] for place in found[number].among):
            continue
        taken = next((taken for place in order if (taken := free.take(place))), None)
        if taken:
            found[number] = Placing(taken, Reason.DROPPED)


def _claim(number: int, path: str, places: list[Place]) -> _Claim:
    *folders, name = [part for part in path.replace("\\", "/").split("/") if part] or [""]
    parts = _Parts([_stem(name), *reversed(folders)])
    promised = by_extension(name)
    places = [place for place in places if not parts.contradict(place.about)]
    told = {place.key: parts.strength(place.kind) for place in places}
    best = max(told.values(), default=0.0)
    # Further labels of a kind that takes many are no choice of their own: the first stands for all.
    named = [p for p in places if best and told[p.key] == best and not (p.kind.takes_many and p.label)]
    if best:
        named, best = _by_about(named, parts), best + max((parts.about(p) for p in named), default=0.0)
    else:
        named = _by_about([place for place in places if parts.names(place.about)], parts)
        best = ABOUT_ONLY if named else 0.0
    is_accepted = any(promised in place.kind.types for place in named)
    return _Claim(number, best, is_accepted, tuple(named))


def _by_about(places: list[Place], parts: _Parts) -> list[Place]:
    """Of places that are named alike, those whose site or category the path names best."""
    if len(places) < 2:
        return places
    most = max(parts.about(place) for place in places)
    return [place for place in places if parts.about(place) == most]


class _Parts:
    """The name of a file and of its folders, the nearest first, ready to be looked through."""

    def __init__(self, parts: list[str]) -> None:
        self.squeezed = [squeeze(part) for part in parts]
        self.worded = [words_of(part) for part in parts]
        self.whole = "/".join(self.squeezed)

    def strength(self, kind: SlotType) -> float:
        """How strongly the name says this kind; 0 when it says nothing of it."""
        words = [*kind.words, kind.code.replace("_", " ")]
        best = 0.0
        for depth, (squeezed, worded) in enumerate(zip(self.squeezed, self.worded, strict=True)):
            weight = FOLDER**depth
            best = max(best, *(weight * _length(word) for word in words if _says(word, squeezed, worded)), 0.0)
        return best

    def about(self, place: Place) -> float:
        """How much of what a place is about the path names: whole words, else the longest piece of two signs or more."""
        return sum(self._about(token) for token in tokens_of(place.about))

    def names(self, about: str) -> bool:
        """Whether the path names one of the words a place is about, whole."""
        return any(len(token) > 1 and _stands_in(token, self.whole) for token in tokens_of(about))

    def contradict(self, about: str) -> bool:
        """Whether the path calls another number than the place has: “第3项” is not for “第1项”."""
        called = [shape.findall(self.whole) for shape in _shapes_of(about)]
        return any(called) and not self.names(about)

    def _about(self, token: str) -> float:
        if _stands_in(token, self.whole):
            return 2.0 * len(token)
        longest = _longest_common(token, self.whole)
        return longest / 2 if longest > 1 else 0.0


def _says(word: str, squeezed: str, worded: str) -> bool:
    if word.isascii():
        return f" {word} " in worded
    return _stands_in(word, squeezed)


def _length(word: str) -> float:
    # A Chinese sign says as much as a few letters.
    return len(word) * (0.5 if word.isascii() else 2)


def _stands_in(word: str, text: str) -> bool:
    """Whether a word stands in a text: “食品” not within “非食品”, “附表1” not within “附表12”."""
    at = text.find(word)
    while at >= 0:
        after = text[at + len(word) : at + len(word) + 1]
        is_cut = bool(_DIGIT_ENDS.search(word)) and after.isdigit()
        if not is_cut and text[at - 1 : at] != "非":
            return True
        at = text.find(word, at + 1)
    return False


def squeeze(text: str) -> str:
    """A name without what only separates: full width folded, small letters, no blanks, dots, lines or brackets."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).lower())


def words_of(text: str) -> str:
    """The Latin words and numbers of a name between blanks: “OrgChart_v2” is “ org chart v 2 ”."""
    apart = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text))
    return f" {' '.join(re.findall(r'[a-z]+|[0-9]+', apart.lower()))} "


@lru_cache(maxsize=512)
def tokens_of(about: str) -> tuple[str, ...]:
    """The words of a site or category."""
    return tuple(token for part in _SPLIT.split(about) if (token := squeeze(part)))


@lru_cache(maxsize=512)
def _shapes_of(about: str) -> tuple[re.Pattern[str], ...]:
    """How the numbered words of a place look with any number."""
    numbered = [token for token in tokens_of(about) if _NUMBERED.fullmatch(token)]
    return tuple(re.compile(re.sub(r"\d+", r"\\d+", re.escape(token))) for token in numbered)


def _stem(name: str) -> str:
    dot = name.rfind(".")
    return name[:dot] if dot > 0 else name


def _longest_common(token: str, text: str) -> int:
    longest = 0
    for start in range(len(token)):
        end = start + longest + 1
        while end <= len(token) and token[start:end] in text:
            longest, end = end - start, end + 1
    return longest
