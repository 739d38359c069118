"""Keys: demonstration keys are made once; a key that cannot be used is an error that says why."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from documents.papers import keys
from documents.papers.keys import KeyMissing


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def own_keys(tmp_path: Path, made_keys: Path, settings: Any) -> Path:
    """A copy of the keys that a test may spoil."""
    settings.KEYS_DIR = Path(shutil.copytree(made_keys, tmp_path / "own"))
    return settings.KEYS_DIR


def load(code: str, **changes: Any) -> keys.SigningKey:
    return keys.load(code, **{"now": timezone.now(), "is_demonstration_allowed": True, **changes})


def refusal(code: str, **changes: Any) -> str:
    with pytest.raises(KeyMissing) as refused:
        load(code, **changes)
    return str(refused.value)


def test_a_demonstration_key_carries_the_authority() -> None:
    key = load("03")
    assert (key.name, key.is_demonstration, len(key.chain)) == ("河北省市场监督管理局", True, 1)


def test_the_command_makes_each_key_once(tmp_path: Path, settings: Any) -> None:
    settings.KEYS_DIR = tmp_path / "new"
    told = io.StringIO()
    call_command("make_demo_keys", "03=河北省市场监督管理局", stdout=told)
    before = {path.name: path.read_bytes() for path in settings.KEYS_DIR.iterdir()}
    call_command("make_demo_keys", "03=另一个名称", stdout=told)
    assert told.getvalue().splitlines() == ["03: demonstration key made", "03: has a key already"]
    assert {path.name: path.read_bytes() for path in settings.KEYS_DIR.iterdir()} == before
    assert sorted(before) == ["03.cert.pem", "03.chain.pem", "03.key.pem", "demo-ca.cert.pem", "demo-ca.key.pem"]


def test_only_the_owner_can_read_keys(made_keys: Path) -> None:
    assert {oct(path.stat().st_mode & 0o777) for path in made_keys.iterdir()} == {"0o600"}


def test_an_absent_key_says_what_to_do(made_keys: Path) -> None:
    assert refusal("98") == (
        f"Authority 98 has no signing key: {made_keys}/98.key.pem is missing. Put its key there, or make a "
        "demonstration key with `manage.py make_demo_keys 98`."
    )


def test_a_key_of_another_authority_is_refused(own_keys: Path) -> None:
    shutil.copy(own_keys / "02.key.pem", own_keys / "03.key.pem")
    assert refusal("03") == "The signing key of authority 03 does not belong to its certificate."


def test_a_broken_key_is_refused(own_keys: Path) -> None:
    (own_keys / "03.key.pem").write_text("not a key")
    assert refusal("03").startswith("The signing key of authority 03 cannot be read: ")


def test_an_expired_certificate_is_refused() -> None:
    later = timezone.now() + dt.timedelta(days=3651)
    assert refusal("03", now=later) == "The signing certificate of authority 03 is not valid today."


def test_production_takes_no_demonstration_key() -> None:
    assert refusal("03", is_demonstration_allowed=False) == (
        "Authority 03 has only a demonstration key, which this installation does not accept."
    )


@pytest.mark.parametrize("code", ["", "../03", "03/..", "a b"])
def test_a_name_cannot_lead_out_of_the_folder(code: str) -> None:
    assert refusal(code) == f"“{code}” cannot be the name of a signing key."


def test_the_command_refuses_such_a_name() -> None:
    with pytest.raises(CommandError, match=r"^“\.\./03” cannot be the name of a signing key\.$"):
        call_command("make_demo_keys", "../03=x")
