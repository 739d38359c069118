"""Searching in the files of a case, from the hit to its page; and taking files over into the next application."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from documents.models import Version
from documents.texts import services
from documents.upload import add_version
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from tests.documents import files
from tests.documents.texts import samples
from tests.e2e.conftest import Enter, give_passwords
from tests.factories.cases import World

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.usefixtures("buckets")]


@pytest.fixture
def cast(transactional_db: None) -> World:
    world = World()
    give_passwords()
    return world


def hand_in(cast: World) -> Application:
    """A case with a manual that has text."""
    case = cast.walk("submit").application
    content = samples.pdf("封面", "水分按 GB/T5009.3—2016 测定,仪器编号 A-17")
    version = add_version(
        owner_kind=OWNER_KIND, owner_id=case.uuid, code="quality_manual", upload=files.upload("质量手册.pdf", content),
        by=None, now=timezone.now(),
    )  # fmt: skip
    services.read(file_id=version.file_id, now=timezone.now())
    return case


def test_a_hit_leads_to_its_page_and_old_files_fill_the_next_draft(enter: Enter, cast: World) -> None:
    case = hand_in(cast)
    officer = enter("intake", cast.intake)
    officer.open(f"/applications/{case.uuid}/files/")
    officer.page.fill("#text-q", "gb/t 5009.3-2016")
    officer.page.press("#text-q", "Enter")
    expect(officer.page.locator("mark")).to_have_text("GB/T5009.3—2016")
    officer.look()
    officer.page.locator(".text-hits a").click()
    expect(officer.page).to_have_url(re.compile(r"/look/.*page=2"))

    draft = Application.objects.create(
        laboratory=case.laboratory, authority=cast.lead, kinds=["renewal"], created_by=cast.manager
    )
    draft.sites.set(cast.sites)
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{draft.uuid}/edit/")
    slot = lab.page.locator("#slot-legal_status-all")
    slot.locator(".slot-earlier summary").click()
    lab.look()
    slot.locator(".slot-earlier button").click()
    expect(lab.page.locator("#slot-legal_status-all .slot-versions")).to_contain_text("材料.pdf")
    lab.open(f"/applications/{draft.uuid}/earlier-files/")
    lab.look()
    lab.page.locator("form .form-buttons button").click()
    expect(lab.page.locator("#slot-premises-all .slot-versions")).to_contain_text("材料.pdf")
    taken = Version.objects.filter(document__owner_id=draft.uuid)
    assert {version.reused_from is not None for version in taken} == {True}
    assert taken.filter(document__code="legal_status").count() == 1
