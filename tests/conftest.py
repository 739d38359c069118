"""Guards and fixtures of every test."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import translation

from tests import guards

NEEDS = "needs_system"
REASON = "needs the program "
REQUIRED = os.environ.get("TONGZHENG_REQUIRE_SYSTEM") == "1"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is not installed; where programs are required that is an error."""
    for marker in item.iter_markers(NEEDS):
        for program in marker.args:
            if shutil.which(program):
                continue
            if REQUIRED:
                pytest.fail(f"{REASON}{program}", pytrace=False)
            pytest.skip(f"{REASON}{program}")


def _skips(reporter: Any) -> Counter[str]:
    """How many tests were skipped, by reason."""
    reasons = (report.longrepr[2] for report in reporter.stats.get("skipped", []) if report.longrepr)
    return Counter(str(reason).removeprefix("Skipped: ") for reason in reasons)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was not tested here because a program is missing."""
    missing = {why.removeprefix(REASON): n for why, n in _skips(terminalreporter).items() if why.startswith(REASON)}
    by_program = ", ".join(f"{program} {number}" for program, number in sorted(missing.items()))
    terminalreporter.write_line(
        f"Skipped because a program is missing: {sum(missing.values())}{f' ({by_program})' if by_program else ''}"
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where programs are required, a skipped test of any kind fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRED and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Files under a folder of this run; quick passwords; no lock-out; plain static files; strict templates."""
    from django.test import override_settings

    var = tmp_path_factory.mktemp("var")
    changes: dict[str, Any] = {
        "VAR_DIR": var,
        "KEYS_DIR": var / "keys",
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "AXES_ENABLED": False,
        "STORAGES": _storages(var),
        "WHITENOISE_AUTOREFRESH": True,
        "TEMPLATES": _strict_templates(),
    }
    with override_settings(**changes):
        yield


def _storages(var: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, storage in settings.STORAGES.items():
        found[name] = dict(storage)
        options = storage.get("OPTIONS", {})
        if "location" in options:
            found[name]["OPTIONS"] = options | {"location": var / name}
    found["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return found


def _strict_templates() -> list[dict[str, Any]]:
    strict = {"string_if_invalid": guards.UndefinedVariable()}
    return [engine | {"OPTIONS": engine["OPTIONS"] | strict} for engine in settings.TEMPLATES]


@pytest.fixture(autouse=True)
def _guards(monkeypatch: pytest.MonkeyPatch) -> None:
    guards.shuffle_unordered(monkeypatch)
    guards.demand_of(monkeypatch)
    guards.compile_again(monkeypatch)
    guards.loopback_only(monkeypatch)
    # A request leaves its language active on the thread; no test inherits another's.
    translation.deactivate()


@pytest.fixture
def now() -> dt.datetime:
    """An ordinary working moment: Friday 20 November 2026, ten o'clock in Beijing."""
    return dt.datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)


@pytest.fixture
def world(request: pytest.FixtureRequest, db: None) -> Any:
    """Authorities, officers, assessors and a laboratory with sites in two regions; in one where marked `one_region`."""
    from tests.factories.cases import World

    return World(joint=request.node.get_closest_marker("one_region") is None)


@pytest.fixture
def english() -> Iterator[None]:
    """What is called outside of a request speaks English."""
    with translation.override("en"):
        yield
