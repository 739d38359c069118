"""How settings and their history are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.pages.dates import say_date
from qualification.regions import limits, queries
from qualification.regions.models import Authority, DictionaryEntry, LimitEntry, Profile, ProfileChange
from qualification.regions.settings import LIMITS, SETTINGS, UNIT_LABELS, Setting, Unit, setting

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
    return _range(known, known.minimum, known.maximum)


def _range(known: Setting, low: Any, high: Any) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": say(known, high)}


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
    """Every setting without a date of effect: its value, its bounds and who changed it last."""
    changes = queries.last_changes(profile)
    return [_row(profile, known, changes.get(known.key)) for known in SETTINGS.values() if not known.is_limit]


def _row(profile: Profile, known: Setting, change: ProfileChange | None) -> SettingRow:
    value = setting(profile.authority, known.key)
    return SettingRow(
        known, say(known, value), say(known, known.default), allowed(known), value != known.default, change
    )


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of one authority: in force today, the law's own, and what comes."""

    known: Setting
    value: str
    law: str
    edition: str
    allowed: str
    is_own: bool
    coming: list[LimitEntry]


def limit_rows(profile: Profile) -> list[LimitRow]:
    """Every limit as it stands today."""
    in_force, coming = limits.current(), _coming(profile.authority)
    return [_limit_row(profile.authority, SETTINGS[key], in_force, coming.get(key, [])) for key in LIMITS]


def limit_row(profile: Profile, known: Setting) -> LimitRow:
    """One limit as it stands today."""
    coming = _coming(profile.authority).get(known.key, [])
    return _limit_row(profile.authority, known, limits.current(), coming)


def _coming(authority: Authority) -> dict[str, list[LimitEntry]]:
    found: dict[str, list[LimitEntry]] = {}
    entries = limits.standing_entries().filter(Q(authority=authority) | Q(authority=None))
    for entry in entries.filter(effective_on__gt=timezone.localdate()).order_by("effective_on", "pk"):
        found.setdefault(entry.key, []).append(entry)
    return found


def _limit_row(authority: Authority, known: Setting, in_force: limits.Limits, coming: list[LimitEntry]) -> LimitRow:
    today = timezone.localdate()
    own, law = in_force.of(authority.pk, known.key, today), in_force.of(None, known.key, today)
    return LimitRow(
        known, say(known, own.value), say(known, law.value), own.edition, allowed_limit(known, authority, today),
        own.value != law.value, coming,
    )  # fmt: skip


def allowed_limit(known: Setting, authority: Authority | None, on: dt.date) -> str:
    """From what to what a limit may be set from a day on, in words."""
    low, high = limits.bounds(known, authority, on)
    return _range(known, low, high)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a limit: whose, from when, who entered it, and what took its place."""

    entry: LimitEntry
    place: str
    value: str
    status: str
    is_to_come: bool = False


def entries(profile: Profile, known: Setting) -> list[EntryRow]:
    """The entries of a limit, the law's and the authority's, the newest date first."""
    found = LimitEntry.objects.filter(
        Q(authority=profile.authority) | Q(authority=None), key=known.key, is_withdrawal=False
    )
    found = found.select_related("authority", "by", "corrected_by").order_by("-effective_on", "-pk")
    in_force = {entry_id for entry_id in _in_force_ids(profile.authority, known) if entry_id}
    return [_entry_row(entry, known, in_force) for entry in found]


def _in_force_ids(authority: Authority, known: Setting) -> list[int | None]:
    today, standing = timezone.localdate(), limits.current()
    return [standing.of(authority.pk, known.key, today).entry_id, standing.of(None, known.key, today).entry_id]


def _entry_row(entry: LimitEntry, known: Setting, in_force: set[int]) -> EntryRow:
    status = status_of(entry, in_force)
    place = entry.authority.region if entry.authority else _("the law")
    is_to_come = entry.effective_on > timezone.localdate()
    return EntryRow(entry, str(place), say(known, entry.value), status, is_to_come)


def status_of(entry: LimitEntry, in_force: Container[int]) -> str:
    """Whether an entry counts: now, later, no longer, or never."""
    taken_by = getattr(entry, "corrected_by", None)
    if taken_by is not None:
        return _("withdrawn, never counted") if taken_by.is_withdrawal else _("corrected, no longer counts")
    if entry.pk in in_force:
        return _("in force now")
    return _("not in force yet") if entry.effective_on > timezone.localdate() else _("no longer in force")


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
    """The newest changes first, settings and limits, at most HISTORY."""
    told = [_told(change) for change in profile.changes.select_related("by").order_by("-at", "-pk")[:HISTORY]]
    entered = LimitEntry.objects.filter(authority=profile.authority).select_related("by", "corrects")
    told += [_entered(entry) for entry in entered.order_by("-at", "-pk")[:HISTORY]]
    return sorted(told, key=lambda one: one.at, reverse=True)[:HISTORY]


def _entered(entry: LimitEntry) -> Told:
    known = SETTINGS[entry.key]
    wrong = entry.corrects if entry.corrects is not None and not entry.corrects.is_withdrawal else None
    what, before = _("Limit “%(label)s” from %(day)s"), limits.current().of(None, entry.key, entry.effective_on).value
    if entry.is_withdrawal:
        return _withdrawn(entry, known)
    if wrong is not None:
        what, before = _("Correction of “%(label)s” from %(day)s"), wrong.value
    return Told(
        entry.at, what % {"label": known.label, "day": say_date(entry.effective_on)}, say(known, before),
        say(known, entry.value), entry.reason, str(entry.by or _("the system")),
    )  # fmt: skip


def _withdrawn(entry: LimitEntry, known: Setting) -> Told:
    what = _("Withdrawal of “%(label)s” from %(day)s") % {"label": known.label, "day": say_date(entry.effective_on)}
    return Told(entry.at, what, say(known, entry.value), "–", entry.reason, str(entry.by or _("the system")))


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
    """Every setting of several authorities, the limits as they are in force today."""
    in_force = limits.current()
    return [_compared(known, profiles, in_force) for known in SETTINGS.values()]


def _compared(known: Setting, profiles: list[Profile], in_force: limits.Limits) -> Compared:
    today = timezone.localdate()
    default = in_force.of(None, known.key, today).value if known.is_limit else known.default
    values = [
        in_force.of(p.authority_id, known.key, today).value if known.is_limit else setting(p.authority, known.key)
        for p in profiles
    ]
    cells = [(p.authority, say(known, value), value != default) for p, value in zip(profiles, values, strict=True)]
    return Compared(known, say(known, default), cells)
