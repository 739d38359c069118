"""Every kind has its words in both languages, and they say what happened, until when, and why."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from qualification.applications.models import SupplementRequest
from qualification.certificates.models import Certificate, Edition
from qualification.models import TransitionLog
from tests.workflows.outbox.conftest import World
from workflows.outbox.enums import OF_CALENDARS, Kind
from workflows.outbox.models import Message
from workflows.outbox.rendering import paragraphs, render


def a_message(world: World, kind: str, label: str = "applications.Application", **log: str) -> Message:
    subject = world.rows[label]
    entry = TransitionLog.objects.create(
        subject_type=label, subject_id=subject.pk, application=world.case, verb="x", source="a", target="b",
        at=world.now, by=world["hebei.intake"], **log,
    )  # fmt: skip
    return Message.objects.create(
        recipient=world["lab.manager"], authority=world.case.authority, kind=kind, application=world.case,
        subject_type=label, subject_id=subject.pk, created_at=world.now, log=entry,
    )  # fmt: skip


# These texts tell of the certificate of a case that has one.
ISSUED = {Kind.CERTIFICATE_ISSUED, Kind.ISSUE_COMPLETED}
# These tell of many cases or files. Those of the calendars tell of no case; they are read where they are sent.
LISTS = {Kind.CLOCK_DIGEST, Kind.FILES_NEED_CARE}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_kind_has_words_in_both_languages(world: World, language: str) -> None:
    for kind in set(Kind) - ISSUED - LISTS - OF_CALENDARS:
        rendered = render(a_message(world, kind), language)
        assert len(rendered.paragraphs) >= 2, kind
        assert "冀20260001" in rendered.paragraphs[0], kind
        assert rendered.headline == f"[冀20260001] {rendered.title}"
        assert "{" not in rendered.text, kind


def test_the_reader_is_told_the_last_day_with_its_time_zone(calendar: None, world: World) -> None:
    world.step("applications.Application", "submit", by=world["lab.manager"])
    message = Message.objects.get(kind="submission_receipt", recipient=world["lab.manager"])
    assert render(message, "en").paragraphs == (
        "Your application 冀20260001 for 冀津检测有限公司 has been received by Hebei Administration for Market Regulation.",
        "The intake officers of Hebei Administration for Market Regulation have the case now.",
        "The last day is Fri 27 Nov 2026, until 24:00 Beijing time (UTC+8).",
        "You need not do anything until you are asked to supplement, or the application is accepted or not.",
    )


def test_a_deadline_of_a_side_row_is_its_own(calendar: None, world: World) -> None:
    world.step("applications.Application", "submit", by=world["lab.manager"])
    world.rows["applications.SupplementRequest"] = SupplementRequest.objects.create(application=world.case)
    world.step("applications.SupplementRequest", "send", by=world["hebei.intake"])
    message = Message.objects.get(kind="supplement_wanted", recipient=world["lab.manager"])
    due = "The last day is Mon 21 Dec 2026, until 24:00 Beijing time (UTC+8)."
    assert render(message, "en").paragraphs[2] == due


def test_the_reason_and_the_article_are_told_where_they_belong(world: World) -> None:
    refused = a_message(world, Kind.NOT_ACCEPTED, reason="材料不实\n无法核实", article="许可法第32条")
    assert render(refused, "en").paragraphs[1:3] == ("Reason: 材料不实\n无法核实", "Article: 许可法第32条")
    accepted = a_message(world, Kind.ACCEPTED, reason="内部意见")
    assert "内部意见" not in render(accepted, "en").text


def test_a_decision_not_released_is_in_no_words(world: World) -> None:
    world.case.decisions.create(
        outcome="refuse", reasons="能力不足", article="第十条", decided_by=world["hebei.decision"], decided_at=world.now
    )
    assert "能力不足" not in render(a_message(world, Kind.REFUSED), "en").text
    world.case.decisions.update(released_at=world.now, released_by=world["hebei.decision"])
    assert render(a_message(world, Kind.REFUSED), "en").paragraphs[1:3] == ("Reason: 能力不足", "Article: 第十条")


def test_the_words_are_those_of_the_reader_of_the_page(world: World) -> None:
    message = a_message(world, Kind.ACCEPTED)
    with translation.override("en"):
        assert render(message).title == "Application accepted"


def test_a_subject_that_is_gone_leaves_a_gap_and_no_error(world: World) -> None:
    message = a_message(world, Kind.OFFER, "assessors.Offer")
    world.rows["assessors.Offer"].delete()
    assert render(message, "en").paragraphs[0].endswith("your seat: .")


def test_a_message_of_a_certificate_outside_a_case_is_named_by_its_number(world: World) -> None:
    world.rows["certificates.Certificate"] = Certificate.objects.create(
        number="260312010001", laboratory=world.case.laboratory, authority=world.case.authority,
        valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2031, 12, 31), numbered_at=world.now,
    )  # fmt: skip
    world.tell("certificates.Certificate", "expire")
    rendered = render(Message.objects.filter(recipient=world["lab.manager"]).get(), "en")
    assert rendered.headline == "[260312010001] Certificate expired"
    assert rendered.path == world.rows["certificates.Certificate"].get_absolute_url()
    assert "Wed 31 Dec 2031" in rendered.text


@pytest.mark.parametrize("kind", sorted(ISSUED))
def test_the_certificate_is_told_with_its_number_and_its_public_page(world: World, kind: str) -> None:
    certificate = Certificate.objects.create(
        number="260312010001", laboratory=world.case.laboratory, authority=world.case.authority,
        valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2031, 12, 31), numbered_at=world.now,
    )  # fmt: skip
    Edition.objects.create(
        certificate=certificate, application=world.case, number=1, issued_on=dt.date(2026, 1, 1),
        requested_by=world["hebei.issuer"], requested_at=world.now,
    )  # fmt: skip
    text = render(a_message(world, kind), "en").text
    assert "260312010001" in text
    assert "valid until Wed 31 Dec 2031" in text
    assert f"{settings.PUBLIC_URL}{certificate.get_absolute_url()}" in text


def test_a_message_leads_to_the_case_unless_its_reader_sees_it_no_more(world: World) -> None:
    case_page = reverse("inbox:case", args=[world.case.uuid])
    assert render(a_message(world, Kind.OFFER, "assessors.Offer"), "en").path == case_page
    assert render(a_message(world, Kind.OFFER_VOID, "assessors.Offer"), "en").url == ""


def test_paragraphs_keep_the_lines_of_a_reason() -> None:
    assert paragraphs("\n a  b \n\n\n  c\n d \n\n") == ("a  b", "c\nd")
    assert paragraphs(" \n ") == ()
    assert re.search(r"\n", paragraphs("a\nb")[0])
