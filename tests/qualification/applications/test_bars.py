"""Bars to applying and what closes the commitment procedure, to the day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from qualification.applications import bars
from qualification.applications.enums import Kind
from qualification.applications.forms import KindsForm
from qualification.applications.models import Application
from qualification.applications.queries import missing_items
from qualification.applications.services import drafts, endings, intake
from qualification.assessments.models import CommitmentCheck
from qualification.certificates.models import Certificate
from qualification.scope.models import CapabilityRow
from tests.factories.cases import QuickWalk, World
from workflows.demo.walk import Wish

pytestmark = [pytest.mark.django_db, pytest.mark.one_region, pytest.mark.usefixtures("english")]
D = dt.date


def moment(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(10)))


def closed_on(application: Application, day: dt.date, **values: object) -> None:
    Application.objects.filter(pk=application.pk).update(closed_at=moment(day), **values)


def committed(world: World, last: str, **wish: object) -> QuickWalk:
    return world.walk(last, wish=Wish(procedure="commitment", **wish))


def certificate(world: World, state: str, day: dt.date) -> Certificate:
    return Certificate.objects.create(
        number="260312050001", laboratory=world.laboratory, authority=world.lead, state=state, valid_from=D(2025, 1, 1),
        valid_until=D(2031, 1, 1), numbered_at=moment(D(2025, 1, 1)), activated_at=moment(D(2025, 1, 1)),
        ended_at=moment(day) if state != "valid" else None,
    )  # fmt: skip


def texts(application: Application, day: dt.date | None = None) -> list[str]:
    return [m.text for m in missing_items(application, now=moment(day) if day else None) if m.section == "kinds"]


def test_false_material_bars_for_a_year_to_the_day(world: World) -> None:
    walk = world.walk("submit")
    intake.refuse_acceptance(
        application=walk.application, reasons="提交虚假材料。", article="行政许可法第七十八条", is_false_material=True,
        by=world.intake, now=timezone.now(),
    )  # fmt: skip
    assert walk.application.has_false_material
    closed_on(walk.application, D(2026, 3, 2))
    last, first = D(2027, 3, 2), D(2027, 3, 3)
    bar = bars.bar_of(world.laboratory, last)
    assert bar is not None and bar.until == last and walk.application.reference in bar.text
    assert bars.bar_of(world.laboratory, first) is None
    again = world.walk("upload_materials").application
    assert texts(again, last) == [bar.text]
    assert texts(again, first) == []


def test_a_plain_refusal_bars_nobody(world: World) -> None:
    walk = world.walk("submit")
    intake.refuse_acceptance(
        application=walk.application, reasons="不属于职权范围。", article="行政许可法第三十二条", by=world.intake, now=timezone.now()
    )  # fmt: skip
    assert bars.bar_of(world.laboratory, timezone.localdate()) is None


def test_a_decision_that_was_taken_back_leaves_no_mark(world: World) -> None:
    from qualification.applications.services import decisions

    walk = committed(world, "accept")
    decisions.decide(
        application=walk.application, outcome="refuse", reasons="虚假材料。", article="行政许可法第七十八条",
        is_false_material=True, by=world.decider, now=timezone.now(),
    )  # fmt: skip
    assert walk.application.has_false_material
    decisions.retract(application=walk.application, reason="需补充核实。", by=world.decider, now=timezone.now())
    assert not walk.application.has_false_material


def test_a_revoked_certificate_bars_for_three_years_and_a_recalled_one_does_not(world: World) -> None:
    made = certificate(world, "revoked", D(2026, 2, 28))
    bar = bars.bar_of(world.laboratory, D(2029, 2, 28))
    assert bar is not None and bar.until == D(2029, 2, 28)
    assert bars.bar_of(world.laboratory, D(2029, 3, 1)) is None
    Certificate.objects.filter(pk=made.pk).update(state="recalled")
    assert bars.bar_of(world.laboratory, D(2026, 3, 1)) is None


def test_filings_are_not_barred_and_the_page_of_the_kinds_says_why_the_others_are(world: World) -> None:
    certificate(world, "revoked", timezone.localdate())
    form = KindsForm(laboratory=world.laboratory, today=timezone.localdate())
    why = {choice.value: choice.why_not for choice in form.choices}
    assert "revoked for fraud" in why[Kind.FIRST]
    assert why[Kind.MANAGER] == ""


def test_who_is_barred_cannot_hand_in(world: World) -> None:
    draft = world.walk("upload_materials").application
    certificate(world, "revoked", timezone.localdate())
    with pytest.raises(drafts.NotReady, match="revoked for fraud"):
        drafts.submit(application=draft, by=world.manager, now=timezone.now())


def test_withdrawn_by_oneself_the_matter_goes_by_the_general_procedure(world: World) -> None:
    first = committed(world, "submit")
    endings.withdraw(application=first.application, reason="改按一般程序。", by=world.manager, now=timezone.now())
    again = committed(world, "upload_materials")
    assert [text for text in texts(again.application) if "was withdrawn" in text]
    held = certificate(world, "valid", D(2026, 1, 1))
    assert bars.commitment_closed(world.laboratory, ["extension"], held) == ""
    assert "was withdrawn" in bars.commitment_closed(world.laboratory, ["first"], None)
    form = KindsForm({"kinds": ["first"], "procedure": "general"}, laboratory=world.laboratory, today=D(2026, 1, 1))
    assert "procedure" not in form.errors


def test_a_false_commitment_closes_the_procedure_for_good(world: World) -> None:
    walk = committed(world, "release")
    CommitmentCheck.objects.filter(application=walk.application).update(
        state="done", conclusion="false", done_at=timezone.now(), findings="设备不存在。"
    )
    held = certificate(world, "valid", D(2026, 1, 1))
    assert "seriously untrue" in bars.commitment_closed(world.laboratory, ["extension"], held)
    form = KindsForm(
        {"kinds": ["extension"], "procedure": "commitment"}, laboratory=world.laboratory, today=D(2026, 6, 1)
    )
    assert not form.is_valid() and set(form.errors) == {"procedure"}
    assert form.chosen_procedure == "general"


@pytest.mark.parametrize("kinds", [["standard"], ["address"], ["extension", "signatory"]])
def test_other_kinds_do_not_go_by_commitment(world: World, kinds: list[str]) -> None:
    assert "is not for" in bars.commitment_closed(world.laboratory, kinds, None)


def test_medical_devices_and_special_food_do_not_go_by_commitment(world: World) -> None:
    application = committed(world, "upload_materials").application
    assert texts(application) == []
    row = CapabilityRow.objects.filter(table__application=application, level="parameter").earliest("pk")
    row.name = "保健食品 总皂苷"
    row.save(update_fields=["name"])
    (said,) = texts(application)
    assert "保健食品" in said and "general procedure" in said
    Application.objects.filter(pk=application.pk).update(procedure="general")
    application.refresh_from_db()
    assert texts(application) == []
    Application.objects.filter(pk=application.pk).update(procedure="commitment", field_codes=["15"])
    row.delete()
    application.refresh_from_db()
    assert len(texts(application)) == 1


def test_the_procedure_is_chosen_where_the_application_is_begun(world: World, client: object) -> None:
    client.force_login(world.manager)  # type: ignore[attr-defined]
    page = client.get(reverse("applications:start"), {"kinds": "first", "procedure": "commitment"})  # type: ignore[attr-defined]
    assert 'value="commitment" id="procedure-commitment" checked' in page.content.decode()
    client.post(reverse("applications:start"), {"kinds": ["first"], "procedure": "commitment"})  # type: ignore[attr-defined]
    made = Application.objects.get()
    assert made.procedure == "commitment"
    assert "commitment_letter" in {slot.material.code for slot in _slots(made)}


def _slots(application: Application) -> list[object]:
    from qualification.applications.queries import wanted_slots

    return wanted_slots(application)  # type: ignore[return-value]
