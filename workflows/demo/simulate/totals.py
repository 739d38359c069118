"""What became of the cases, counted from the rows; equal for the same seed, whatever the number of processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from documents.papers.models import Paper
from qualification.applications.enums import ApplicationState
from qualification.applications.models import (
    Application,
    Concurrence,
    Decision,
    SupplementRequest,
    TerminationRequest,
)
from qualification.assessments.models import Assessment, CommitmentCheck, Rectification, Visit
from qualification.assessors.models import Draw, Offer
from qualification.certificates.models import Edition
from qualification.models import TransitionLog
from workflows.clocks.enums import OPEN_STATES, ClockState
from workflows.clocks.models import Clock, ClockExtension, ClockInterval, Rung
from workflows.clocks.policy import POLICY
from workflows.demo.simulate.cases import Case

Totals = dict[str, Any]
COUNTED = ("kept", "missed", "expired", "open")


def totals(cases: Sequence[Case]) -> Totals:
    """Every total, by group."""
    pks = [case.application for case in cases if case.application]
    mine = {"application__in": pks}
    applications = Application.objects.filter(pk__in=pks)
    clocks = Clock.objects.filter(application__in=pks)
    return {
        "cases": len(cases),
        "applied": len(pks),
        "endings": _by(applications.filter(state__in=ApplicationState.final()), "state"),
        "open": _by(applications.exclude(state__in=ApplicationState.final()), "state"),
        "kinds": dict(sorted(Counter(case.client.kind for case in cases if case.application).items())),
        "stages": _stages(clocks),
        "deemed": _deemed(applications, clocks, pks),
        "offers": _by(Offer.objects.filter(**mine), "state"),
        "draws": Draw.objects.filter(assessment__application__in=pks).count(),
        "supplements": _by(SupplementRequest.objects.filter(**mine), "state"),
        "visits": _by(Visit.objects.filter(**mine), "state"),
        "conclusions": _by(Assessment.objects.filter(**mine).exclude(conclusion=""), "conclusion"),
        "rectifications": _by(Rectification.objects.filter(**mine), "state"),
        "checks": _by(CommitmentCheck.objects.filter(**mine), "state"),
        "concurrences": _by(Concurrence.objects.filter(**mine), "state"),
        "decisions": _by(Decision.objects.filter(**mine, retracted_at=None), "outcome"),
        "decisions_retracted": Decision.objects.filter(**mine).exclude(retracted_at=None).count(),
        "terminations": _by(TerminationRequest.objects.filter(**mine), "state"),
        "extensions": _by(ClockExtension.objects.filter(clock__application__in=pks), "clock__code"),
        "pauses": ClockInterval.objects.filter(clock__application__in=pks).count(),
        "rungs": _by(Rung.objects.filter(clock__application__in=pks), "name"),
        "certificates": _by(Edition.objects.filter(**mine), "state"),
        "transitions": TransitionLog.objects.filter(**mine).count(),
        "acts": sum(case.acts for case in cases),
        "acts_refused": dict(sorted(Counter(text for case in cases for text in case.refused).items())),
    }


def _by(rows: QuerySet[Any], name: str) -> dict[str, int]:
    counted = rows.order_by(name).values_list(name).annotate(n=Count("pk"))
    return {str(value): n for value, n in counted}


def _stages(clocks: QuerySet[Clock]) -> dict[str, dict[str, int]]:
    """Per limit: kept, missed (of those also the ones still open), run out by law, and open in time."""
    is_open, missed = Q(state__in=OPEN_STATES), Q(breached_at__isnull=False)
    counted: Any = clocks.order_by("code").values("code").annotate(
        kept=Count("pk", filter=Q(state=ClockState.STOPPED) & ~missed),
        missed=Count("pk", filter=missed),
        expired=Count("pk", filter=Q(state=ClockState.EXPIRED)),
        open=Count("pk", filter=is_open),
    )  # fmt: skip
    found: dict[str, dict[str, int]] = {row["code"]: {name: row[name] for name in COUNTED} for row in counted}
    return {policy.code: found[policy.code] for policy in POLICY if policy.code in found}


def _deemed(applications: QuerySet[Application], clocks: QuerySet[Clock], pks: Sequence[int]) -> dict[str, int]:
    expired = clocks.filter(state=ClockState.EXPIRED)
    renewed = TransitionLog.objects.filter(verb="deem_renewed", subject_type="certificates.Certificate")
    held = Application.objects.filter(pk__in=pks).order_by().values("certificate_id")
    return {
        "accepted": applications.filter(is_deemed_accepted=True).count(),
        "lapsed": applications.filter(state=ApplicationState.LAPSED).count(),
        "items_failed": expired.filter(code="rectification").count(),
        "offers_expired": expired.filter(code="offer").count(),
        "renewed": renewed.filter(subject_id__in=held).count(),
    }


def papers_waiting(cases: Sequence[Case]) -> int:
    """Papers that a worker has still to make: notices and receipts."""
    uuids = Application.objects.filter(pk__in=[c.application for c in cases if c.application]).order_by()
    return Paper.objects.waiting().filter(owner_id__in=uuids.values(owner=F("uuid"))).count()


def lines(found: Totals) -> list[str]:
    """The totals as they are printed."""
    told = []
    for name, value in found.items():
        if not isinstance(value, dict):
            told.append(f"{name.replace('_', ' '):<22}{value}")
        elif value and isinstance(next(iter(value.values())), dict):
            told += [f"{name}:", *(f"  {code:<32}{_pairs(row)}" for code, row in value.items())]
        else:
            told.append(f"{name.replace('_', ' '):<22}{_pairs(value)}")
    return told


def _pairs(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items()) or "none"
