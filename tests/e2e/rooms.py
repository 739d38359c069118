"""Every address of the site, taken from the resolver, with something to open it on: a new page is never forgotten."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from documents.looking.pages import WIDTHS
from documents.looking.services import pin
from qualification.accounts.enums import NATIONAL_ROLES, Role
from qualification.accounts.models import User
from qualification.applications.models import Concurrence, TerminationRequest
from qualification.applications.services import endings
from qualification.assessments.models import Visit
from qualification.assessors.models import Assessor, Draw, Offer
from qualification.certificates.models import Certificate
from qualification.regions import calendar_drafts
from qualification.regions.models import NATION, CalendarDraft, LimitEntry
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.e2e.conftest import give_keys
from tests.e2e.worker import aside
from tests.factories.cases import QuickWalk, World
from workflows.clocks.models import Clock
from workflows.demo.walk import Wish
from workflows.follow import open_tasks
from workflows.outbox.models import Message

#: Handed out by packages of others, or answered to machines; the sign-in pages are opened by name.
NOT_ROOMS = {"set", "account", "mfa", "api"}
#: Pages only a chain of unusual events leads to, each with its own test.
ELSEWHERE = {
    "applications:conflict": "two tabs that saved at once",
    "applications:form": "a spreadsheet",
    "assessments:hold": "a file on hold",
    "clocks:contest": "an outcome contested",
    "clocks:contest_new": "an outcome of the law",
    "calendars:progress": "a calendar just applied",
    "documents:download": "a file",
    "documents:uploads": "a part of other pages",
    "clocks:end_pause": "a pause entered by hand",
    "clocks:correct_limit": "a limit entered wrongly",
    "deadlines:feed": "for calendar programs",
    "documents:download_handed_in": "a file",
    "documents:slot": "a part of other pages",
    "documents:upload_state": "a part of other pages",
    "laboratories:import": "a sheet read in",
    "laboratories:import_take_over": "a sheet read in",
    "laboratories:import_discard": "a sheet read in",
    "assessors:entry_remove": "an entry of the pool",
    "regions:entry": "an entry of the dictionary",
}


@dataclass(frozen=True, slots=True)
class Room:
    """A page of the site: its name, and what its address asks for."""

    name: str
    asks: tuple[str, ...]


def rooms() -> list[Room]:
    """Every named address of our own packages."""
    return sorted(set(_walk(get_resolver(), ())), key=lambda room: (room.name, room.asks))


def _walk(resolver: URLResolver, path: tuple[str, ...]) -> Iterator[Room]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, (*path, entry.namespace) if entry.namespace else path)
        elif isinstance(entry, URLPattern) and entry.name:
            name = ":".join((*path, entry.name))
            own = entry.callback.__module__.split(".")[0] not in {"allauth", "django", "ninja"}
            if own and re.split("[:_]", name, maxsplit=1)[0] not in NOT_ROOMS:
                yield Room(name, tuple(entry.pattern.converters))


class House(World):
    """A person of every role in one region, and a case at every stage at which somebody has a page of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.enlarge_pool()
        self.people: dict[str, User] = {
            role: self.user(role, None if role in NATIONAL_ROLES else self.lead)
            for role in (Role.SUPERVISOR, Role.SLA_ADMIN, Role.REGION_ADMIN, *sorted(NATIONAL_ROLES))
        }
        self.people |= {
            Role.LAB_MANAGER: self.manager, Role.LAB_MEMBER: self.user(Role.LAB_MEMBER, self.laboratory),
            Role.INTAKE: self.intake, Role.COORDINATOR: self.coordinator, Role.DECISION: self.decider,
            Role.ISSUER: self.issuer,
        }  # fmt: skip
        self.cases: dict[str, QuickWalk] = {}
        Assessor.objects.filter(pk=self.assessors[0].pk).update(home=self.lead)
        self.fill()
        self.people[Role.ASSESSOR] = self.cases["agree_visit"].leader

    def fill(self) -> None:
        """The cases, and the rows beside them."""
        for stage in ("upload_materials", "submit", "accept", "draw_team", "accept_offers", "pass_file"):
            self.cases[stage] = self.walk(stage)
        for stage in ("propose_visit", "agree_visit", "concur", "decide", "release"):
            self.cases[stage] = self.walk(stage)
        weak = {"answer_checklist": {"mostly": 1}}
        for stage in ("conclude", "rectify", "verify", "hand_in_report"):
            self.cases[stage] = self.walk(stage, **weak)
        self.cases["supplement"] = self.walk("submit")
        self.cases["supplement"].ask_supplement("质量手册缺第三章")
        self.cases["submit"].replace_file()
        self.note = pin(
            version=self.cases["submit"].versions()[0], page=1, place=None, text="缺签字", by=self.intake,
            now=timezone.now(),
        )  # fmt: skip
        self.cases["check"] = self.walk("release", wish=Wish(procedure="commitment"))
        self.cases["check"].draw_team()
        self.cases["check"].accept_offers()
        self.cases["issued"] = self.walk("issue")
        give_keys(self.lead.code, self.other.code)
        aside(self.cases["issued"].make_papers)
        endings.ask_termination(
            application=self.cases["pass_file"].application, reason="设备损坏", by=self.cases["pass_file"].leader,
            now=timezone.now(),
        )  # fmt: skip

    def person_for(self, role: str, room: Room) -> User:
        """Who of a role opens a page: of the assessors the leader of just this case, or whoever was asked to be."""
        if room.name == "applications:concur" and role == Role.DECISION:
            return self.other_decider
        if role != Role.ASSESSOR or room.name.split(":")[0] not in {"assessments", "assessors", "inbox"}:
            return self.people[role]
        offers = Offer.objects.filter(application=self.case_of(room).application, seat__role="leader")
        offer = offers.select_related("assessor__user").order_by("-pk").first()
        return offer.assessor.user if offer else self.people[role]

    def case_of(self, room: Room) -> QuickWalk:
        """The case on which a page of a case is opened: where its act is due."""
        return self.cases[STAGES.get(room.name, "agree_visit")]

    def address(self, room: Room) -> str:
        """Where a room is. Raises KeyError for a room of which the test knows nothing to open it on."""
        return reverse(room.name, kwargs={name: self.value(room, name) for name in room.asks})

    def value(self, room: Room, name: str) -> Any:
        """What stands in an address: by the page and its argument, else by the package and the argument."""
        package = room.name.split(":", maxsplit=1)[0]
        for key in ((room.name, name), (package, name)):
            if key in VALUES:
                return VALUES[key](self, self.case_of(room))
        raise KeyError(f"Say in tests/e2e/rooms.py what “{name}” of the page {room.name} is.")


