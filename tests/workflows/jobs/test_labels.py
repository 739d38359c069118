from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string, module_has_submodule
from django_tasks.base import Task

from workflows.jobs.labels import LABELS, label_of


def tasks_of_ours() -> set[str]:
    found = set()
    for config in apps.get_app_configs():
        if config.name.split(".")[0] in {"documents", "qualification", "workflows"} and module_has_submodule(
            config.module, "tasks"
        ):
            module = import_string(f"{config.name}.tasks.__dict__")
            found |= {f"{config.name}.tasks.{name}" for name, value in module.items() if isinstance(value, Task)}
    return found


def test_every_sweep_and_job_has_its_words() -> None:
    assert set(LABELS) == {name for name, _ in settings.SWEEPS} | tasks_of_ours()
    assert label_of("unknown.name") == "unknown.name"
