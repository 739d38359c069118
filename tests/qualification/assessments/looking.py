"""How the tests of the team's pages look at them: as whom, where, and who may."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.assessments.queries import items_of
from qualification.assessments.services import findings
from qualification.assessors.models import Seat
from tests.factories.cases import QuickWalk, World

STARRED, PLAIN = 1, 5
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


def as_(user: User, language: str = "en") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"assessments:{name}", args=args)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def member_of(walk: QuickWalk) -> User:
    seat = (
        Seat.objects.select_related("assessor__user")
        .filter(assessment=walk.assessment, role="member")
        .order_by("pk")[0]
    )
    assert seat.assessor is not None
    return seat.assessor.user


def outsider(world: World, walk: QuickWalk) -> User:
    seated = Seat.objects.filter(assessment=walk.assessment).values_list("assessor_id", flat=True)
    return next(a.user for a in world.assessors if a.pk not in set(seated))


def lookers(world: World, walk: QuickWalk) -> dict[str, User]:
    return {
        "leader": walk.leader, "member": member_of(walk), "coordinator": world.coordinator, "decider": world.decider,
        "site": world.user(Role.INTAKE, world.other), "nation": world.user(Role.NATIONAL_VIEWER),
        "outsider": outsider(world, walk), "far": world.user(Role.COORDINATOR, world.far), "laboratory": world.manager,
    }  # fmt: skip


READ = {
    "leader": 200, "member": 200, "coordinator": 200, "decider": 200, "site": 200, "nation": 200, "outsider": 404,
    "far": 404, "laboratory": 403,
}  # fmt: skip


def statuses(people: dict[str, User], address: str, data: dict[str, Any] | None = None) -> dict[str, int]:
    return {
        name: (as_(user).post(address, data) if data is not None else as_(user).get(address)).status_code
        for name, user in people.items()
    }


def weak_item(walk: QuickWalk, number: int = PLAIN, answer: str = "mostly") -> None:
    item = items_of(walk.assessment).get(number=number)
    findings.answer_item(
        assessment=walk.assessment, item=item, answer=answer, note="记录不完整", by=walk.leader, now=timezone.now()
    )
