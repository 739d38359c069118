"""How settings and their history are shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from qualification.regions import queries
from qualification.regions.models import Authority, DictionaryEntry, Profile, ProfileChange
from qualification.regions.settings import SETTINGS, UNIT_LABELS, Setting, Unit, setting

WORDLESS = (Unit.SWITCH, Unit.CHOICE, Unit.TIME, Unit.COUNT)
HISTORY = 200


def say(known: Setting, value: Any) -> str:
    """A value of a setting in words."""
    if known.unit is Unit.SWITCH:
        return _("yes") if value else _("no")
    if known.unit is Unit.CHOICE:
        return str(dict(known.choices).get(value, value))
    return str(value) if known.unit in WORDLESS else f"{value} {UNIT_LABELS[known.unit]}"


def allowed(known: Setting) -> str:
    """What values a setting may take, in words."""
    if known.unit is Unit.SWITCH:
        return _("yes or no")
    if known.unit is Unit.CHOICE:
        return " / ".join(str(label) for __, label in known.choices)
    if known.unit is Unit.TIME:
        return _("a time of day such as 09:00")
    return _("%(low)s to %(high)s") % {"low": known.minimum, "high": known.maximum}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting of one authority."""

    known: Setting
    value: str
    default: str
    allowed: str
    is_own: bool
    change: ProfileChange | None


def rows(profile: Profile) -> list[SettingRow]:
    """Every setting with its value, its bounds and who changed it last."""
    changes = queries.last_changes(profile)
    return [_row(profile, known, changes.get(known.key)) for known in SETTINGS.values()]


def _row(profile: Profile, known: Setting, change: ProfileChange | None) -> SettingRow:
    value = setting(profile.authority, known.key)
    return SettingRow(
        known, say(known, value), say(known, known.default), allowed(known), value != known.default, change
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One change as the history tells it."""

    at: dt.datetime
    what: str
    old: str
    new: str
    reason: str
    by: str


def history(profile: Profile) -> list[Told]:
    """The newest changes first, at most HISTORY."""
    return [_told(change) for change in profile.changes.select_related("by").order_by("-at", "-pk")[:HISTORY]]


def _told(change: ProfileChange) -> Told:
    known = SETTINGS.get(change.key)
    if known is not None:
        return Told(
            change.at, str(known.label), say(known, change.old), say(known, change.new), change.reason, str(change.by)
        )
    return Told(
        change.at, _entry_name(change.key), _entry(change.old), _entry(change.new), change.reason, str(change.by)
    )


def _entry_name(key: str) -> str:
    """`dictionary:field:12` in words; a key no longer known stands for itself."""
    kind, __, code = key.removeprefix("dictionary:").partition(":")
    if kind not in DictionaryEntry.Kind.values:
        return key
    return _("Dictionary: %(kind)s %(code)s") % {"kind": DictionaryEntry.Kind(kind).label, "code": code}


def _entry(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    use = _("in use") if value.get("is_active") else _("not in use")
    return f"{value.get('name_zh')} / {value.get('name_en')} ({use})"


@dataclass(frozen=True, slots=True)
class Compared:
    """One setting of the five side by side."""

    known: Setting
    default: str
    cells: list[tuple[Authority, str, bool]]


def side_by_side(profiles: list[Profile]) -> list[Compared]:
    """Every setting of several authorities."""
    return [
        Compared(known, say(known, known.default), [_cell(p.authority, known) for p in profiles])
        for known in SETTINGS.values()
    ]


def _cell(authority: Authority, known: Setting) -> tuple[Authority, str, bool]:
    value = setting(authority, known.key)
    return authority, say(known, value), value != known.default
