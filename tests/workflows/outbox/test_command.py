"""`manage.py outbox`: what has not left is listed and sent again."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tests.workflows.outbox.conftest import World
from workflows.outbox import services
from workflows.outbox.models import Delivery


@pytest.fixture
def failed(world: World) -> Delivery:
    world.tell("applications.Application", "accept", by=world["hebei.intake"])
    services.dispatch(now=world.now)
    delivery = Delivery.objects.get(address="lab.manager@example.cn")
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", next_try_at=None, attempts=12, last_error="550")
    return delivery


def run(*args: object) -> str:
    out = io.StringIO()
    call_command("outbox", *map(str, args), stdout=out, stderr=out)
    return out.getvalue()


def test_it_lists_what_was_given_up(failed: Delivery) -> None:
    assert run("list") == f"{failed.uuid} failed 12 lab.manager@example.cn accepted 冀20260001 550\n"
    assert len(run("list", "--state", "pending").splitlines()) == 2
    assert len(run("list", "--state", "pending", "--limit", "1").splitlines()) == 1


def test_it_sends_again_by_name_or_everything_given_up(failed: Delivery) -> None:
    assert run("replay", failed.uuid) == "1 to be sent again.\n"
    assert "already waiting" in run("replay", failed.uuid) or "等待发送" in run("replay", failed.uuid)
    assert run("replay", "--failed") == "0 to be sent again.\n"


@pytest.mark.parametrize("args", [[], ["00000000-0000-0000-0000-000000000000"]])
def test_it_wants_to_know_which(failed: Delivery, args: list[str]) -> None:
    with pytest.raises(CommandError):
        run("replay", *args)
