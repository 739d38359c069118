"""Where a certificate is shown between midnight and the sweep, it is shown as the law has it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.certificates import queries
from qualification.certificates.models import Certificate
from qualification.certificates.renewals import with_renewals
from qualification.regions import limits
from tests.factories.accounts import UserFactory
from tests.qualification.certificates.conftest import Makes

DEEMED, PLAIN, GRANTED, FORCE = "200312050001", "200312050002", "200312050003", "260312050004"


def renews(make: Makes, certificate: Certificate, days_ago: int = 120, **more: Any) -> Application:
    """A renewal handed in so many days ago."""
    values = {"state": "in_review", **more}
    at = timezone.now() - dt.timedelta(days=days_ago)
    return Application.objects.create(
        laboratory=certificate.laboratory, authority=certificate.authority, kinds=["renewal"], certificate=certificate,
        created_by=make.person, reference=f"R{certificate.number}", submitted_at=at, submitted_by=make.person,
        accepted_at=at, accepted_on=timezone.localdate(at), **values,
    )  # fmt: skip


@pytest.fixture
def world(make: Makes) -> Makes:
    """Three validities ended yesterday and nothing has recorded it: undecided, without a renewal, granted in time."""
    yesterday = make.today - dt.timedelta(days=1)
    deemed = make.full(DEEMED, "河北续期检测有限公司", "03", until=yesterday)
    make.full(PLAIN, "河北过期检测有限公司", "03", until=yesterday)
    granted = make.full(GRANTED, "河北准予检测有限公司", "03", until=yesterday)
    make.full(FORCE, "河北在期检测有限公司", "03")
    renews(make, deemed)
    released = timezone.now() - dt.timedelta(days=5)
    renews(make, granted, state="granted", decided_at=released, released_at=released)
    return make


def page(client: Client, name: str, *args: object, **query: str) -> str:
    answer = client.get(reverse(f"certificates:{name}", args=args), query, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()  # type: ignore[arg-type]


def in_status(status: str, day: dt.date) -> set[str]:
    return set(queries.in_status(queries.register(), status, day).values_list("number", flat=True))


def test_the_register_is_narrowed_by_what_the_law_says(world: Makes) -> None:
    assert in_status("valid", world.today) == {DEEMED, FORCE}
    assert in_status("expired", world.today) == {PLAIN, GRANTED}


def test_the_list_and_the_file_agree(client: Client, world: Makes) -> None:
    exported = page(client, "register", export="csv")
    by_number = {line.split(",")[0].strip('="\ufeff'): line for line in exported.splitlines()}
    assert "valid" in by_number[DEEMED] and "expired" in by_number[PLAIN]
    told = {one["number"]: one for one in json.loads(page(client, "data_json"))["certificates"]}
    assert {number: one["status"] for number, one in told.items()} == {
        DEEMED: "valid", PLAIN: "expired", GRANTED: "expired", FORCE: "valid",
    }  # fmt: skip
    assert told[DEEMED]["deemed_renewed"]["on"] == (world.today - dt.timedelta(days=1)).isoformat()
    assert told[PLAIN]["deemed_renewed"] is None and told[FORCE]["deemed_renewed"] is None


def test_the_page_behind_the_code_says_why(client: Client, world: Makes) -> None:
    assert "deemed renewed" in page(client, "public", DEEMED)
    assert "deemed renewed" not in page(client, "public", PLAIN)
    granted = page(client, "public", GRANTED)
    assert "Its renewal was granted on" in granted and "Expired" in granted


def test_staff_read_that_it_is_not_recorded_yet(client: Client, world: Makes) -> None:
    row = Certificate.objects.get(number=DEEMED)
    client.force_login(UserFactory.create(member=(Role.ISSUER, row.authority)))
    text = page(client, "detail", row.uuid)
    assert f"the renewal R{DEEMED} was received in time" in text and "as soon as the worker has come by" in text
    granted = page(client, "detail", Certificate.objects.get(number=GRANTED).uuid)
    assert "issue it without delay" in granted


def test_staff_read_that_the_renewal_has_ended_since(client: Client, world: Makes) -> None:
    row = Certificate.objects.get(number=DEEMED)
    Application.objects.filter(certificate=row).update(state="withdrawn", closed_at=timezone.now())
    client.force_login(UserFactory.create(member=(Role.ISSUER, row.authority)))
    assert "The renewal has ended since" in page(client, "detail", row.uuid)


def test_a_list_asks_the_same_however_many_have_ended(world: Makes, django_assert_num_queries: Any) -> None:
    def shown() -> list[str]:
        rows = with_renewals(Certificate.objects.order_by("number"))
        return [row.state_on(world.today).value for row in rows]

    limits.current()
    with django_assert_num_queries(2):
        assert shown() == ["valid", "expired", "expired", "valid"]
    yesterday = world.today - dt.timedelta(days=1)
    for number in range(3):
        renews(world, world.full(f"20031205010{number}", f"河北续期{number}检测有限公司", "03", until=yesterday))
    with django_assert_num_queries(2):
        assert shown().count("valid") == 5
