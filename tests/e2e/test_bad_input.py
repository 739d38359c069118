"""Bad input in the browser: each gets a clear answer in the reader's language, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from documents.models import Version
from qualification.accounts.enums import Role
from qualification.applications.models import Application
from tests.e2e.conftest import Enter, give_passwords, sign_in
from tests.factories.cases import World

pytestmark = pytest.mark.needs_system("chromium")
# The head of a Windows program.
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 500


@pytest.fixture
def cast(transactional_db: None) -> World:
    """People who can sign in."""
    world = World()
    give_passwords()
    return world


def test_wrong_password_is_told_and_the_name_is_kept(enter: Enter, cast: World) -> None:
    person = enter("visitor")
    person.open("/accounts/login/")
    person.fill(login=cast.intake.username, password="wrong-password")
    person.press("main form button.btn-primary")
    person.see("密码")
    expect(person.page.locator("main [role=alert], main .field-error").first).to_be_visible()
    assert person.page.locator("[name=login]").input_value() == cast.intake.username
    sign_in(person, cast.intake)
    person.see("我的任务")


def test_a_program_named_pdf_is_refused_and_the_slot_keeps_its_version(
    enter: Enter, cast: World, tmp_path: Path
) -> None:
    application = cast.walk("upload_materials").application
    before = Version.objects.count()
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    slot = lab.page.locator("#slot-application_form-all")
    file = tmp_path / "申请书.pdf"
    file.write_bytes(PROGRAM)
    with lab.allowing(422):
        slot.locator("input[type=file]").set_input_files(file)
        expect(slot.locator(".alert-danger")).to_contain_text("程序")
    expect(slot.locator(".slot-versions li")).to_have_count(1)
    lab.look()
    assert Version.objects.count() == before


def test_what_is_missing_is_listed_and_nothing_can_be_handed_in(enter: Enter, cast: World) -> None:
    application = cast.walk("draft").application
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/submit/")
    expect(lab.page.locator("#missing li").first).to_be_visible()
    assert lab.page.locator("#ask-submit").count() == 0
    lab.press(lab.page.locator("#missing li a").first)
    assert lab.page.url.startswith(f"{lab.base}/applications/{application.uuid}/edit/#")


def test_two_tabs_hand_in_once(enter: Enter, cast: World) -> None:
    """The second tab is told who was first, by 409."""
    application = cast.walk("upload_materials").application
    tabs = [enter("first-tab", cast.manager), enter("second-tab", cast.manager)]
    for tab in tabs:
        tab.open(f"/applications/{application.uuid}/submit/")
    tabs[0].confirm("submit")
    late = tabs[1].page
    late.locator("#ask-submit summary").click()
    tabs[1].press(late.locator("#ask-submit dialog button[type=submit]"), status=409)
    tabs[1].see(cast.manager.name)
    assert Application.objects.get().state == "submitted"


def addresses_of(cast: World, case: Any, assessment: Any) -> list[str]:
    """Pages of tasks, with the key of something else."""
    return [
        f"/applications/{assessment.uuid}/examine/",
        f"/assessments/{case.uuid}/file/",
        f"/assessments/{case.uuid}/visit/",
        f"/concurrences/{case.uuid}/",
        f"/cases/{assessment.uuid}/",
    ]


def test_a_task_of_another_case_is_not_found(enter: Enter, cast: World) -> None:
    walk = cast.walk("accept_offers")
    for role, address in zip(
        (cast.intake, walk.leader, walk.leader, cast.other_decider, cast.intake),
        addresses_of(cast, walk.application, walk.assessment),
        strict=True,
    ):
        person = enter(address.split("/")[1], role)
        person.open(address, status=404)
        person.see("没有")


def test_another_regions_assessor_and_laboratory_find_nothing(enter: Enter, cast: World) -> None:
    application = cast.walk("accept_offers").application
    stranger = cast.user(Role.LAB_MANAGER)
    give_passwords()
    person = enter("other-laboratory", stranger)
    person.open(f"/cases/{application.uuid}/", status=404)
    person.open(f"/applications/{application.uuid}/withdraw/", status=404)


def test_the_language_switch_keeps_the_page(enter: Enter, cast: World) -> None:
    person = enter("intake", cast.intake)
    person.open("/cases/?q=x&size=50")
    person.press("form.language button")
    assert person.page.url == f"{person.base}/cases/?q=x&size=50"
    assert person.page.locator("html").get_attribute("lang") == "en"
    expect(person.page.locator("h1")).to_have_text("Cases")
    person.press("form.language button")
    assert person.page.locator("html").get_attribute("lang") == "zh-Hans-CN"
