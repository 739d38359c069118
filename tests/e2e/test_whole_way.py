"""The whole way of one application, each person at a browser of their own, in Chinese: from draft to a certificate that verifies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from documents.models import Version
from documents.papers.models import Paper
from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.assessors.models import Offer, Seat
from qualification.scope.models import CapabilityTable
from tests.e2e import laboratory, officers, team
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.e2e.papers import qr_of, signatures_of, text_of
from tests.e2e.worker import work
from tests.factories.cases import World
from workflows.consistency import findings

pytestmark = [pytest.mark.needs_system("chromium", "pdfsig")]
PLACES = {"石家庄实验室": ("38.042800", "114.514900"), "天津实验室": ("39.084200", "117.200900")}


class Stranger:
    """An intake officer of a region without a site in the case: nothing of it exists for them, at any time."""

    def __init__(self, person: Visitor) -> None:
        self.person = person
        self.application: Any = None

    def sees_nothing(self) -> None:
        """404 for the case, its parts, and every file of it."""
        seen = {address: self.person.status(address) for address in self._addresses()}
        assert {a: s for a, s in seen.items() if s != 404} == {}
        self.person.open("/cases/")
        assert str(self.application.uuid) not in self.person.page.content()

    def _addresses(self) -> list[str]:
        case = [self.application.uuid]
        pages = [reverse(f"inbox:{name}", args=case) for name in ("case", "picture", "picture_svg")]
        pages.append(reverse("applications:examine", args=case))
        if hasattr(self.application, "assessment"):
            pages.append(reverse("assessments:file_review", args=[self.application.assessment.uuid]))
        tables = CapabilityTable.objects.filter(application=self.application).order_by("pk")
        pages += [reverse("scope:table", args=[table.uuid]) for table in tables]
        return pages + [reverse("documents:download", args=[file]) for file in files_of(self.application)]


def files_of(application: Application) -> list[Any]:
    """The files of a case: what was handed in, and the papers made."""
    handed_in = Version.objects.filter(document__owner_id=application.uuid).order_by("pk")
    papers = Paper.objects.filter(owner_id=application.uuid, file__isnull=False).order_by("pk")
    return [*handed_in.values_list("file_id", flat=True), *papers.values_list("file_id", flat=True)]


class Cast(World):
    """The people of the case, and an intake officer of a region that has nothing to do with it."""

    def __init__(self) -> None:
        super().__init__()
        self.stranger = self.user(Role.INTAKE, self.far)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Everybody can sign in; the two authorities have their keys; the sites are far apart."""
    world = Cast()
    for site in world.sites:
        site.latitude, site.longitude = PLACES[site.name]
        site.save()
    give_passwords()
    give_keys("02", "03")
    return world


def test_from_draft_to_a_certificate_that_verifies(enter: Enter, cast: Cast, tmp_path: Path) -> None:
    sites = [site.name for site in cast.sites]
    lab = enter("laboratory", cast.manager)
    stranger = Stranger(enter("shanxi-intake", cast.stranger))

    # the laboratory
    laboratory.start_first_application(lab)
    stranger.application = Application.objects.get()
    stranger.sees_nothing()
    laboratory.fill_in_facts(lab, sites)
    laboratory.upload_tables(lab, sites)
    assert laboratory.upload_materials(lab, tmp_path) > 10
    laboratory.submit(lab)
    finished(stranger)

    # intake, team
    officers.accept(enter("hebei-intake", cast.intake))
    finished(stranger)
    officers.draw(enter("hebei-coordinator", cast.coordinator))
    finished(stranger)
    people = {}
    for offer in Offer.objects.filter(state="sent").select_related("assessor__user", "seat").order_by("pk"):
        role = str(offer.seat.role)
        people[role] = enter(f"assessor-{role}", offer.assessor.user, permissions=["geolocation"])
        team.accept_offer(people[role])
    assert Seat.objects.filter(assessor__isnull=False).count() == len(people) >= 2
    leader, member = people.pop("leader"), people.popitem()[1]
    finished(stranger)

    # file, date
    team.pass_file(leader)
    team.propose_visit(leader, timezone.localdate())
    finished(stranger)
    laboratory.agree_to_visit(lab)
    finished(stranger)

    # the visit
    leader.take_task("visit")
    team.check_in(leader, sites[0], *PLACES[sites[0]])
    member.open(leader.page.url)
    team.check_in(member, sites[1], *PLACES[sites[1]])
    team.answer_checklist(leader)
    team.record(leader)
    laboratory.confirm_record(lab, stranger.application.assessment.uuid)
    team.confirm_rows(leader, 0)
    team.confirm_rows(member, 1)
    team.conclude(leader)
    finished(stranger)

    # rectification, report
    laboratory.rectify(lab, tmp_path)
    finished(stranger)
    team.verify(leader)
    team.hand_in_report(leader)
    finished(stranger)

    # concurrence, decision, issue
    officers.concur(enter("tianjin-decider", cast.other_decider))
    finished(stranger)
    officers.decide(enter("hebei-decider", cast.decider))
    finished(stranger)
    issuer = enter("hebei-issuer", cast.issuer)
    officers.issue(issuer)
    finished(stranger)
    issuer.see("已签章")

    # the certificate
    certificate = laboratory.download_certificate(lab, tmp_path)
    assert signatures_of(certificate) == ["Signature is Valid.", "Signature is Valid."]
    public = enter("public")
    public.open(qr_of(certificate))
    number = Application.objects.get().edition.certificate.number
    assert number in text_of(certificate)
    assert re.fullmatch(r"\d{2}03\d{8}", number)
    public.see("有效", number, "冀清环境检测有限公司", cast.lead.name_zh, cast.other.name_zh, *sites)
    scope_of_both_regions(public, sites)
    finished(stranger)


def finished(stranger: Stranger) -> None:
    """After each stage: the worker does its part, everything agrees, and the stranger still sees nothing."""
    work()
    stranger.application = Application.objects.get()
    stranger.sees_nothing()
    assert [str(finding) for finding in findings()] == []


def scope_of_both_regions(public: Visitor, sites: list[str]) -> None:
    """The public page lists the abilities of each site."""
    for site in sites:
        link = public.page.locator(".cert-grants li li", has_text=site).locator("a")
        assert int(re.sub(r"\D", "", link.inner_text())) > 0
        public.press(link)
        assert public.page.locator("#scope tbody tr").count() > 0
