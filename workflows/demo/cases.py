"""The cases of the demo: one in every state, each walked there through the services."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from django.db import connections
from django.urls import get_resolver

from qualification.accounts.enums import Role
from qualification.accounts.models import Membership, User
from qualification.applications.services import drafts, endings, intake
from qualification.assessments.services import file_review
from qualification.assessors import services as assessors
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate
from qualification.laboratories.models import Laboratory
from qualification.regions.calendars import calendar_for
from qualification.regions.models import Authority
from workflows.clocks.models import Clock
from workflows.demo.office import Moments, Office, stages_to
from workflows.demo.walk import Cast, Walk, Wish, way_of


def cast_of(laboratory: Laboratory) -> Cast:
    """The people who act in the cases of a laboratory."""
    lead = laboratory.authority
    deciders = {
        a.pk: _holder(Role.DECISION, a) for a in Authority.objects.filter(is_trial=lead.is_trial).order_by("code")
    }
    manager = Membership.objects.select_related("user").get(laboratory=laboratory, role=Role.LAB_MANAGER).user
    return Cast(
        manager, _holder(Role.INTAKE, lead), _holder(Role.COORDINATOR, lead), _holder(Role.ISSUER, lead), deciders
    )


def _holder(role: str, authority: Authority) -> User:
    return Membership.objects.select_related("user").filter(role=role, authority=authority).order_by("pk")[0].user


@dataclass(frozen=True, slots=True)
class Spec:
    """One case: whose, how far, since when, and what happens then, within so many working days."""

    lab: int
    last: str
    days_ago: int
    then: Callable[[Walk, Moments], None] | None = None
    then_days: int = 0
    wish: dict[str, Any] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


def _supplement(walk: Walk, moments: Moments) -> None:
    moments.pass_days(3)
    walk.ask_supplement(
        "设备一览表第3行缺少溯源有效期，请更正后重新上传。", note="公正性声明未见总经理签字和发布日期，请补充。"
    )


def _supplement_in(walk: Walk, moments: Moments) -> None:
    _supplement(walk, moments)
    moments.pass_days(6, "15:20")
    walk.revise_manual()
    walk.hand_in_supplement()


def _not_accepted(walk: Walk, moments: Moments) -> None:
    moments.pass_days(4)
    intake.refuse_acceptance(
        application=walk.application, reasons="申请事项依法不属于本行政机关职权范围。", article="《行政许可法》第三十二条",
        by=walk.cast.intake, now=walk.now(),
    )  # fmt: skip


def _lapse(walk: Walk, moments: Moments) -> None:
    _supplement(walk, moments)
    clock = Clock.objects.get(application=walk.application, code="supplement")
    assert clock.due_at is not None
    moments.leap(clock.due_at + dt.timedelta(minutes=1))
    intake.lapse(request=walk.application.supplement, now=walk.now())


def _withdraw(walk: Walk, moments: Moments) -> None:
    moments.pass_days(2)
    endings.withdraw(
        application=walk.application, reason="场所搬迁，待完成后重新申请。", by=walk.cast.manager, now=walk.now()
    )


def _terminate(walk: Walk, moments: Moments) -> None:
    moments.pass_days(2)
    request = endings.ask_termination(
        application=walk.application,
        reason="机构主要设备损坏，短期内无法完成现场试验。",
        by=walk.cast.coordinator,
        now=walk.now(),
    )
    moments.pass_days(2)
    endings.consent_termination(request=request, answer="同意终止评审。", by=walk.decider, now=walk.now())


def _ask_termination(walk: Walk, moments: Moments) -> None:
    endings.ask_termination(
        application=walk.application, reason="评审组成员突发疾病，机构同意终止。", by=walk.leader, now=walk.now()
    )


def _hold(walk: Walk, moments: Moments) -> None:
    moments.pass_days(2)
    file_review.hold_file(
        assessment=walk.assessment,
        items=["补充内部审核和管理评审记录", "补充方法验证记录"],
        by=walk.leader,
        now=walk.now(),
    )


def _decline_one(walk: Walk, moments: Moments) -> None:
    offer = (
        Offer.objects.filter(application=walk.application, state="sent")
        .select_related("assessor__user", "seat")
        .order_by("pk")[0]
    )
    assessors.decline(offer=offer, reason="同期有其他评审任务。", by=offer.assessor.user, now=walk.now())


def _refuse(walk: Walk, moments: Moments) -> None:
    moments.pass_days(4)
    walk.decide(
        "refuse", "经评审，申请的检验检测能力不符合《检验检测机构资质认定评审准则》的要求。", "《行政许可法》第三十八条"
    )
    moments.pass_days(1)
    walk.release()


MOSTLY = {"answer_checklist": {"mostly": 2}}
BY_COMMITMENT = {"procedure": "commitment"}

# What is over, before the laboratory comes again.
ENDED = (
    Spec(0, "make_papers", 150),
    Spec(1, "make_papers", 145, options=MOSTLY),
    Spec(2, "make_papers", 160, wish={"is_food": True}),
    Spec(3, "make_papers", 140),
    Spec(8, "submit", 130, _lapse, then_days=3),
    Spec(9, "submit", 120, _not_accepted, then_days=4),
    Spec(10, "pass_file", 110, _terminate, then_days=4),
    Spec(11, "submit", 40, _withdraw, then_days=2),
    Spec(13, "concur", 60, _refuse, then_days=5),
)
LATER = (
    Spec(4, "upload_tables", 1),
    Spec(5, "submit", 1),
    Spec(6, "submit", 2, _supplement, then_days=3),
    Spec(7, "submit", 3, _supplement_in, then_days=9),
    Spec(8, "conclude", 5, options=MOSTLY),
    Spec(9, "rectify", 9, options=MOSTLY),
    Spec(10, "verify", 6, options=MOSTLY),
    Spec(11, "accept", 4),
    Spec(12, "draw_team", 1, _decline_one),
    Spec(13, "accept_offers", 6),
    Spec(14, "accept_offers", 9, _hold, then_days=2),
    Spec(15, "propose_visit", 2),
    Spec(16, "agree_visit", 5),
    Spec(17, "confirm_rows", 3, _ask_termination),
    Spec(18, "hand_in_report", 8),
    Spec(19, "concur", 11),
    Spec(20, "decide", 4),
    Spec(21, "release", 12),
    Spec(22, "concur", 3, wish=BY_COMMITMENT),
)
EXTENDED = (
    Spec(0, "agree_visit", 8, wish={"kinds": ["extension"]}),
    Spec(1, "accept_offers", 5, wish={"kinds": ["renewal"]}),
    Spec(2, "make_papers", 20, wish={"kinds": ["extension"], "is_food": True}),
    Spec(3, "accept_offers", 16, wish={"kinds": ["extension"], **BY_COMMITMENT}),
)


# What comes after a certificate or an ending needs it; the longest walks of a stage begin first.
STAGES = (ENDED, EXTENDED[::-1] + LATER[::-1])


def make_cases(
    laboratories: list[Laboratory], labs: Iterable[Any], stages: Iterable[Iterable[Spec]] = STAGES
) -> Iterator[int]:
    """Walk the cases stage by stage, as many side by side as there are processors; how many each stage had."""
    fields = [list(lab.fields) for lab in labs]
    get_resolver().url_patterns  # noqa: B018 - loaded once, before the processes are forked
    connections.close_all()  # a connection does not survive a fork
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("fork")) as pool:
        for specs in stages:
            jobs = [(spec, laboratories[spec.lab].pk, fields[spec.lab]) for spec in specs]
            yield sum(pool.map(_walk_job, jobs))


def _walk_job(job: tuple[Spec, int, list[str]]) -> int:
    spec, laboratory_id, fields = job
    _walk(spec, Laboratory.objects.select_related("authority__profile").get(pk=laboratory_id), fields)
    return 1


def _walk(spec: Spec, laboratory: Laboratory, fields: list[str]) -> None:
    certificate = None
    if spec.wish.get("kinds"):
        certificate = Certificate.objects.filter(laboratory=laboratory, state="valid").order_by("-pk").first()
    wish = Wish(fields=fields, certificate=certificate, **spec.wish)
    moments = Moments(
        Office(calendar_for(laboratory.authority)), stages_to(spec.last, wish, rectifies=spec.options == MOSTLY),
        spec.days_ago, then=spec.then_days, shift=spec.lab * 13 % 50,
    )  # fmt: skip
    walk = Walk(laboratory=laboratory, cast=cast_of(laboratory), wish=wish, moments=moments)
    way = way_of(wish)
    for stage in way[: way.index(spec.last) + 1]:
        moments.reach(stage)
        options = {"on": moments.visit()} if stage == "propose_visit" else spec.options.get(stage, {})
        getattr(walk, stage)(**options)
    if spec.then:
        spec.then(walk, moments)


def file_manager(laboratory: Laboratory) -> None:
    """A change of the technical manager, recorded at once."""
    wish = Wish(kinds=["manager"])
    moments = Moments(Office(calendar_for(laboratory.authority)), stages_to("submit", wish), 6)
    walk = Walk(laboratory=laboratory, cast=cast_of(laboratory), wish=wish, moments=moments)
    walk.application = drafts.create(
        laboratory=laboratory, kinds=["manager"], by=walk.cast.manager, now=moments(), manager_post="technical_manager",
        manager_name="孙立新",
    )  # fmt: skip
    for stage in ("upload_materials", "submit"):
        moments.reach(stage)
        getattr(walk, stage)()
