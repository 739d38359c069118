"""What must hold before the system starts: every step of the policy is a transition, every rung can act."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.apps import apps
from django.core import checks

from qualification.regions.settings import SETTINGS
from workflows.clocks import executors
from workflows.clocks.policy import APPLICATION, CASE_ENDS, CERTIFICATE, POLICY, ClockPolicy, RungName, Step


def check_policy(app_configs: object, **kwargs: Any) -> list[checks.CheckMessage]:
    """Django's system check of the clocks."""
    return problems(POLICY, CASE_ENDS, executors.registered(), has_notifier=executors.has_notifier())


def problems(
    policies: Collection[ClockPolicy], case_ends: Iterable[Step], executor_names: Collection[str], *, has_notifier: bool
) -> list[checks.CheckMessage]:
    """Everything that is wrong with a policy table."""
    found: list[checks.CheckMessage] = [
        _error("E001", f"{step} ends a case, but is no transition.") for step in case_ends if not exists(step)
    ]
    for policy in policies:
        found += _steps(policy) + _settings(policy) + _rungs(policy, executor_names)
    if not has_notifier:
        found.append(_error("E006", "Nobody is told of reminders and escalations: register a notifier."))
    return found


def exists(step: Step) -> bool:
    """Whether a step is a django-fsm transition of its model."""
    label, verb = step
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return hasattr(getattr(model, verb, None), "_django_fsm")


def _error(number: str, message: str) -> checks.Error:
    return checks.Error(message, id=f"clocks.{number}")


def _steps(policy: ClockPolicy) -> list[checks.CheckMessage]:
    missing = [step for step in sorted(policy.steps()) if not exists(step)]
    found: list[checks.CheckMessage] = [
        _error("E001", f"Clock {policy.code}: {label}.{verb} is no transition.") for label, verb in missing
    ]
    for start in policy.starts:
        if policy.subject not in (start.step[0], APPLICATION, CERTIFICATE):
            found.append(_error("E002", f"Clock {policy.code}: {start.step} does not name a {policy.subject}."))
    return found


def _settings(policy: ClockPolicy) -> list[checks.CheckMessage]:
    limits = {policy.limit_key} | ({policy.extendable.limit_key} if policy.extendable else set())
    limits -= {""} if policy.until else set()
    found: list[checks.CheckMessage] = [
        _error("E003", f"Clock {policy.code}: no limit {key!r} with dates of effect.")
        for key in sorted(limits) if key not in SETTINGS or not SETTINGS[key].is_limit
    ]  # fmt: skip
    before = sorted({rung.before for rung in policy.rungs} - {""})
    found += [_error("E003", f"Clock {policy.code}: no setting {key}.") for key in before if key not in SETTINGS]
    if before and not policy.until:
        found.append(_error("E004", f"Clock {policy.code}: only a limit that runs backward has reminders by months."))
    return found


def _rungs(policy: ClockPolicy, executor_names: Collection[str]) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    names = [rung.name for rung in policy.rungs]
    if names.count(RungName.EXPIRE) != 1 or len(names) != len(set(names)):
        found.append(_error("E004", f"Clock {policy.code}: each rung once, and {RungName.EXPIRE} must be there."))
    if any(not 1 <= rung.share <= 100 for rung in policy.rungs):
        found.append(_error("E004", f"Clock {policy.code}: a rung's share is 1 to 100 per cent."))
    if policy.executor and policy.executor not in executor_names:
        found.append(_error("E005", f"Clock {policy.code}: nothing carries out {policy.executor}."))
    if bool(policy.executor) != bool(policy.expires):
        found.append(_error("E005", f"Clock {policy.code}: an executor and the step it takes belong together."))
    if bool(policy.remedy) and not policy.executor:
        found.append(_error("E007", f"Clock {policy.code}: only an outcome of the law can be set aside."))
    return found
