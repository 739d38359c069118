"""The trial authority 99: its people, its laboratory, and how everything of it is removed again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from viewflow.workflow.models import Process

from documents import storage
from documents.models import AccessLog, Document, StoredFile, Version
from documents.papers.models import Paper
from qualification.accounts.models import Membership, User
from qualification.applications.models import Application
from qualification.assessments.models import Assessment
from qualification.assessors.models import Assessor, Draw, Offer, Seat
from qualification.certificates.models import Certificate, Edition, Grant, NumberCounter, ScopeLine
from qualification.laboratories.models import Laboratory, Site
from qualification.models import TransitionLog
from qualification.regions.models import Authority, Profile
from qualification.scope.models import CapabilityTable
from workflows.demo import people

LABORATORY = people.Lab("试运行检测机构", "99", ("99",), ("12",))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial walk needs."""

    authority: Authority
    laboratory: Laboratory


def prepare() -> Trial:
    """Make the trial's people, assessors and laboratory; what an earlier trial left is removed first."""
    authority = Authority.objects.select_related("profile").get(code="99", is_trial=True)
    remove()
    makes = people.People()
    with transaction.atomic():
        for role, (name, __) in people.STAFF.items():
            makes.user(f"trial-{name}", role, authority=authority)
        _assessors(makes, authority)
        laboratory = people.make_laboratory(makes, LABORATORY, 901, {"99": authority}, "trial-lab")
    return Trial(authority, laboratory)


def _assessors(makes: people.People, authority: Authority) -> None:
    today = timezone.localdate()
    for n in range(3):
        user = makes.user(f"trial-assessor{n + 1}", "assessor", authority=authority)
        Assessor.objects.create(
            user=user, home=authority, grade="leader" if n == 0 else "member", field_codes=list(LABORATORY.fields),
            certificate_number=f"TRIAL{n + 1:04d}", certified_on=today.replace(year=today.year - 1, day=1),
            certified_until=today.replace(year=today.year + 3, day=1),
        )  # fmt: skip


def remove() -> int:
    """Remove everything of the trial authority: cases, files, papers, people; returns how many cases there were."""
    cases = Application.objects.filter(authority__is_trial=True)
    owners = [*_uuids(cases), *_uuids(Certificate.objects.filter(authority__is_trial=True))]
    count = cases.count()
    keys = _remove_files(owners)
    _remove_cases()
    _remove_people()
    for bucket, key in keys:
        storage.store(bucket).delete(key)
    return count


def _uuids(rows: QuerySet[Any]) -> Iterable[Any]:
    return rows.order_by("pk").values_list("uuid", flat=True)


@transaction.atomic
def _remove_files(owners: list[Any]) -> list[tuple[str, str]]:
    mine = Q(document__owner_id__in=owners)
    files = set(Version.objects.filter(mine).values_list("file_id", flat=True).order_by("pk"))
    files |= set(
        Paper.objects.filter(owner_id__in=owners, file__isnull=False).values_list("file_id", flat=True).order_by("pk")
    )
    stored = list(StoredFile.objects.filter(pk__in=files).order_by("pk").values_list("bucket", "key"))
    CapabilityTable.objects.filter(application__authority__is_trial=True).delete()
    AccessLog.objects.filter(file_id__in=files).delete()
    Version.objects.filter(mine).delete()
    Document.objects.filter(owner_id__in=owners).delete()
    Edition.objects.filter(certificate__authority__is_trial=True).update(paper=None)
    Paper.objects.filter(owner_id__in=owners).delete()
    StoredFile.objects.filter(pk__in=files).delete()
    return stored


@transaction.atomic
def _remove_cases() -> None:
    trial = {"application__authority__is_trial": True}
    process_ids = list(
        Process.objects.filter(case__application__authority__is_trial=True).order_by("pk").values_list("pk", flat=True)
    )
    ScopeLine.objects.filter(edition__certificate__authority__is_trial=True).delete()
    Grant.objects.filter(edition__certificate__authority__is_trial=True).delete()
    Edition.objects.filter(certificate__authority__is_trial=True).delete()
    Application.objects.filter(authority__is_trial=True).update(certificate=None)
    Certificate.objects.filter(authority__is_trial=True).delete()
    NumberCounter.objects.filter(authority__is_trial=True).delete()
    Offer.objects.filter(**trial).delete()
    Seat.objects.filter(assessment__application__authority__is_trial=True).delete()
    Draw.objects.filter(assessment__application__authority__is_trial=True).delete()
    Assessment.objects.filter(**trial).delete()
    TransitionLog.objects.filter(Q(**trial) | Q(by__memberships__authority__is_trial=True)).delete()
    Application.objects.filter(authority__is_trial=True).delete()
    Process.objects.filter(pk__in=process_ids).delete()


@transaction.atomic
def _remove_people() -> None:
    people_ = Membership.objects.filter(Q(authority__is_trial=True) | Q(laboratory__authority__is_trial=True))
    users = list(people_.order_by("pk").values_list("user_id", flat=True))
    Assessor.objects.filter(home__is_trial=True).delete()
    Profile.objects.filter(authority__is_trial=True).update(updated_by=None)
    Site.objects.filter(laboratory__authority__is_trial=True).delete()
    Laboratory.objects.filter(authority__is_trial=True).delete()
    User.objects.filter(pk__in=users).delete()
