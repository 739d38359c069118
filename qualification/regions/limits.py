"""Time limits with dates of effect: the law's edition, and what a region promises instead.

A process keeps one reading of the entries; whoever has just read the newest entry's number gets it without a query.
"""

from __future__ import annotations

import bisect
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from qualification.pages.dates import say_date
from qualification.regions.models import Authority, LimitEntry
from qualification.regions.settings import LIMITS, SETTINGS, Setting

if TYPE_CHECKING:
    from qualification.accounts.models import User

# The edition of the law that the defaults of `SETTINGS` say, and the day Order 163 came into force as amended.
LAW_EDITION = "163-2021"
LAW_SINCE = dt.date(2021, 6, 1)
# Ten years of days: no limit of the law is longer, and a slip of the finger is.
ANY = 3660


@dataclass(frozen=True, slots=True)
class Limit:
    """What is in force on a day: the value, the entry it comes from (None: the built-in edition), and its edition."""

    value: int
    entry_id: int | None
    edition: str
    article: str


class Limits:
    """All limits as they stood at one entry; made once per process and entry."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self._days: dict[tuple[int | None, str], list[dt.date]] = {}
        self._entries: dict[tuple[int | None, str], list[LimitEntry]] = {}
        standing = standing_entries() if newest else LimitEntry.objects.none()
        for entry in standing.order_by("effective_on", "pk"):
            place = (entry.authority_id, entry.key)
            self._days.setdefault(place, []).append(entry.effective_on)
            self._entries.setdefault(place, []).append(entry)

    def of(self, authority_id: int | None, key: str, on: dt.date) -> Limit:
        """The limit of an authority on a day; None is the law's. A region never lengthens what the law sets.

        Raises KeyError for a key that is no limit.
        """
        law = self._law(key, on)
        own = self._entry(authority_id, key, on) if authority_id is not None else None
        if own is None or (SETTINGS[key].is_statutory and own.value > law.value):
            return law
        return Limit(own.value, own.pk, law.edition, own.article or str(law.article))

    def without(self, entry: LimitEntry) -> Limits:
        """These limits as they would stand had one entry not been made."""
        found = Limits(0)
        found.newest = self.newest
        for place, entries in self._entries.items():
            kept = [one for one in entries if one.pk != entry.pk]
            found._entries[place] = kept
            found._days[place] = [one.effective_on for one in kept]
        return found

    def _law(self, key: str, on: dt.date) -> Limit:
        entry = self._entry(None, key, on)
        if entry is not None:
            return Limit(entry.value, entry.pk, entry.edition, entry.article or str(SETTINGS[key].source))
        known = SETTINGS[key]
        return Limit(known.default, None, LAW_EDITION, str(known.source))

    def _entry(self, authority_id: int | None, key: str, on: dt.date) -> LimitEntry | None:
        place = (authority_id, key)
        position = bisect.bisect_right(self._days.get(place, []), on)
        return self._entries[place][position - 1] if position else None


def standing_entries() -> models.QuerySet[LimitEntry]:
    """The entries that count: neither corrected nor withdrawn."""
    return LimitEntry.objects.filter(corrected_by=None, is_withdrawal=False)


_known: list[Limits] = []


def current(newest: int | None = None) -> Limits:
    """The limits in force, read again when there is a newer entry.

    One cheap query, or none if the caller has just read the newest entry's number (0: there is none).
    """
    number = newest_entry() if newest is None else newest
    known = next(iter(_known), None)
    if known is None or known.newest != number:
        known = Limits(number)
        _known[:] = [known]
    return known


def newest_entry() -> int:
    """Number of the newest entry; 0 when there is none. Entries are never changed in place."""
    return LimitEntry.objects.aggregate(newest=models.Max("pk"))["newest"] or 0


def newest_entry_subquery() -> models.Subquery:
    """`newest_entry` as part of another query; NULL when there is none."""
    return models.Subquery(LimitEntry.objects.order_by("-pk").values("pk")[:1])


def seed(*, now: dt.datetime) -> int:
    """Enter the law's edition as this program knows it, where it is missing; returns how many entries."""
    present = set(LimitEntry.objects.filter(authority=None).values_list("key", flat=True))
    with translation.override("zh-hans"):
        reason = _("The edition in force when the system was set up.")
    missing = [
        LimitEntry(
            key=key, value=SETTINGS[key].default, effective_on=LAW_SINCE, edition=LAW_EDITION, reason=reason, at=now
        )
        for key in LIMITS
        if key not in present
    ]
    LimitEntry.objects.bulk_create(missing)
    return len(missing)


def enter(
    *, authority: Authority | None, key: str, value: object, effective_on: dt.date, reason: str, by: User | None,
    now: dt.datetime, article: str = "", edition: str = "",
) -> LimitEntry:  # fmt: skip
    """Enter a limit from a day on; what is running keeps the limit it was started with.

    Raises ValidationError with a sentence: no reason, zero, above the law, a day in the past, a day that has an entry.
    """
    with transaction.atomic():
        _lock(authority)
        number, place = _checked(authority, key, value, effective_on, reason, now)
        return LimitEntry.objects.create(
            authority=authority, key=key, value=number, effective_on=effective_on, corrects=place,
            reason=reason.strip(), by=by, at=now,
            article=article.strip(), edition=edition.strip() if authority is None else "",
        )  # fmt: skip