#: The stage of the case on which a page is opened, where it is not an agreed visit.
STAGES: dict[str, str] = {
    "applications:edit": "upload_materials", "applications:submit": "upload_materials",
    "applications:missing": "upload_materials", "applications:parts": "upload_materials",
    "applications:kinds": "upload_materials", "scope:upload": "upload_materials", "scope:row_add": "upload_materials",
    "scope:row_edit": "upload_materials", "scope:row_delete": "upload_materials",
    "scope:table_delete": "upload_materials", "applications:supplement": "supplement",
    "applications:files": "upload_materials", "applications:looks": "upload_materials",
    "applications:search_files": "upload_materials", "applications:reuse": "upload_materials",
    "applications:examine": "submit", "applications:examine_table": "submit", "applications:withdraw": "submit",
    "applications:decide": "concur", "applications:release": "decide", "applications:concur": "hand_in_report",
    "applications:answer_termination": "pass_file", "assessors:team": "accept", "assessors:draw_again": "draw_team",
    "assessors:offer": "draw_team", "assessments:file_review": "accept_offers", "assessments:propose": "pass_file",
    "assessments:answer_visit": "propose_visit", "assessments:rectification": "conclude",
    "assessments:check": "check", "assessments:confirm_record": "conclude", "assessments:verification": "rectify", "assessments:report": "verify",
    "certificates:issue": "release", "certificates:retry": "issued", "clocks:extend": "concur",
    "clocks:add_pause": "agree_visit", "inbox:hand_over": "submit", "inbox:take": "submit",
    "applications:ask_supplement": "submit", "applications:accept": "submit",
    "applications:refuse_acceptance": "submit", "applications:keep_findings": "submit",
    "documents:look": "submit", "documents:look_picture": "submit", "documents:compare": "submit",
    "documents:changes": "submit",
}  # fmt: skip


def _draft(house: House, case: QuickWalk) -> Any:
    found = CalendarDraft.objects.first()
    if found is None:
        found = _make_draft(house)
    return found.uuid


def _make_draft(house: House) -> CalendarDraft:
    return calendar_drafts.edit(
        year=2026, authority=None, dates=[dt.date(2026, 12, 24)], is_off=True, name="试行",
        by=house.people[Role.SLA_ADMIN], now=timezone.now(),
    )  # fmt: skip


def _clock(house: House, case: QuickWalk) -> Any:
    clocks = Clock.objects.filter(application=case.application, code__in=["technical_review", "decision"])
    return clocks.latest("pk").uuid


def _task(house: House, case: QuickWalk) -> Any:
    return open_tasks(case.application)[0].pk


def _message(house: House, case: QuickWalk) -> Any:
    return Message.objects.filter(recipient=house.manager).latest("pk").uuid


def _application(house: House, case: QuickWalk) -> Any:
    return case.application.uuid


def _assessment(house: House, case: QuickWalk) -> Any:
    return case.assessment.uuid


