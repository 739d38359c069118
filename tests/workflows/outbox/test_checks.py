"""The start-up check finds what it is there to find."""

from __future__ import annotations

from django.core.checks import run_checks

from workflows.outbox import checks
from workflows.outbox.enums import Kind


def ids(found: list) -> list[str]:  # type: ignore[type-arg]
    return sorted(message.id for message in found)


def test_all_is_well_now() -> None:
    assert checks.check_outbox(None) == []
    assert checks.check_outbox in _registered()


def _registered() -> set[object]:
    from django.core.checks.registry import registry

    return set(registry.get_checks())


def test_a_step_that_is_no_transition_is_found() -> None:
    steps = [
        ("applications.Application", "submit"), ("applications.Application", "sumbit"),
        ("applications.Application", "case_id"), ("applications.Nothing", "submit"), ("nonsense", "submit"),
    ]  # fmt: skip
    assert ids(checks.missing_steps(steps)) == ["outbox.E001"] * 4


def test_a_kind_nobody_gets_and_a_kind_without_text_are_found() -> None:
    assert ids(checks.kind_faults([Kind.OFFER], [Kind.OFFER])) == []
    assert ids(checks.kind_faults([Kind.OFFER], [])) == ["outbox.E003"]
    assert not checks.has_text("no_such_kind")


def test_the_checks_run_with_all_the_others() -> None:
    assert [message for message in run_checks() if (message.id or "").startswith("outbox.")] == []
