"""Files of earlier applications taken over into a draft: which, until when, and what it does to the bytes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from documents import access, keeping, reuse, storage
from documents.enums import Fault, ScanLevel
from documents.models import AccessLog, Document, StoredFile, Version
from documents.services import freeze, withdraw
from documents.upload import add_version
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import casefiles, reusing, supplementing
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from qualification.applications.services import intake
from qualification.certificates.models import Certificate
from qualification.regions.settings import REUSABLE, SETTINGS
from tests.factories.cases import World, stored_file
from tests.factories.laboratories import LaboratoryFactory


def as_(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


@pytest.fixture
def old(world: World) -> Application:
    """A case that was handed in."""
    return world.walk("submit").application


@pytest.fixture
def draft(world: World, old: Application) -> Application:
    """A renewal of the same laboratory, just begun."""
    made = Application.objects.create(
        laboratory=old.laboratory, authority=world.lead, kinds=["renewal"], created_by=world.manager
    )
    made.sites.set(world.sites)
    return made


def offered(draft: Application, code: str) -> list[reusing.Earlier]:
    files = reusing.earlier_files(draft, now=timezone.now())
    return [one for one in files if one.slot.material.code == code]


def address(draft: Application) -> str:
    return reverse("applications:reuse", args=[draft.uuid])


def take(user: User, draft: Application, *versions: Version) -> Any:
    return as_(user).post(address(draft), {"versions": [str(v.pk) for v in versions]})


def test_a_file_is_used_again_without_an_upload_and_kept_for_the_later_case(
    world: World, old: Application, draft: Application
) -> None:
    (one,) = offered(draft, "legal_status")
    assert (one.case, one.why_not, one.is_wanted) == (old, "", True)
    files = StoredFile.objects.count()
    assert take(world.manager, draft, one.version).status_code == 302
    new = Version.objects.get(document__owner_id=draft.uuid)
    assert (new.file, new.reused_from, new.number, new.is_frozen) == (one.version.file, one.version, 1, False)
    assert (StoredFile.objects.count(), new.document.code) == (files, "legal_status")
    later = timezone.now() + dt.timedelta(days=400)
    freeze(owner_kind=OWNER_KIND, owner_id=draft.uuid, now=later)
    new.file.refresh_from_db()
    assert new.file.retain_until == keeping.retention_end(later)
    assert keeping.prove([new.file], now=later).bad == 0


def test_each_case_has_its_own_looks_and_its_own_readers(world: World, old: Application, draft: Application) -> None:
    (one,) = offered(draft, "legal_status")
    take(world.manager, draft, one.version)
    new = Version.objects.get(document__owner_id=draft.uuid)
    answer = as_(world.intake).get(reverse("documents:download", args=[one.version.pk]))
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert as_(world.intake).get(reverse("documents:download", args=[new.pk])).status_code == 404
    look = AccessLog.objects.get()
    assert (look.version, look.user) == (one.version, world.intake)
    for case, count in ((old, 1), (draft, 0)):
        page = as_(world.manager).get(reverse("applications:looks", args=[case.uuid])).content.decode()
        assert page.count(str(world.intake)) == count, case
    assert access.may_read_file(world.intake, new.file)


def test_removing_it_from_the_draft_takes_nothing_from_the_case_before(
    world: World, old: Application, draft: Application
) -> None:
    (one,) = offered(draft, "premises")
    take(world.manager, draft, one.version)
    withdraw(version=Version.objects.get(document__owner_id=draft.uuid), by=world.manager, now=timezone.now())
    answer = as_(world.intake).get(reverse("documents:download", args=[one.version.pk]))
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert casefiles.handed_in(old)[0].is_unchanged
    assert take(world.manager, draft, one.version).status_code == 302
    assert Version.objects.live().get(document__owner_id=draft.uuid).number == 2


def test_what_is_too_old_is_shown_with_the_reason_and_not_taken(
    world: World, old: Application, draft: Application
) -> None:
    (one,) = offered(draft, "staff_table")
    long_ago = timezone.now() - dt.timedelta(days=400)
    Version.objects.filter(pk=one.version.pk).update(frozen_at=long_ago)
    (aged,) = offered(draft, "staff_table")
    assert (aged.why_not != "", aged.good_until and aged.good_until < timezone.localdate()) == (True, True)
    page = as_(world.manager).get(address(draft)).content.decode()
    assert "too old" in page and f'value="{one.version.pk}"' not in page
    said = as_(world.manager).post(address(draft), {"versions": [str(one.version.pk)]}, follow=True).content.decode()
    assert "too old" in said
    assert not Version.objects.filter(document__owner_id=draft.uuid).exists()
    profile = world.lead.profile
    profile.values[REUSABLE["staff_table"]] = 24
    profile.save()
    fresh = Application.objects.select_related("authority__profile").get(pk=draft.pk)
    assert offered(fresh, "staff_table")[0].why_not == ""
    profile.values[REUSABLE["staff_table"]] = 0
    profile.save()
    fresh = Application.objects.select_related("authority__profile").get(pk=draft.pk)
    assert offered(fresh, "staff_table")[0].why_not != ""


def test_a_file_taken_over_again_and_again_grows_no_younger(world: World, old: Application, draft: Application) -> None:
    (one,) = offered(draft, "staff_table")
    long_ago = timezone.now() - dt.timedelta(days=300)
    Version.objects.filter(pk=one.version.pk).update(frozen_at=long_ago)
    take(world.manager, draft, one.version)
    freeze(owner_kind=OWNER_KIND, owner_id=draft.uuid, now=timezone.now())
    Application.objects.filter(pk=draft.pk).update(state="submitted", submitted_at=timezone.now())
    third = Application.objects.create(
        laboratory=old.laboratory, authority=world.lead, kinds=["renewal"], created_by=world.manager
    )
    (again,) = offered(third, "staff_table")
    assert (again.case.pk, again.handed_in_on) == (draft.pk, timezone.localdate(long_ago))


def test_a_copy_of_the_certificate_is_good_for_that_certificate_alone(
    world: World, old: Application, draft: Application
) -> None:
    add_to(old, "current_certificate")
    (one,) = offered(draft, "current_certificate")
    assert one.why_not == ""
    today = timezone.localdate()
    certificate = Certificate.objects.create(
        number="250312110999", laboratory=old.laboratory, authority=world.lead, state="valid", valid_from=today,
        valid_until=today + dt.timedelta(days=30), numbered_at=timezone.now(), activated_at=timezone.now(),
        search_terms=[],
    )  # fmt: skip
    Application.objects.filter(pk=draft.pk).update(certificate=certificate)
    fresh = Application.objects.select_related("authority__profile", "certificate").get(pk=draft.pk)
    (other,) = offered(fresh, "current_certificate")
    assert other.why_not != ""
    Application.objects.filter(pk=old.pk).update(certificate=certificate)
    (own,) = offered(fresh, "current_certificate")
    assert (own.why_not, own.good_until) == ("", certificate.valid_until)


def add_to(case: Application, code: str, label: str = "") -> Version:
    """A file handed in for a case."""
    document = Document.objects.create(
        owner_kind=OWNER_KIND, owner_id=case.uuid, code=code, label=label, created_at=timezone.now()
    )
    return Version.objects.create(
        document=document, number=1, file=stored_file(content=uuid.uuid4().bytes), uploaded_at=timezone.now(), is_frozen=True,
        frozen_at=timezone.now(),
    )  # fmt: skip


def test_signed_forms_other_sites_and_other_laboratories_are_not_offered(
    world: World, old: Application, draft: Application
) -> None:
    codes = {one.slot.material.code for one in reusing.earlier_files(draft, now=timezone.now())}
    assert "legal_status" in codes and "application_form" not in codes
    assert set(REUSABLE) >= codes and set(REUSABLE.values()) <= set(SETTINGS)
    assert {one.slot.label for one in offered(draft, "equipment_table")} == {str(s.uuid) for s in world.sites}
    draft.sites.remove(world.sites[1])
    assert {one.slot.label for one in offered(draft, "equipment_table")} == {str(world.sites[0].uuid)}
    foreign = Application.objects.create(
        laboratory=LaboratoryFactory(authority=world.lead), authority=world.lead, kinds=["renewal"],
        created_by=world.manager,
    )  # fmt: skip
    theirs = add_to(foreign, "legal_status")
    Application.objects.filter(pk=foreign.pk).update(state="submitted", submitted_at=timezone.now())
    assert theirs not in [one.version for one in offered(draft, "legal_status")]
    take(world.manager, draft, theirs)
    as_(world.manager).post(address(draft), {"versions": ["nonsense", str(uuid.uuid4())]})
    assert not Version.objects.filter(document__owner_id=draft.uuid).exists()


def test_only_who_writes_the_draft_takes_over(world: World, old: Application, draft: Application) -> None:
    (one,) = offered(draft, "legal_status")
    assert take(world.intake, draft, one.version).status_code == 403
    assert take(world.user(Role.LAB_MANAGER, LaboratoryFactory()), draft, one.version).status_code == 404
    with pytest.raises(PermissionDenied):
        reuse.use_again(
            source=one.version, owner_kind=OWNER_KIND, owner_id=draft.uuid, code="legal_status", label="",
            by=world.intake, now=timezone.now(),
        )  # fmt: skip
    assert as_(world.manager).post(address(draft), {}).status_code == 422
    Application.objects.filter(pk=draft.pk).update(state="submitted", submitted_at=timezone.now())
    assert take(world.manager, draft, one.version).status_code == 409
    assert not Version.objects.filter(document__owner_id=draft.uuid).exists()


def test_damaged_unscanned_or_the_same_again_is_refused(
    world: World, old: Application, draft: Application, settings: Any
) -> None:
    (one,) = offered(draft, "legal_status")
    files = StoredFile.objects.filter(pk=one.version.file_id)
    files.update(fault=Fault.ALTERED)
    assert "damaged" in offered(draft, "legal_status")[0].why_not or offered(draft, "legal_status")[0].why_not
    files.update(fault="")
    settings.CLAMD = "unix:/nowhere"
    assert offered(draft, "legal_status")[0].why_not
    files.update(scan_level=ScanLevel.MALWARE)
    assert take(world.manager, draft, one.version).status_code == 302
    assert offered(draft, "legal_status")[0].why_not
    with pytest.raises(reuse.CannotReuse):
        reuse.use_again(
            source=one.version, owner_kind=OWNER_KIND, owner_id=draft.uuid, code="legal_status", label="",
            by=world.manager, now=timezone.now(),
        )  # fmt: skip
    assert Version.objects.filter(document__owner_id=draft.uuid).count() == 1


def test_the_draft_offers_them_beside_each_slot_in_as_many_queries_for_many(
    world: World, old: Application, draft: Application
) -> None:
    page = as_(world.manager).get(reverse("applications:edit", args=[draft.uuid])).content.decode()
    assert page.count("Use an earlier file") >= 5
    assert address(draft) in page and old.reference in page
    reusing.earlier_files(draft, now=timezone.now())  # what the row itself keeps is read now
    with CaptureQueriesContext(connection) as few:
        reusing.earlier_files(draft, now=timezone.now())
    for _ in range(3):
        case = Application.objects.create(
            laboratory=old.laboratory, authority=world.lead, kinds=["renewal"], created_by=world.manager
        )
        add_to(case, "legal_status")
        add_to(case, "premises")
        Application.objects.filter(pk=case.pk).update(state="submitted", submitted_at=timezone.now())
    with CaptureQueriesContext(connection) as many:
        found = reusing.earlier_files(draft, now=timezone.now())
    assert len(many) == len(few)
    # Four files for each of these slots; the newest alone is proposed.
    assert len([one for one in found if one.slot.material.code == "premises"]) >= 2
    proposed = reusing.proposed(found)
    assert len([one for one in found if one.version.pk in proposed and one.slot.material.code == "premises"]) == 1


def test_the_same_laboratory_is_no_warning_another_is_once_handed_in_and_names_what_the_officer_may_know(
    world: World, old: Application, draft: Application
) -> None:
    (one,) = offered(draft, "legal_status")
    take(world.manager, draft, one.version)
    freeze(owner_kind=OWNER_KIND, owner_id=draft.uuid, now=timezone.now())
    assert casefiles.twins_of(draft, world.intake) == [] == casefiles.twins_of(old, world.intake)
    manual = Version.objects.get(document__owner_id=old.uuid, document__code="quality_manual")
    content = bytes_of(manual) + b"%unique"
    copied, own = ContentFile(content, name="手册.pdf"), ContentFile(content, name="抄来的.pdf")
    now = timezone.now()
    near = _case_of(world, world.lead)
    far = _case_of(world, world.far)
    given: dict[str, Any] = {"owner_kind": OWNER_KIND, "code": "quality_manual", "by": None, "now": now}
    add_version(owner_id=old.uuid, upload=copied, **given)
    for case in (near, far):
        own.seek(0)
        add_version(owner_id=case.uuid, upload=own, **given)
    assert casefiles.twins_of(old, world.intake) == []
    for case in (near, far):
        freeze(owner_kind=OWNER_KIND, owner_id=case.uuid, now=now)
        Application.objects.filter(pk=case.pk).update(state="submitted", submitted_at=now)
    told = {twin.other.pk: twin.is_known for twin in casefiles.twins_of(old, world.intake)}
    assert told == {near.pk: True, far.pk: False}
    page = as_(world.intake).get(reverse("applications:files", args=[old.uuid])).content.decode()
    assert near.laboratory.name in page and far.laboratory.name not in page
    assert str(world.far) in page


def _case_of(world: World, authority: Any) -> Application:
    made: Application = Application.objects.create(
        laboratory=LaboratoryFactory(authority=authority), authority=authority, kinds=["first"],
        created_by=world.manager,
    )  # fmt: skip
    return made


def bytes_of(version: Version) -> bytes:
    with storage.store(version.file.bucket).stream(version.file.key) as chunks:
        return b"".join(chunks)


# -- in a supplement


def asked(world: World, case: Application, *codes: str) -> Any:
    """The one notice, with a point for each material and one of no material."""
    findings = [intake.Finding("请补正", code, "") for code in codes]
    return intake.ask_supplement(
        application=case, findings=[*findings, intake.Finding("其他")], by=world.intake, now=timezone.now()
    )


@pytest.fixture
def waiting(world: World, old: Application) -> Application:
    """A second case of the laboratory, that was asked to supplement."""
    case: Application = world.walk("submit").application
    asked(world, case, "premises", "application_form")
    premises = Version.objects.filter(document__owner_id=old.uuid, document__code="premises")
    premises.update(file=stored_file(content=uuid.uuid4().bytes))
    # The walk takes another laboratory where a first application is open.
    Application.objects.filter(pk=old.pk).update(laboratory=case.laboratory)
    return Application.objects.select_related("authority__profile", "supplement").get(pk=case.pk)


def test_an_open_supplement_takes_over_what_was_asked_for_and_nothing_else(
    world: World, old: Application, waiting: Application
) -> None:
    add_to(old, "organisation_chart", label="2")
    found = reusing.earlier_files(waiting, now=timezone.now())
    assert {(one.slot.material.code, one.slot.label) for one in found} == {("premises", "")}
    good = next(one for one in found if one.version.document.owner_id == old.uuid)
    page = as_(world.manager).get(reverse("applications:supplement", args=[waiting.uuid])).content.decode()
    assert page.count("Use an earlier file") == 1
    chosen = as_(world.manager).get(address(waiting))
    assert chosen.status_code == 200 and "Back to the supplement" in chosen.content.decode()
    other = Version.objects.get(document__owner_id=old.uuid, document__code="legal_status")
    refused = as_(world.manager).post(address(waiting), {"versions": [str(other.pk)]}, follow=True).content.decode()
    assert "not offered" in refused
    data = {"versions": [str(good.version.pk)], "back": "point-1"}
    answer = as_(world.manager).post(address(waiting), data)
    assert answer.headers["Location"] == f"{reverse('applications:supplement', args=[waiting.uuid])}#point-1"
    versions = Version.objects.filter(document__owner_id=waiting.uuid, document__code="premises")
    assert list(versions.order_by("number").values_list("number", "reused_from")) == [(1, None), (2, good.version.pk)]
    (point, *_rest) = supplementing.points_of(waiting.supplement)
    assert point.is_answered


def test_nothing_is_taken_over_before_the_notice_and_after_the_answer(
    world: World, old: Application, waiting: Application
) -> None:
    intake.hand_in_supplement(request=waiting.supplement, answer="已补正", by=world.manager, now=timezone.now())
    one = Version.objects.get(document__owner_id=old.uuid, document__code="premises")
    assert take(world.manager, waiting, one).status_code == 409
    unasked = world.walk("submit").application
    assert take(world.manager, unasked, one).status_code == 409
    assert take(world.intake, waiting, one).status_code == 403
