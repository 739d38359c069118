"""Files of earlier applications that a draft or an open supplement may take over: which there are, until when each is
good, and taking them. A supplement takes them over into the slots that were asked for.

Neither Order 163 nor the criteria say how old a copy may be: the authority does, for each kind of material. The age
counts from the first time the bytes were handed in; a file that is taken over again and again does not grow younger.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from documents import reuse
from documents.models import Version
from qualification.applications.enums import ApplicationState as State
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND, WantedSlot, wanted_slots
from qualification.certificates.models import Edition
from qualification.regions.settings import REUSABLE, setting

if TYPE_CHECKING:
    from qualification.accounts.models import User

CERTIFICATE_CODE = "current_certificate"


@dataclass(frozen=True, slots=True)
class Earlier:
    """One file of an earlier case for one slot that is open; `why_not` says why it cannot be taken over."""

    version: Version
    case: Application
    slot: WantedSlot
    handed_in_on: dt.date
    good_until: dt.date | None
    why_not: str

    @property
    def is_wanted(self) -> bool:
        """Whether it may be taken over into a slot that is still empty."""
        return not self.why_not and self.slot.version is None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking files over: how many, and the reasons of those that were not taken."""

    count: int = 0
    refusals: list[str] = field(default_factory=list)


def earlier_files(application: Application, *, now: dt.datetime) -> list[Earlier]:
    """What the laboratory handed in before for the slots that are open, the newest case first.

    The same bytes are told once for a slot. As many queries however many files and cases there are.
    """
    slots = _open_slots(application)
    others = Application.objects.filter(laboratory_id=application.laboratory_id).exclude(pk=application.pk)
    cases = {case.uuid: case for case in others.exclude(state=State.DRAFT).order_by("pk")}
    wanted = {code for code, _label in slots}
    versions = Version.objects.live().filter(
        is_frozen=True, document__owner_kind=OWNER_KIND, document__owner_id__in=list(cases), document__code__in=wanted
    )
    rows = [v for v in versions.select_related("document", "file").order_by("-frozen_at", "pk") if _slot_of(v) in slots]
    judge = _Judge(application, rows, timezone.localdate(now))
    told = {(_slot_of(v), v.file.sha256): v for v in reversed(rows)}.values()
    found = [judge.earlier(v, cases[v.document.owner_id], slots[_slot_of(v)]) for v in told]
    return sorted(found, key=lambda one: (one.case.submitted_at or now, one.case.pk), reverse=True)


def is_open(application: Application) -> bool:
    """Whether files may be taken over now: in a draft, and while a supplement is awaited."""
    return application.state == State.DRAFT or _asked(application) is not None


def _open_slots(application: Application) -> dict[tuple[str, str], WantedSlot]:
    if not is_open(application):
        return {}
    slots = {(s.material.code, s.label): s for s in wanted_slots(application) if s.material.code in REUSABLE}
    asked = _asked(application)
    return slots if asked is None else {key: slot for key, slot in slots.items() if key in asked}


def _asked(application: Application) -> set[tuple[str, str]] | None:
    """The slots of the notice that waits for its answer; None where none does."""
    supplement = getattr(application, "supplement", None)
    if application.state != State.SUBMITTED or supplement is None or supplement.state != "sent":
        return None
    return set(supplement.items.values_list("slot_code", "slot_label"))


def _slot_of(version: Version) -> tuple[str, str]:
    return version.document.code, version.document.label


class _Judge:
    """Says of each file until when it is good; what it needs to know is read once."""

    def __init__(self, application: Application, rows: list[Version], today: dt.date) -> None:
        self.application, self.today = application, today
        handed_in = Version.objects.filter(file__in={row.file_id for row in rows}, is_frozen=True).order_by()
        self.first: dict[uuid.UUID, dt.datetime] = dict(
            handed_in.values_list("file_id").annotate(first=Min("frozen_at")).values_list("file_id", "first")
        )
        newest = Edition.objects.filter(certificate_id=application.certificate_id).order_by("-number").first()
        self.newest_on = newest.issued_on if newest else None

    def earlier(self, version: Version, case: Application, slot: WantedSlot) -> Earlier:
        handed_in_on = timezone.localdate(self.first[version.file_id])
        code = slot.material.code
        months = setting(self.application.authority, REUSABLE[code])
        good_until = handed_in_on + relativedelta(months=months) if months else None
        certificate = self.application.certificate
        if code == CERTIFICATE_CODE and certificate is not None and good_until is not None:
            good_until = min(good_until, certificate.valid_until)
        why = self._why_not(version, case, slot, handed_in_on, good_until)
        return Earlier(version, case, slot, handed_in_on, good_until, why)

    def _why_not(
        self, version: Version, case: Application, slot: WantedSlot, handed_in_on: dt.date, good_until: dt.date | None
    ) -> str:
        if slot.version is not None and slot.version.file.sha256 == version.file.sha256:
            return _("it is the newest version here already")
        if good_until is None:
            return _("the authority wants it anew in each application")
        if self.today > good_until:
            return _("too old")
        if slot.material.code == CERTIFICATE_CODE:
            if case.certificate_id != self.application.certificate_id:
                return _("it is of another certificate")
            if self.newest_on is not None and self.newest_on >= handed_in_on:
                return _("a newer edition of the certificate has been issued since")
        return reuse.why_not(version.file, slot.material.code)


def by_slot(files: Iterable[Earlier]) -> dict[tuple[str, str], list[Earlier]]:
    """The files for each slot."""
    found: dict[tuple[str, str], list[Earlier]] = {}
    for one in files:
        found.setdefault((one.slot.material.code, one.slot.label), []).append(one)
    return found


def by_case(files: Iterable[Earlier]) -> list[tuple[Application, list[Earlier]]]:
    """The files of each earlier case, in the order of the slots, the newest case first."""
    groups = groupby(files, key=lambda one: one.case)
    return [(case, sorted(ones, key=lambda one: (one.slot.material.position, one.slot.label))) for case, ones in groups]


def take_over(*, application: Application, versions: Iterable[str], by: User, now: dt.datetime) -> Taken:
    """Take chosen files over into their slots; a file that is not offered, or no longer good, is refused with the reason.

    Raises PermissionDenied for who may not write the files of the case.
    """
    offered = {str(one.version.pk): one for one in earlier_files(application, now=now)}
    count, refusals = 0, []
    for asked in dict.fromkeys(versions):
        one = offered.get(asked)
        if one is None:
            refusals.append(_("One of the files is not offered here any more; load the page again."))
        elif one.why_not:
            refusals.append(f"{one.version.file.name}: {one.why_not}")
        else:
            refusal = _use(application, one, by, now)
            count += not refusal
            refusals += [refusal] if refusal else []
    return Taken(count, refusals)


def _use(application: Application, one: Earlier, by: User, now: dt.datetime) -> str:
    try:
        reuse.use_again(
            source=one.version, owner_kind=OWNER_KIND, owner_id=application.uuid, code=one.slot.material.code,
            label=one.slot.label, by=by, now=now,
        )  # fmt: skip
    except reuse.CannotReuse as refusal:
        return refusal.message
    return ""


def proposed(files: Iterable[Earlier]) -> set[uuid.UUID]:
    """The files that are chosen unless somebody chooses otherwise: for each empty slot the newest good one."""
    return {next(iter(ones)).version.pk for ones in by_slot(one for one in files if one.is_wanted).values()}
