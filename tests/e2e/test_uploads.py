"""Uploading over a poor line: parts, a broken line, a closed browser, a new version; on the disk and on a real S3 store."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from documents.enums import UploadState
from documents.models import StoredFile, Upload, Version
from tests.e2e.browser import Visitor
from tests.e2e.conftest import Enter, give_keys, give_passwords
from tests.e2e.receipts import hashes_of_receipt, hashes_of_zip
from tests.factories.cases import World
from workflows.demo.materials import page as legible

pytestmark = [pytest.mark.needs_system("chromium"), pytest.mark.usefixtures("both_stores", "parts")]
PART = 5 * 1024 * 1024
SLOT = "#slot-quality_manual-all"


@pytest.fixture
def cast(transactional_db: None) -> World:
    world = World()
    give_passwords()
    return world


@pytest.fixture
def parts(settings: Any, both_stores: str) -> None:
    """Parts as small as S3 takes them; the store may be talked to by pages."""
    settings.UPLOAD_PART_BYTES = PART
    if both_stores == "s3":
        address = settings.STORAGES["clean"]["OPTIONS"]["endpoint_url"]
        policy = {name: list(values) for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()}
        policy["connect-src"].append(address)
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}


def a_pdf(path: Path, count: int) -> Path:
    """A PDF of that many parts: what no page shows fills it."""
    content = legible("质量手册", "测试材料")
    cut = content.rindex(b"startxref")
    filling = os.urandom(count * PART - len(content) - 100).replace(b"\n", b"a").replace(b"\r", b"a")
    path.write_bytes(content[:cut] + b"%" + filling + b"\n" + content[cut:])
    return path


def slot_of(lab: Visitor) -> Locator:
    slots = lab.page.locator("#materials .slot-place")
    return slots.filter(has=lab.page.locator("form[data-code=quality_manual]")).first


def stored(path: Path) -> bool:
    return StoredFile.objects.filter(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), bucket="clean").exists()


def test_the_line_breaks_the_browser_is_closed_and_the_file_arrives(
    enter: Enter,
    cast: World,
    tmp_path: Path,
    both_stores: str,
    site: str,
) -> None:
    if both_stores == "s3":
        _allow(site)
    application = cast.walk("draft").application
    file = a_pdf(tmp_path / "质量手册.pdf", 3)
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    _break_after(lab, 1)
    slot = slot_of(lab)
    slot.locator("input[type=file]").set_input_files(file)
    row = slot.locator(".transfer")
    expect(row.locator("[data-pause]")).to_be_visible()
    _wait_for_parts(lab, 1)
    row.locator("[data-pause]").click()
    expect(row.locator("[data-resume]")).to_be_visible()
    expect(row).to_contain_text("已暂停")
    lab.page.close()

    lab.page = lab.context.new_page()
    lab.watch.faults.clear()
    lab.open(f"/applications/{application.uuid}/edit/")
    slot = slot_of(lab)
    expect(slot.locator(".transfer")).to_contain_text("尚未传完")
    lab.look()
    slot.locator("input[type=file]").set_input_files(file)
    expect(slot.locator(".slot-versions a").first).to_be_visible()
    expect(slot.locator(".transfer")).to_have_count(0)
    assert Upload.objects.get().state == UploadState.DONE
    assert stored(file)

    replaced = a_pdf(tmp_path / "质量手册（修订）.pdf", 1)
    slot.locator("input[type=file]").set_input_files(replaced)
    expect(slot.locator(".slot-versions").first).to_contain_text("修订")
    assert sorted(Version.objects.filter(document__code="quality_manual").values_list("number", flat=True)) == [1, 2]
    assert stored(replaced)
    lab.look()


@pytest.mark.needs_system("pdfsig")
def test_from_the_broken_line_to_the_hashes_of_the_signed_receipt(
    enter: Enter,
    cast: World,
    tmp_path: Path,
    both_stores: str,
    site: str,
) -> None:
    """Uploads, breaks the line, resumes, replaces a version, previews, hands in, and compares the ZIP with the receipt."""
    if both_stores == "s3":
        _allow(site)
    case = cast.walk("upload_materials").application
    give_keys(case.authority.code)
    first, second = a_pdf(tmp_path / "质量手册.pdf", 3), a_pdf(tmp_path / "质量手册（修订）.pdf", 1)
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{case.uuid}/edit/")
    asked = _break_after(lab, 1)
    slot = slot_of(lab)
    slot.locator("input[type=file]").set_input_files(first)
    _wait_for_parts(lab, 1)
    while len(asked) < 2:
        lab.page.wait_for_timeout(100)
    slot.locator("[data-pause]").click()
    expect(slot.locator("[data-resume]")).to_be_visible()
    lab.page.unroute_all()  # the line is back
    slot.locator("[data-resume]").click()
    expect(slot.locator(".slot-versions").first).to_contain_text("质量手册.pdf")
    lab.watch.faults.clear()
    assert Upload.objects.get().state == UploadState.DONE
    slot.locator("input[type=file]").set_input_files(second)
    expect(slot.locator(".slot-versions").first).to_contain_text("修订")

    newest = Version.objects.filter(document__owner_id=case.uuid, document__code="quality_manual").latest("number")
    lab.open(f"/files/look/{newest.pk}/")
    picture = lab.page.locator(".look-picture")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(drawn) => drawn.naturalWidth") > 300

    lab.open(f"/applications/{case.uuid}/edit/")
    lab.press("#missing a.btn-primary")
    lab.confirm("submit")
    found = hashes_of_zip(lab, case, tmp_path)
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in (first, second)} <= set(found.values())
    assert hashes_of_receipt(lab, case, tmp_path) == set(found.values())


def test_what_is_refused_is_said_and_a_given_up_upload_leaves_nothing(
    enter: Enter,
    cast: World,
    tmp_path: Path,
    both_stores: str,
    site: str,
) -> None:
    if both_stores == "s3":
        _allow(site)
    application = cast.walk("draft").application
    lab = enter("laboratory", cast.manager)
    lab.open(f"/applications/{application.uuid}/edit/")
    slot = slot_of(lab)
    wrong = tmp_path / "手册.exe"
    wrong.write_bytes(b"MZ" * 100)
    with lab.allowing(422):
        slot.locator("input[type=file]").set_input_files(wrong)
        expect(slot.locator(".alert-danger")).to_contain_text(re.compile("手册.exe"))
    _break_after(lab, 1)
    slot.locator("input[type=file]").set_input_files(a_pdf(tmp_path / "手册.pdf", 3))
    _wait_for_parts(lab, 1)
    slot.locator("[data-give-up]").click()
    expect(slot.locator(".transfer")).to_have_count(0)
    lab.page.wait_for_timeout(200)
    assert Upload.objects.get().state == UploadState.GIVEN_UP
    assert not Version.objects.filter(document__code="quality_manual").exists()
    lab.watch.faults.clear()


def _allow(site: str) -> None:
    """Have the quarantine take what pages of this site send."""
    from django.test import override_settings

    from documents import buckets as store

    with override_settings(PUBLIC_URL=site):
        store.prepare()


def _break_after(lab: Visitor, count: int) -> list[str]:
    """The line lets so many parts through and then none; returns the parts that were tried, as they are."""
    seen: list[str] = []

    def answer(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) > count:
            route.abort("connectionreset")
        else:
            route.continue_()

    lab.page.route(re.compile(r"/parts/\d+/$|partNumber="), answer)
    return seen


def _wait_for_parts(lab: Visitor, count: int) -> None:
    from documents import incoming

    for _ in range(100):
        upload = Upload.objects.first()
        if upload and len(incoming.arrived(upload)) >= count:
            return
        lab.page.wait_for_timeout(100)
    pytest.fail("No part has arrived.")
