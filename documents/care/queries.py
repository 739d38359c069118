"""Files that somebody must look at: waiting, failed, refused, or no longer what they were."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Case, CharField, Count, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from documents.care.models import MAX_STRAYS, FoundStray, Recheck
from documents.enums import Fault, ScanState
from documents.models import StoredFile

# Whoever is at work on a file is done by then, or dead.
WAITS_AFTER = dt.timedelta(minutes=5)


class Trouble(models.TextChoices):
    """Why a file is on the list, the worst first; the numbers sort."""

    LOST = "1_lost", _("not in the store any more")
    ALTERED = "2_altered", _("altered in the store")
    GAVE_UP = "3_gave_up", _("could not be checked, given up")
    FAILED = "4_failed", _("could not be checked, is tried again")
    WAITS = "5_waits", _("waits for its check")
    REFUSED = "6_refused", _("not taken")


# What nobody but a person will mend.
GRAVE = frozenset({Trouble.LOST, Trouble.ALTERED, Trouble.GAVE_UP})
_ENDED = Q(scan_state=ScanState.FAILED, scan_verdict__problem__in=["gave_up", "altered"])
_RULES: tuple[tuple[Trouble, Q], ...] = (
    (Trouble.LOST, Q(fault=Fault.LOST)),
    (Trouble.ALTERED, Q(fault=Fault.ALTERED)),
    (Trouble.GAVE_UP, _ENDED),
    (Trouble.FAILED, Q(scan_state=ScanState.FAILED)),
    (Trouble.REFUSED, Q(scan_state=ScanState.REFUSED)),
)


def in_trouble(*, now: dt.datetime) -> QuerySet[StoredFile]:
    """The files of the list, each with `trouble` and `asked_at`, when it was last checked again by hand."""
    asked = Recheck.objects.filter(file=OuterRef("pk")).order_by("-pk").values("at")[:1]
    rows: QuerySet[StoredFile] = _rows(now).annotate(asked_at=Subquery(asked))
    return rows


def _rows(now: dt.datetime) -> QuerySet[Any]:
    """Left out is what a broken line has left: it has no bytes, and its sender begins anew."""
    whens = [When(rule, then=Value(trouble.value)) for trouble, rule in _RULES]
    trouble = Case(*whens, default=Value(Trouble.WAITS.value), output_field=CharField())
    waits = Q(scan_state=ScanState.PENDING) | Q(scan_state=ScanState.CLEAN, bucket="quarantine")
    here = Q(discarded_at__isnull=True) & (
        Q(scan_state__in=[ScanState.FAILED, ScanState.REFUSED]) | waits & Q(received_at__lt=now - WAITS_AFTER)
    )
    return StoredFile.objects.filter(here | ~Q(fault="")).annotate(trouble=trouble)


@dataclass(frozen=True, slots=True)
class Care:
    """How many files are in which trouble, and how many strays the last walk has found."""

    numbers: dict[str, int]
    strays: int

    @property
    def grave(self) -> int:
        """Files that nobody but a person will mend."""
        return sum(self.numbers.get(trouble.value, 0) for trouble in GRAVE)

    @property
    def are_strays_cut(self) -> bool:
        """Whether there may be more strays than are kept."""
        return self.strays >= MAX_STRAYS

    @property
    def lines(self) -> list[tuple[str, str, int]]:
        """Value, words and number of each trouble there is."""
        return [(one.value, str(one.label), self.numbers[one.value]) for one in Trouble if self.numbers.get(one.value)]


def care(*, now: dt.datetime) -> Care:
    """The numbers; two queries."""
    rows = _rows(now).order_by("trouble").values("trouble").annotate(number=Count("pk"))
    return Care({row["trouble"]: row["number"] for row in rows}, FoundStray.objects.count())
