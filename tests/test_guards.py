"""The guards of conftest notice what they guard against."""

from __future__ import annotations

import random
import socket
import warnings
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.template import engines

from qualification.accounts.models import User
from tests import guards
from tests.factories.accounts import UserFactory

Failed = pytest.fail.Exception


@pytest.mark.django_db
def test_rows_without_an_order_come_shuffled() -> None:
    for _ in range(12):
        UserFactory()
    random.seed(4)
    ordered = list(User.objects.order_by("pk"))
    assert ordered == sorted(ordered, key=lambda user: user.pk)
    assert list(User.objects.order_by()) != ordered
    assert list(User.objects.order_by().values_list("pk", flat=True)) != [user.pk for user in ordered]
    assert list(User.objects.order_by().iterator()) != ordered
    assert set(User.objects.order_by()) == set(ordered)


@pytest.mark.django_db
def test_a_lock_names_its_table() -> None:
    with pytest.raises(Failed, match="select_for_update\\(\\) of User without of="):
        User.objects.select_for_update()
    assert User.objects.select_for_update(of=("self",)).query.select_for_update_of == ("self",)
    assert ContentType.objects.select_for_update().query.select_for_update


def template(text: str, tmp: Path | None = None) -> str:
    return engines["django"].from_string(text).render({"there": "yes", "row": User()})


def test_an_undefined_variable_fails() -> None:
    invalid = guards.UndefinedVariable()
    assert settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"].__class__ is guards.UndefinedVariable
    assert template("{{ there }}{% if missing %}x{% endif %}") == "yes"
    with pytest.raises(Failed, match="shows 'name' of a row that is not there"):
        _ = invalid.name
    assert not invalid


def test_an_undefined_variable_in_a_file_of_ours_is_named() -> None:
    from django.template import Context, Engine, Origin, Template

    engine = Engine(string_if_invalid=guards.UndefinedVariable())  # type: ignore[arg-type]
    ours = Origin(name=str(guards.ROOT / "templates" / "x.html"), template_name="x.html")
    theirs = Origin(name="/elsewhere/site-packages/y.html", template_name="y.html")
    with pytest.raises(Failed, match=r"Undefined template variable missing in templates/x\.html"):
        Template("{{ missing }}", ours, engine=engine).render(Context())
    assert Template("{{ missing }}", theirs, engine=engine).render(Context()) == ""


def test_no_other_machine_is_reached() -> None:
    with socket.socket() as line, pytest.raises(Failed, match=r"tried to reach 192\.0\.2\.1"):
        line.connect(("192.0.2.1", 80))
    with socket.socket() as line, pytest.raises(ConnectionRefusedError):
        line.connect(("127.0.0.1", 1))


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="mind this"):
        warnings.warn("mind this", stacklevel=1)


def test_files_lie_under_a_folder_of_this_run(tmp_path: Path) -> None:
    base = tmp_path.parent
    places = [settings.VAR_DIR, settings.KEYS_DIR, *(s["OPTIONS"]["location"] for s in _local_storages())]
    assert [place for place in places if not Path(place).is_relative_to(base)] == []


def _local_storages() -> list[dict[str, dict[str, Path]]]:
    return [storage for storage in settings.STORAGES.values() if "location" in storage.get("OPTIONS", {})]