def preview(
    *, authority: Authority | None, key: str, value: object, effective_on: dt.date, reason: str, now: dt.datetime
) -> int:
    """The value that `enter` would enter; nothing is written. Raises ValidationError as `enter` does."""
    return _checked(authority, key, value, effective_on, reason, now)[0]


def _checked(
    authority: Authority | None, key: str, value: object, on: dt.date, reason: str, now: dt.datetime
) -> tuple[int, LimitEntry | None]:
    known = _known_limit(key)
    _demand_reason(reason)
    if on < timezone.localdate(now):
        raise ValidationError(
            {"effective_on": _("%(day)s is over. A limit is in force from today at the earliest.") % {"day": say_date(on)}}
        )  # fmt: skip
    return clean(known, authority, value, on), _free_place(authority, known, on)


def _free_place(authority: Authority | None, known: Setting, on: dt.date) -> LimitEntry | None:
    """That nothing stands on this day; the withdrawal that a new entry takes the place of, where there was one."""
    last = LimitEntry.objects.filter(authority=authority, key=known.key, effective_on=on, corrected_by=None).first()
    if last is not None and not last.is_withdrawal:
        raise ValidationError(
            {"effective_on": _("“%(label)s” has an entry from %(day)s already. Choose another day, or correct that entry.") % {"label": known.label, "day": say_date(on)}}
        )  # fmt: skip
    return last


def withdraw(*, entry: LimitEntry, reason: str, by: User, now: dt.datetime) -> LimitEntry:
    """Take an entry back before its day: nothing has started under it. Raises ValidationError with a sentence."""
    _demand_reason(reason)
    if entry.effective_on <= timezone.localdate(now):
        raise ValidationError(
            _("This entry has been in force since %(day)s: it is corrected, no longer withdrawn.")
            % {"day": say_date(entry.effective_on)}
        )
    with transaction.atomic():
        _lock(entry.authority)
        _demand_standing(entry)
        return LimitEntry.objects.create(
            authority=entry.authority, key=entry.key, value=entry.value, effective_on=entry.effective_on,
            corrects=entry, is_withdrawal=True, edition=entry.edition, article=entry.article, reason=reason.strip(),
            by=by, at=now,
        )  # fmt: skip


def _demand_standing(entry: LimitEntry) -> None:
    if entry.is_withdrawal or LimitEntry.objects.filter(corrects=entry, is_withdrawal=True).exists():
        raise ValidationError(_("This entry has been withdrawn already."))
    if LimitEntry.objects.filter(corrects=entry).exists():
        raise ValidationError(_("This entry has been corrected already; correct the newest one."))


def correct(*, entry: LimitEntry, value: object, reason: str, by: User, now: dt.datetime) -> LimitEntry:
    """Put a right entry in the place of a wrong one, from the same day on. Raises ValidationError with a sentence."""
    known = _known_limit(entry.key)
    _demand_reason(reason)
    number = clean(known, entry.authority, value, entry.effective_on)
    if number == entry.value:
        raise ValidationError({"value": _("This is the value that stands; there is nothing to correct.")})
    with transaction.atomic():
        _lock(entry.authority)
        _demand_standing(entry)
        return LimitEntry.objects.create(
            authority=entry.authority, key=entry.key, value=number, effective_on=entry.effective_on, corrects=entry,
            edition=entry.edition, article=entry.article, reason=reason.strip(), by=by, at=now,
        )  # fmt: skip


def clean(known: Setting, authority: Authority | None, value: object, on: dt.date) -> int:
    """A limit's value in its type. Raises ValidationError that names the bounds in force on that day."""
    try:
        number = int(str(value))
    except ValueError as error:
        sentence = _("“%(label)s”: give a whole number.") % {"label": known.label}
        raise ValidationError({"value": sentence}) from error
    low, high = bounds(known, authority, on)
    if not low <= number <= high:
        sentence = _("“%(label)s” must be from %(low)s to %(high)s.")
        if known.is_statutory and authority is not None and number > high:
            sentence = _(
                "“%(label)s” must be from %(low)s to %(high)s: a region shortens a limit of the law, it never lengthens it."
            )
        raise ValidationError({"value": sentence % {"label": known.label, "low": low, "high": high}})
    return number


def bounds(known: Setting, authority: Authority | None, on: dt.date) -> tuple[int, int]:
    """The least and the most a limit may be from a day on."""
    if not known.is_statutory:
        return known.minimum or 1, known.maximum or ANY
    if authority is None:
        return 1, ANY
    return 1, current().of(None, known.key, on).value


def _known_limit(key: str) -> Setting:
    known = SETTINGS[key]
    if not known.is_limit:
        raise KeyError(f"{key} is no limit.")
    return known


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; the reason is kept with the change.")})


def lock_law() -> None:
    """Wait until nobody else enters limits of the law. Inside a transaction."""
    _lock(None)


def _lock(authority: Authority | None) -> None:
    """One entry at a time for a place; the law's entries wait for one another on the first authority's row."""
    rows = Authority.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    list((rows.filter(pk=authority.pk) if authority else rows)[:1])
