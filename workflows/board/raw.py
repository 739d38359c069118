"""The board's rows counted from the clocks themselves: for combinations of filters, and to prove the tallies right.

Cost grows with the clocks in the scope; an index on who has a clock keeps a person's own few.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import BooleanField, Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat, TruncMonth

from workflows.board.enums import NOBODY, Measure, Outcome
from workflows.board.figures import KINDS, LATER, PAST, SHANGHAI, STAGES, TODAY, TREND, WEEK, Bounds, Row, Scope
from workflows.clocks.enums import ClockState
from workflows.clocks.models import Clock


def rows_of(scope: Scope, bounds: Bounds) -> list[Row]:
    """The same rows as `reading.rows_of`, for any scope."""
    return [*_open_rows(scope, bounds), *trend_of(scope, bounds)]


def narrowed(clocks: QuerySet[Clock], scope: Scope) -> QuerySet[Clock]:
    """The clocks of a scope; never those of a trial."""
    found = clocks.filter(is_trial=False, authority_id__in=scope.authorities)
    if scope.code:
        found = found.filter(code=scope.code)
    if scope.kind is not None:
        found = of_kind(found, scope.kind)
    if scope.person is not None:
        found = found.filter(holder_id=None if scope.person == NOBODY else scope.person)
    return found


def of_kind(clocks: QuerySet[Clock], kind: str) -> QuerySet[Clock]:
    """Clocks of cases of one kind, among others; "" is no case."""
    if not kind:
        return clocks.filter(kinds="")
    listed = Concat(Value(","), F("kinds"), Value(","), output_field=CharField())
    return clocks.alias(listed=listed).filter(listed__contains=f",{kind},")


def _span(bounds: Bounds) -> Case:
    ends = {PAST: bounds.now, TODAY: bounds.tomorrow, WEEK: bounds.next_week}
    ends |= {
        str(monday): dt.datetime.combine(monday + dt.timedelta(weeks=1), dt.time.min, SHANGHAI)
        for monday in bounds.weeks[1:]
    }
    whens = [When(due_at__lte=end, then=Value(name)) for name, end in ends.items()]
    return Case(*whens, default=Value(LATER), output_field=CharField())


def _open_rows(scope: Scope, bounds: Bounds) -> Iterator[Row]:
    risky = Q(state=ClockState.RUNNING, warn_at__lte=bounds.now, due_at__gt=bounds.now)
    at_risk = Case(When(risky, then=Value(True)), default=Value(False), output_field=BooleanField())
    clocks = narrowed(Clock.objects.open(), scope).annotate(span=_span(bounds), at_risk=at_risk)
    groups = clocks.order_by().values("authority_id", "code", "kinds", "state", "is_provisional", "span", "at_risk")
    for group in groups.annotate(n=Count("pk")).order_by("authority_id", "code", "kinds"):
        measures = [(group["state"], group["span"])]
        if group["is_provisional"] and group["state"] == ClockState.RUNNING:
            measures.append((Measure.PROVISIONAL, group["span"]))
        if group["at_risk"]:
            measures.append((Measure.RISK, PAST))
        for measure, span in measures:
            yield from _split(
                scope, group["authority_id"], group["code"], group["kinds"], str(measure), span, group["n"]
            )


def _split(scope: Scope, authority: int, code: str, kinds: str, measure: str, span: str, number: int) -> Iterator[Row]:
    yield Row(STAGES, authority, code, "*", -1, measure, span, number)
    for kind in kinds.split(","):
        if scope.kind in {None, kind}:
            yield Row(KINDS, authority, "*", kind, -1, measure, span, number)


def with_outcome(clocks: QuerySet[Clock]) -> QuerySet[Clock]:
    """Clocks that have ended or were missed, with their outcome."""
    missed = Case(
        When(excused_at=None, then=Value(Outcome.MISSED.value)), default=Value(Outcome.EXCUSED.value),
        output_field=CharField(),
    )  # fmt: skip
    outcome = Case(
        When(breached_at__isnull=False, then=missed),
        When(state=ClockState.STOPPED, then=Value(Outcome.KEPT.value)),
        When(state=ClockState.EXPIRED, then=Value(Outcome.RUN_OUT.value)),
        output_field=CharField(),
    )
    return clocks.annotate(outcome=outcome).filter(outcome__isnull=False)


def trend_of(scope: Scope, bounds: Bounds) -> Iterator[Row]:
    """Outcomes by month: of a missed limit the month of its last day, else that in which it ended."""
    last = Coalesce(F("breached_at") - dt.timedelta(microseconds=1), F("stopped_at"))
    first = dt.datetime.combine(bounds.months[0], dt.time.min, SHANGHAI)
    clocks = with_outcome(narrowed(Clock.objects.all(), scope)).annotate(month=TruncMonth(last, tzinfo=SHANGHAI))
    groups = clocks.filter(month__gte=first).order_by().values("authority_id", "code", "outcome", "month")
    for group in groups.annotate(n=Count("pk")).order_by("month", "authority_id", "code"):
        month = str(group["month"].date())
        yield Row(TREND, group["authority_id"], group["code"], "*", -1, group["outcome"], month, group["n"])
