"""What must hold before the system starts: every step is a transition, every kind has its text and is used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import checks
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from workflows.clocks import executors, policy
from workflows.outbox.enums import CLOCK_OF, OF_CALENDARS, OF_FILES, OF_HOURS, OF_TASKS, Kind
from workflows.outbox.notices import KIND_OF, RESPONSIBLE
from workflows.outbox.table import MESSAGES, Step


def check_outbox(app_configs: object, **kwargs: Any) -> list[checks.CheckMessage]:
    """Django's system check of the outbox."""
    used = {spec.kind for specs in MESSAGES.values() for spec in specs} | set(KIND_OF.values())
    used |= OF_HOURS | OF_TASKS | OF_CALENDARS | OF_FILES
    return [*missing_steps(MESSAGES), *kind_faults(Kind, used), *clock_faults()]


def missing_steps(steps: Iterable[Step]) -> list[checks.CheckMessage]:
    """One error for each step that no model has as a transition."""
    return [
        checks.Error(f"The messages wait for {label}.{verb}, which is no transition.", id="outbox.E001")
        for label, verb in steps
        if not _is_transition(label, verb)
    ]


def _is_transition(label: str, verb: str) -> bool:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return hasattr(getattr(model, verb, None), "_django_fsm")


def kind_faults(kinds: Iterable[Kind], used: Iterable[Kind]) -> list[checks.CheckMessage]:
    """Kinds without a text, and kinds nobody ever gets."""
    used = set(used)
    faults: list[checks.CheckMessage] = []
    for kind in kinds:
        if not has_text(kind):
            faults.append(checks.Error(f"templates/outbox/{kind}.txt is missing.", id="outbox.E002"))
        if kind not in used:
            faults.append(checks.Error(f"Nothing ever sends a message of kind {kind}.", id="outbox.E003"))
    return faults


def has_text(kind: str) -> bool:
    """Whether the kind has a template."""
    try:
        get_template(f"outbox/{kind}.txt")
    except TemplateDoesNotExist:
        return False
    return True


def clock_faults() -> list[checks.CheckMessage]:
    """Clocks nobody is told of, kinds that name no clock, and happenings of the clocks that have no kind."""
    codes = set(policy.BY_CODE)
    names = {rung.name for one in policy.POLICY for rung in one.rungs} | {
        executors.MOVED,
        executors.EXTENDED,
        executors.CORRECTED,
    }
    texts = [f"Nobody is told of the clock {code}." for code in sorted(codes - set(RESPONSIBLE))]
    texts += [f"Messages name the clock {code}, which is not in the policy." for code in sorted(_named() - codes)]
    texts += [f"Messages do not know what {name} is on a clock." for name in sorted(names - set(KIND_OF))]
    return [checks.Error(text, id="outbox.E004") for text in texts]


def _named() -> set[str]:
    return set(CLOCK_OF.values()) | set(RESPONSIBLE)