def _table(house: House, case: QuickWalk) -> Any:
    return CapabilityTable.objects.filter(application=case.application).earliest("pk").uuid


def _version(house: House, case: QuickWalk) -> Any:
    return case.versions()[0].pk


def _certificate() -> Certificate:
    return Certificate.objects.latest("pk")


VALUES: dict[tuple[str, str], Any] = {
    ("applications", "uuid"): _application,
    ("applications:concur", "uuid"): lambda house, case: Concurrence.objects.get(application=case.application).uuid,
    ("applications:answer_termination", "uuid"): lambda house, case: TerminationRequest.objects.get(
        application=case.application
    ).uuid,
    ("applications", "table"): _table,
    ("applications", "pk"): lambda house, case: 1,
    ("assessments", "uuid"): _assessment,
    ("assessments:check", "uuid"): lambda house, case: case.check.uuid,
    ("assessments:answer_visit", "uuid"): lambda house, case: Visit.objects.get(application=case.application).uuid,
    ("assessments", "table"): _table,
    ("assessments", "number"): lambda house, case: 1,
    ("assessors", "uuid"): lambda house, case: house.assessors[0].uuid,
    ("assessors:team", "uuid"): _application,
    ("assessors:draw_again", "uuid"): _application,
    ("assessors:draw", "uuid"): lambda house, case: Draw.objects.latest("pk").uuid,
    ("assessors:draw_json", "uuid"): lambda house, case: Draw.objects.latest("pk").uuid,
    ("assessors:offer", "uuid"): lambda house, case: Offer.objects.filter(
        application=case.application, seat__role="leader"
    ).latest("pk").uuid,
    ("assessors:accept", "uuid"): lambda house, case: Offer.objects.latest("pk").uuid,
    ("assessors:decline", "uuid"): lambda house, case: Offer.objects.latest("pk").uuid,
    ("assessors", "kind"): lambda house, case: "absences",
    ("assessors", "pk"): lambda house, case: 1,
    ("accounts", "uuid"): lambda house, case: house.intake.uuid,
    ("accounts", "pk"): lambda house, case: house.intake.memberships.get().pk,
    ("calendars", "place"): lambda house, case: NATION,
    ("applications:form", "code"): lambda house, case: "staff_table",
    ("calendars", "year"): lambda house, case: 2026,
    ("calendars", "number"): lambda house, case: 1,
    ("calendars", "uuid"): _draft,
    ("certificates", "uuid"): lambda house, case: _certificate().uuid,
    ("certificates:issue", "uuid"): _application,
    ("certificates:retry", "uuid"): _application,
    ("certificates:laboratory", "uuid"): lambda house, case: _certificate().laboratory.uuid,
    ("certificates", "number"): lambda house, case: _certificate().number,
    ("clocks", "uuid"): _clock,
    ("clocks", "code"): lambda house, case: "03",
    ("clocks", "key"): lambda house, case: "decision_days",
    ("clocks:withdraw_limit", "pk"): lambda house, case: LimitEntry.objects.filter(is_withdrawal=False).earliest("pk").pk,
    ("deadlines", "secret"): lambda house, case: "x",
    ("deadlines", "scope"): lambda house, case: "mine",
    ("documents", "owner_kind"): lambda house, case: "application",
    ("documents", "owner_id"): _application,
    ("documents", "code"): lambda house, case: "application_form",
    ("documents", "upload_id"): _application,
    ("documents", "version_id"): _version,
    ("documents", "other_id"): lambda house, case: case.versions()[1].pk,
    ("documents", "note_id"): lambda house, case: house.note.pk,
    ("documents", "page"): lambda house, case: 1,
    ("documents", "width"): lambda house, case: WIDTHS[0],
    ("jobs", "uuid"): lambda house, case: case.versions()[0].file_id,
    ("documents", "number"): lambda house, case: 1,
    ("documents", "file_id"): lambda house, case: CapabilityRow.objects.latest("pk").uuid,
    ("inbox", "uuid"): _application,
    ("inbox", "number"): _task,
    ("laboratories", "uuid"): lambda house, case: house.laboratory.uuid,
    ("laboratories", "register"): lambda house, case: "signatories",
    ("laboratories", "entry"): lambda house, case: house.laboratory.signatories.first().uuid,
    ("laboratories:site_edit", "entry"): lambda house, case: house.sites[0].uuid,
    ("laboratories:site_active", "entry"): lambda house, case: house.sites[0].uuid,
    ("outbox", "uuid"): _message,
    ("regions", "code"): lambda house, case: "03",
    ("regions", "key"): lambda house, case: "decision_days",
    ("regions", "kind"): lambda house, case: "field",
    ("scope", "application"): _application,
    ("scope", "table"): _table,
    ("scope", "row"): lambda house, case: CapabilityRow.objects.filter(
        table__application=case.application, level="parameter"
    ).first().uuid,
}  # fmt: skip
