"""What is missing, kind by kind and to the letter; and who sees which case, by list and by rule alike."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
import rules
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation

from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.applications.enums import ApplicationState as State
from qualification.applications.enums import Kind
from qualification.applications.models import Application
from qualification.applications.queries import missing_items, visible_to, wanted_slots
from qualification.assessments.models import Assessment, Edition
from qualification.assessors.models import Assessor, Seat
from qualification.certificates.models import Certificate
from qualification.laboratories.models import Laboratory, Signatory
from qualification.regions.models import Authority
from qualification.scope.models import CapabilityTable
from tests.factories.accounts import UserFactory
from tests.factories.cases import QuickWalk, World
from tests.factories.laboratories import LaboratoryFactory, SiteFactory
from tests.factories.regions import authority

pytestmark = pytest.mark.django_db

CONTACT = ("Give a contact person and a telephone number.", "facts", "id_contact_name")
FIELDS = ("Choose at least one field of competence.", "facts", "id_field_codes")
MINISTRY = ("Choose the ministry.", "facts", "id_ministry_code")
SITES = ("Choose at least one site, one of them in the region of the legal person.", "facts", "id_sites")
SINCE = ("Say since when the management system has been in operation.", "facts", "id_system_since")
CERTIFICATE = ("Name the existing certificate.", "kinds", "")
PEOPLE = ("Enter the laboratory's authorised signatories.", "people", "")
FACTS = [CONTACT, FIELDS, MINISTRY, SITES]
NAMES = {
    "application_form": "Signed application form", "signatories": "Authorised signatories (annex 2, 2-1 per person)",
    "organisation_chart": "Organisation chart (annex 3)", "staff_table": "Staff table (annex 4)",
    "quality_manual": "Quality manual and procedures", "legal_status": "Proof of legal status",
    "premises": "Right to use the premises", "current_certificate": "Current certificate", "appointment": "Appointment",
    "self_declaration": "Self-declaration", "commitment_letter": "Commitment letter",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


def upload(*codes: str) -> list[tuple[str, str, str]]:
    return [(f"Upload: {NAMES[code]}.", "materials", f"slot-{code}-all") for code in codes]


def missing(application: Application) -> list[tuple[str, str, str]]:
    with translation.override("en"):
        return [(m.text, m.section, m.anchor) for m in missing_items(application)]


def empty(world: World, *kinds: str, **more: Any) -> Application:
    """A draft of a laboratory without signatories, in which nothing was filled in."""
    lab = LaboratoryFactory.create(authority=world.lead)
    return Application.objects.create(
        laboratory=lab, authority=world.lead, kinds=list(kinds), created_by=world.manager, **more
    )


def certificate_of(
    laboratory: Laboratory, until: dt.date, number: str = "230312050001", state: str = "valid"
) -> Certificate:
    now = timezone.now()
    return Certificate.objects.create(
        number=number, laboratory=laboratory, authority=laboratory.authority, state=state, numbered_at=now, activated_at=now,
        valid_from=until - dt.timedelta(days=2000), valid_until=until, ended_at=None if state == "valid" else now,
    )  # fmt: skip


EMPTY = {
    "first": [
        *FACTS, SINCE,
        *upload("application_form", "signatories", "organisation_chart", "staff_table", "quality_manual", "legal_status", "premises"),
        PEOPLE,
    ],
    "renewal": [
        CERTIFICATE, *FACTS,
        *upload("application_form", "signatories", "organisation_chart", "staff_table", "legal_status", "premises", "current_certificate"),
        PEOPLE,
    ],
    "extension": [CERTIFICATE, *FACTS, *upload("application_form", "signatories", "staff_table", "current_certificate"), PEOPLE],
    "manager": [
        CONTACT, ("Say which post changes and who takes it.", "facts", "id_manager_post"),
        *upload("appointment", "self_declaration"),
    ],
    "address": [
        ("“change of address” cannot be handed in here yet.", "kinds", ""), CERTIFICATE, *FACTS,
        *upload("application_form", "signatories", "staff_table", "premises", "current_certificate"), PEOPLE,
    ],
    "standard": [
        ("“change of standard” cannot be handed in here yet.", "kinds", ""), CERTIFICATE, *FACTS,
        *upload("application_form", "current_certificate"),
    ],
    "signatory": [
        ("“change of authorised signatory” cannot be handed in here yet.", "kinds", ""), CERTIFICATE, *FACTS,
        *upload("application_form", "signatories", "current_certificate"), PEOPLE,
    ],
    "other": [
        ("“other change” cannot be handed in here yet.", "kinds", ""), CERTIFICATE, *FACTS,
        *upload("application_form", "current_certificate"),
    ],
    "cancellation": [("“cancellation” cannot be handed in here yet.", "kinds", ""), CERTIFICATE, *FACTS],
}  # fmt: skip


def test_every_kind_is_told_of() -> None:
    assert set(EMPTY) == set(Kind.values)


@pytest.mark.parametrize("kind", EMPTY)
def test_what_an_empty_draft_of_a_kind_misses(world: World, kind: str) -> None:
    assert missing(empty(world, kind)) == EMPTY[kind]


def test_kinds_together_want_what_each_of_them_wants_once(world: World) -> None:
    both = empty(world, "extension", "renewal")
    assert missing(both) == EMPTY["renewal"]


def test_what_stands_alone_is_refused_and_a_commitment_wants_its_letter(world: World) -> None:
    found = missing(empty(world, "extension", "first", procedure="commitment"))
    assert found[:2] == [
        (
            "A first application, a change of manager and a cancellation stand alone; take the other kinds out.",
            "kinds",
            "",
        ),
        *FACTS[:1],
    ]
    assert found[-2:] == [*upload("commitment_letter"), PEOPLE]


def test_sites_want_their_tables_and_their_categories(world: World) -> None:
    walk = world.walk("draft")
    first, second = world.sites
    application = walk.application
    label = f"slot-equipment_table-{first.uuid}"
    found = missing(application)
    assert [m for m in found if m[1] == "scope"] == [
        (f"Upload the capability table of the site “{site.name}”.", "scope", "") for site in (first, second)
    ]
    assert [m for m in found if m[2] == label] == [
        (f"Upload: Equipment table (annex 5) ({first.name}).", "materials", label)
    ]
    walk.upload_tables()
    walk.upload_materials()
    assert missing(application) == []
    assert [s.label for s in wanted_slots(application) if s.material.code == "typical_report"] == ["水和废水"]


def test_a_table_that_could_not_be_read_is_missing(world: World) -> None:
    walk = world.walk("upload_materials")
    table = CapabilityTable.objects.filter(application=walk.application, site=world.sites[0])
    table.update(import_state="failed")
    with translation.override("en"):
        name = str(table.get())
    assert missing(walk.application) == [
        (f"Upload the capability table of the site “{world.sites[0].name}”.", "scope", ""),
        (f"The capability table “{name}” could not be read; upload it again.", "scope", ""),
    ]


def test_a_table_of_a_site_not_applied_for_is_told(world: World) -> None:
    walk = world.walk("upload_materials")
    walk.application.sites.remove(world.sites[1])
    with translation.override("en"):
        name = str(CapabilityTable.objects.get(application=walk.application, site=world.sites[1]))
    assert missing(walk.application) == [(
        f"The capability table “{name}” is of a site that is not applied for: choose the site, or remove the table.", "scope", "",
    )]  # fmt: skip


def test_a_removed_file_and_removed_signatories_are_missing_again(world: World) -> None:
    walk = world.walk("upload_materials")
    slot = next(s for s in wanted_slots(walk.application) if s.material.code == "legal_status")
    assert slot.version is not None
    type(slot.version).objects.filter(pk=slot.version.pk).update(withdrawn_at=timezone.now())
    Signatory.objects.filter(laboratory=world.laboratory).delete()
    assert missing(walk.application) == [*upload("legal_status"), PEOPLE]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The management system must have run for 3 months; it reaches them on Sat 21 Nov 2026."),
        ("zh-hans", "管理体系应当已运行 3 个月，至 2026年11月21日(周六) 方可满足。"),
    ],
)
def test_the_system_must_have_run_three_months(world: World, language: str, sentence: str) -> None:
    application = empty(world, "first", system_since=dt.date(2026, 8, 21))
    eve, day = dt.datetime(2026, 11, 20, 15, 59, tzinfo=dt.UTC), dt.datetime(2026, 11, 20, 16, 0, tzinfo=dt.UTC)
    with translation.override(language):
        assert [m.text for m in missing_items(application, now=eve) if m.anchor == "id_system_since"] == [sentence]
        assert [m.text for m in missing_items(application, now=day) if m.anchor == "id_system_since"] == []


def test_the_certificate_must_be_the_laboratorys_own_and_valid(world: World) -> None:
    today = timezone.localdate()
    application = empty(world, "renewal")
    own, ended = application.laboratory, today - dt.timedelta(days=1)
    cases = [
        (certificate_of(own, today, "230312050001"), []),
        (certificate_of(own, ended, "230312050002"), ["Certificate 230312050002 is not valid any more; make a first application."]),
        (certificate_of(own, today, "230312050003", "recalled"), ["Certificate 230312050003 is not valid any more; make a first application."]),
        (certificate_of(world.laboratory, today, "230312050004"), ["This certificate belongs to another laboratory."]),
    ]  # fmt: skip
    for certificate, expected in cases:
        application.certificate = certificate
        assert [m[0] for m in missing(application) if m[1] == "kinds"] == expected


def test_a_first_application_beside_a_valid_certificate_is_refused(world: World) -> None:
    application = empty(world, "first")
    assert [m for m in missing(application) if m[1] == "kinds"] == []
    certificate_of(application.laboratory, timezone.localdate())
    assert [m[0] for m in missing(application) if m[1] == "kinds"] == [
        "The laboratory holds a valid certificate; apply for a renewal or an extension."
    ]


# -- who sees which case

AFTER_DECISION = {State.DECIDED, State.GRANTED, State.ISSUING, State.ISSUED, State.REFUSED}
ACCEPTED = AFTER_DECISION | {State.IN_REVIEW, State.REVIEWED, State.TERMINATED}
RELEASED = AFTER_DECISION - {State.DECIDED}


def case_in(state: State, laboratory: Laboratory, by: User) -> Application:
    """A case whose stamps fit its state."""
    now = timezone.now()

    def stamp(*, is_set: bool) -> dt.datetime | None:
        return now if is_set else None

    made = Application.objects.create(
        laboratory=laboratory, authority=laboratory.authority, kinds=["first"], state=state, created_by=by,
        submitted_at=stamp(is_set=state not in {State.DRAFT, State.FILED}),
        accepted_at=stamp(is_set=state in ACCEPTED), accepted_on=timezone.localdate(now) if state in ACCEPTED else None,
        decided_at=stamp(is_set=state in AFTER_DECISION), released_at=stamp(is_set=state in RELEASED),
        closed_at=stamp(is_set=state in State.final()),
    )  # fmt: skip
    made.sites.set(laboratory.sites.order_by("pk"))
    return made


def seat_in(
    application: Application, assessor: Assessor, *, ended_days_ago: int | None, is_terminated: bool = False
) -> None:
    ended = None if ended_days_ago is None else timezone.now() - dt.timedelta(days=ended_days_ago)
    values: dict[str, Any] = {"state": "file_review"}
    if ended and is_terminated:
        values = {"state": "terminated", "terminated_at": ended}
    elif ended:
        values = {"state": "reported", "reported_at": ended, "conclusion": "conform"}
    assessment, __ = Assessment.objects.get_or_create(
        application=application, defaults={"edition": Edition.objects.get(), "opened_at": timezone.now(), **values}
    )
    Seat.objects.create(assessment=assessment, role="member", assessor=assessor, filled_at=timezone.now())


def assessor_of(user: User, home: Authority) -> Assessor:
    return Assessor.objects.create(
        user=user, home=home, field_codes=["12"], certificate_number=f"PSY-{user.pk}",
        certified_on=dt.date(2024, 1, 1), certified_until=dt.date(2029, 1, 1),
    )  # fmt: skip


@pytest.fixture
def cases(world: World) -> list[Application]:
    """Cases in every state: of two regions, of one with a site in the other, and of a trial authority."""
    labs = [
        LaboratoryFactory.create(authority=authority("01")), LaboratoryFactory.create(authority=authority("02")),
        LaboratoryFactory.create(authority=authority("99")), LaboratoryFactory.create(authority=authority("01")),
    ]  # fmt: skip
    for lab in labs:
        SiteFactory.create(laboratory=lab)
    SiteFactory.create(laboratory=labs[3], authority=authority("02"))
    return [case_in(state, lab, world.manager) for lab, state in itertools.product(labs, State)]


@pytest.fixture
def people(cases: list[Application]) -> list[User]:
    """Everybody: each role at each place, assessors with seats of every age, people who left or are shut out."""
    labs = list(dict.fromkeys(case.laboratory for case in cases))
    regions = [authority(code) for code in ("01", "02", "99")]
    found = [UserFactory.create(), UserFactory.create(member=(Role.INTAKE, regions[0]), is_active=False)]
    for role in Role:
        places: list[Any] = labs if role in LABORATORY_ROLES else [None] if role in NATIONAL_ROLES else regions
        found += [UserFactory.create(member=(role, place) if place else role) for place in places]
    left = UserFactory.create(member=(Role.DECISION, regions[0]))
    Membership.objects.filter(user=left).update(ended_at=timezone.now())
    reviewed = [case for case in cases if case.state == State.REVIEWED]
    stopped = [case for case in cases if case.state == State.TERMINATED]
    for case in [case for case in cases if case.state == State.IN_REVIEW]:
        found.append(seated(case, None))
    for case, days in zip(reviewed, (1, 29, 31, 400), strict=True):
        found.append(seated(case, days))
    for case, days in zip(stopped, (29, 31, 29, 31), strict=True):
        found.append(seated(case, days, is_terminated=True))
    return [*found, left]


def seated(case: Application, days: int | None, *, is_terminated: bool = False) -> User:
    user = UserFactory.create(member=(Role.ASSESSOR, case.authority))
    seat_in(case, assessor_of(user, case.authority), ended_days_ago=days, is_terminated=is_terminated)
    return user


def test_the_list_and_the_rule_agree_for_everybody_and_every_case(cases: list[Application], people: list[User]) -> None:
    seen: dict[int, set[int]] = {}
    for person in people:
        user = User.objects.get(pk=person.pk)
        by_list = set(visible_to(user).values_list("pk", flat=True))
        by_rule = {
            case.pk for case in Application.objects.all() if rules.has_perm("applications.Application.see", user, case)
        }
        assert by_list == by_rule, user.active_memberships
        seen[person.pk] = by_list
    assert {len(found) for found in seen.values()} > {0, 1, len(State) - 1, len(State)}


def test_nobody_sees_a_draft_but_its_laboratory(cases: list[Application], people: list[User]) -> None:
    drafts = {case.pk for case in cases if case.state == State.DRAFT}
    for person in people:
        user = User.objects.get(pk=person.pk)
        own = {case.pk for case in cases if case.pk in drafts and case.laboratory_id in user.laboratory_ids()}
        assert set(visible_to(user).filter(pk__in=drafts).values_list("pk", flat=True)) == own


def test_an_officer_sees_the_cases_of_the_region_and_of_its_sites_alone(cases: list[Application]) -> None:
    officer = UserFactory.create(member=(Role.INTAKE, authority("02")))
    expected = {
        case.pk for case in cases
        if case.state != State.DRAFT and "02" in {case.authority.code, *(s.authority.code for s in case.sites.all())}
    }  # fmt: skip
    assert set(visible_to(officer).values_list("pk", flat=True)) == expected
    assert len(expected) == 2 * (len(State) - 1)


def test_the_trial_authority_is_not_shown_to_the_nation(cases: list[Application]) -> None:
    for role in NATIONAL_ROLES:
        viewer = UserFactory.create(member=role)
        assert set(visible_to(viewer).values_list("authority__code", flat=True)) == {"01", "02"}


def test_a_visitor_sees_nothing(cases: list[Application]) -> None:
    assert list(visible_to(AnonymousUser())) == []


def test_an_assessor_sees_the_case_for_thirty_days_after_the_report(world: World) -> None:
    walk: QuickWalk = world.walk("accept_offers")
    user = walk.leader
    now = timezone.now()
    assert list(visible_to(user)) == [walk.application]
    Assessment.objects.filter(application=walk.application).update(
        state="reported", reported_at=now, conclusion="conform"
    )
    assert list(visible_to(user, now=now + dt.timedelta(days=30))) == [walk.application]
    assert list(visible_to(user, now=now + dt.timedelta(days=30, seconds=1))) == []
