"""A new edition of the law's limits: several limits at once, from one day on, for all five regions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.pages.dates import say_date
from qualification.regions import limits
from qualification.regions.limits import Limit
from qualification.regions.models import Authority, LimitEntry
from qualification.regions.settings import LIMITS, SETTINGS, Setting

if TYPE_CHECKING:
    from qualification.accounts.models import User


@dataclass(frozen=True, slots=True)
class Difference:
    """What one limit would be from the day on. `keep` are regions whose own value counts all the same, `give_way`
    those whose promise would be longer than the law, `later` entries of the law that are to come after."""

    known: Setting
    before: Limit
    after: int
    keep: list[tuple[Authority, int]] = field(default_factory=list)
    give_way: list[tuple[Authority, int]] = field(default_factory=list)
    later: list[LimitEntry] = field(default_factory=list)


def difference(
    *, values: Mapping[str, object], edition: str, effective_on: dt.date, now: dt.datetime
) -> list[Difference]:
    """The limits that an edition would change; a value left blank or equal changes nothing. Nothing is written.

    Raises ValidationError with a sentence for each line that is wrong, under the limit's key.
    """
    wrong: dict[str, str] = {}
    if not edition.strip():
        wrong["edition"] = _("Name the edition, so that everybody can say by which a limit was counted.")
    if effective_on < timezone.localdate(now):
        wrong["effective_on"] = _("%(day)s is over. A limit is in force from today at the earliest.") % {
            "day": say_date(effective_on)
        }
    taken = set(
        limits.standing_entries().filter(authority=None, effective_on=effective_on).values_list("key", flat=True)
    )
    found = []
    for key in LIMITS:
        try:
            after = _after(key, values.get(key), effective_on, key in taken)
        except ValidationError as error:
            wrong[key] = " ".join(error.messages)
            continue
        if after is not None:
            found.append(_difference(SETTINGS[key], after, effective_on))
    if wrong:
        raise ValidationError(wrong)
    if not found:
        raise ValidationError(
            _("No limit would change. Give at least one that differs from the one in force on that day.")
        )
    return found


def _after(key: str, value: object, on: dt.date, is_taken: bool) -> int | None:
    """The new value of a limit; None where the edition does not change it."""
    if value is None or not str(value).strip():
        return None
    known = SETTINGS[key]
    number = limits.clean(known, None, value, on)
    if number == limits.current().of(None, key, on).value:
        return None
    if is_taken:
        raise ValidationError(
            _("“%(label)s” has an entry from %(day)s already. Choose another day, or correct that entry.")
            % {"label": known.label, "day": say_date(on)}
        )
    return number


def _difference(known: Setting, after: int, on: dt.date) -> Difference:
    found = Difference(known, limits.current().of(None, known.key, on), after)
    for entry in _own(known, on).values():
        assert entry.authority is not None
        gives_way = known.is_statutory and entry.value > after
        (found.give_way if gives_way else found.keep).append((entry.authority, entry.value))
    later = limits.standing_entries().filter(authority=None, key=known.key, effective_on__gt=on)
    found.later.extend(later.order_by("effective_on", "pk"))
    return found


def _own(known: Setting, on: dt.date) -> dict[int, LimitEntry]:
    """What each region has entered for a limit and is in force on a day."""
    rows = limits.standing_entries().filter(key=known.key, effective_on__lte=on, authority__is_trial=False)
    rows = rows.select_related("authority").order_by("authority__code", "effective_on", "pk")
    return {entry.authority_id: entry for entry in rows if entry.authority_id is not None}


def enter_edition(
    *, values: Mapping[str, object], edition: str, article: str, effective_on: dt.date, reason: str, by: User,
    now: dt.datetime,
) -> list[LimitEntry]:  # fmt: skip
    """Enter an edition of the law's limits, wholly or not at all; what is running keeps the limit it was started with.

    Raises Refused, or ValidationError as `difference` does.
    """
    if not door.may(by, "enter_law", LimitEntry()):
        raise door.Refused(door.reasons.of("regions.LimitEntry.enter_law"))
    with transaction.atomic():
        limits.lock_law()
        found = difference(values=values, edition=edition, effective_on=effective_on, now=now)
        return [
            limits.enter(
                authority=None, key=one.known.key, value=one.after, effective_on=effective_on, reason=reason, by=by,
                now=now, article=article, edition=edition,
            )
            for one in found
        ]  # fmt: skip
