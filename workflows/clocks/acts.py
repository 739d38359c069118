"""Pages on which somebody acts on a clock. Each shows first what the act would do, and does it when that is confirmed."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from qualification.access import signed_in
from qualification.accounts.models import User
from qualification.door import DoorError, may
from qualification.pages.dates import say_date, say_moment
from qualification.regions.models import LimitEntry
from qualification.regions.settings import SETTINGS, UNIT_LABELS
from workflows.clocks import contests, corrections, ledger, queries, services
from workflows.clocks.corrections import Effect, Grounds
from workflows.clocks.forms import AnswerForm, ContestForm, CorrectLimitForm, EndPauseForm, ExtendForm, PauseForm
from workflows.clocks.models import Clock, ClockInterval, Contest

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do: facts by name, a sentence, and the clocks it moves."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    says: str = ""
    effects: list[Effect] = field(default_factory=list)


class NotSo(Exception):
    """The preview itself shows that the act is impossible."""


@dataclass(frozen=True, slots=True)
class Act:
    """One page: its words, its form, what it would do and what it does."""

    title: str
    sub: str
    label: str
    done: str
    form: forms.Form
    preview: Callable[[dict[str, Any]], Preview]
    act: Callable[[dict[str, Any]], object]
    back: str
    tone: str = ""
    is_wide: bool = False
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def written(self) -> list[tuple[str, str]]:
        """The words that were typed, to be read once more before they are kept for good."""
        return [
            (str(self.form.fields[name].label), self.form.cleaned_data[name])
            for name in ("edition", "article", "reason", "text")
            if self.form.is_bound and self.form.is_valid() and self.form.cleaned_data.get(name)
        ]


def show(request: HttpRequest, act: Act) -> HttpResponse:
    """Ask, show what would follow, and act when that was confirmed; what is refused is told in the form."""
    shown: Preview | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if act.form.is_valid():
            try:
                shown = act.preview(act.form.cleaned_data)
                if request.POST.get("confirm") == "yes":
                    act.act(act.form.cleaned_data)
                    messages.success(request, act.done)
                    return redirect(act.back)
                status = 200
            except ValidationError as error:
                shown = None
                _tell(act.form, error)
            except DoorError as error:
                shown = None
                named = getattr(error, "field", "")
                act.form.add_error(named if named in act.form.fields else None, error.message)
    if shown is not None and request.POST.get("change"):
        shown = None
    return render(request, "clocks/act.html", {"act": act, "form": act.form, "preview": shown}, status=status)


def _tell(form: forms.Form, error: ValidationError) -> None:
    """Errors under the field they name, where the form has it."""
    named = getattr(error, "error_dict", {None: [error]})
    for name, errors in named.items():
        for one in errors:
            form.add_error(name if name in form.fields else None, one)


def _clock(request: HttpRequest, uuid: uuids.UUID, verb: str) -> Clock:
    clock = queries.clock_for_page(uuid)
    person = cast(User, request.user)
    if clock is None or not may(person, "see", clock) or (verb and not may(person, verb, clock)):
        raise Http404
    return clock


@signed_in
@form_methods
def extend(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Extend a limit once, with reasons (Licensing Law 42); the laboratory is told."""
    clock = _clock(request, uuid, "extend")
    place = ledger.place_of(clock.authority_id)

    def preview(data: dict[str, Any]) -> Preview:
        services.demand_extendable(clock, data["days"], data["reason"], place, timezone.now())
        counted = services.extended_count(clock, data["days"], place)
        return Preview(
            [(_("Last day now"), say_date(clock.due_on)), (_("Last day then"), say_date(counted.last_day))],
            _("A limit is extended once. The laboratory is told with your reason; this cannot be taken back."),
        )

    return show(request, Act(
        title=_("Extend the limit"), sub=_sub(clock), label=_("Extend the limit"), done=_("The limit is extended."),
        form=ExtendForm(
            request.POST or None, most=services.most_days(clock, place), unit=str(clock.get_unit_display())
        ),
        preview=preview, back=clock.get_absolute_url(),
        act=lambda data: services.extend(clock=clock, **data, by=cast(User, request.user), now=timezone.now()),
    ))  # fmt: skip


def _sub(clock: Clock) -> str:
    who = clock.application.laboratory.name if clock.application else ""
    return " · ".join(filter(None, (str(clock.policy.label), queries.about(clock), who)))


def _told(clock: Clock) -> list[tuple[str, str]]:
    """What the system did at the end of the limit: what is contested, and what an answer is about."""
    article = clock.stop_log.article if clock.stop_log else ""
    told = [(_("Outcome of the law"), contests.outcome_of(clock)), (_("Carried out on"), say_moment(clock.stopped_at)),
            (_("Last day"), say_date(clock.due_on)), (_("Legal ground"), article)]  # fmt: skip
    return [(name, value) for name, value in told if value]


@signed_in
@form_methods
def add_pause(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Enter a pause that was not recorded."""
    clock = _clock(request, uuid, "correct")

    def preview(data: dict[str, Any]) -> Preview:
        span = f"{say_moment(data['paused_at'])} – {say_moment(data['resumed_at'])}"
        last = corrections.last_day_with(clock, data["paused_at"], data["resumed_at"], now=timezone.now())
        return Preview(
            [(_("Pause"), span), (_("Last day now"), say_date(clock.due_on) or _("paused")),
             (_("Last day then"), say_date(last) or _("paused"))],
            _("The row is added to the ledger with your name and the moment. It cannot be taken back."),
        )  # fmt: skip

    def act(data: dict[str, Any]) -> object:
        return corrections.add_pause(
            clock=clock, paused_at=data["paused_at"], resumed_at=data["resumed_at"],
            grounds=Grounds(data["reason"], data["article"]), by=cast(User, request.user), now=timezone.now(),
        )  # fmt: skip

    return show(request, Act(
        title=_("Enter a pause that was not recorded"), sub=_sub(clock), label=_("Enter the pause"),
        done=_("The ledger is corrected."), form=PauseForm(request.POST or None), preview=preview, act=act,
        back=clock.get_absolute_url(),
    ))  # fmt: skip


@signed_in
@form_methods
def end_pause(request: HttpRequest, uuid: uuids.UUID, pk: int) -> HttpResponse:
    """Enter the end of a pause that was not recorded."""
    clock = _clock(request, uuid, "correct")
    interval = get_object_or_404(ClockInterval, pk=pk, clock=clock)

    def preview(data: dict[str, Any]) -> Preview:
        return Preview(
            [(_("Pause"), corrections.say_row(interval)), (_("Ended on"), say_moment(data["resumed_at"]))],
            _("The row is superseded by a new one with your name and the moment; it is kept. It cannot be taken back."),
        )

    def act(data: dict[str, Any]) -> object:
        return corrections.end_pause(
            interval=interval, resumed_at=data["resumed_at"], grounds=Grounds(data["reason"], data["article"]),
            by=cast(User, request.user), now=timezone.now(),
        )  # fmt: skip

    return show(request, Act(
        title=_("Enter the end of a pause"), sub=_sub(clock), label=_("End the pause"),
        done=_("The ledger is corrected."), form=EndPauseForm(request.POST or None), preview=preview, act=act,
        back=clock.get_absolute_url(),
    ))  # fmt: skip


@signed_in
@form_methods
def contest(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """A supervisor contests what the system did at the end of a limit."""
    clock = _clock(request, uuid, "")
    if not contests.is_contestable(clock) or not may(cast(User, request.user), "ask", Contest(clock=clock)):
        raise Http404
    preview = Preview(
        [(_("If it is set aside"), str(clock.policy.remedy))],
        _("The decision makers of the authority are asked to answer; you cannot answer yourself."),
    )
    return show(request, Act(
        title=_("Contest the outcome"), sub=_sub(clock), label=_("Contest the outcome"), done=_("The outcome is contested."),
        form=ContestForm(request.POST or None), preview=lambda data: preview, back=clock.get_absolute_url(),
        told=_told(clock),
        act=lambda data: contests.contest(clock=clock, **data, by=cast(User, request.user), now=timezone.now()),
    ))  # fmt: skip


@signed_in
@form_methods
def answer(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """A contest, and the form for whoever may answer it."""
    found = get_object_or_404(
        Contest.objects.select_related("clock__stop_log", "clock__application__laboratory", "application"), uuid=uuid
    )
    person = cast(User, request.user)
    if not may(person, "see", found.clock):
        raise Http404
    can_answer = found.state == "asked" and may(person, "uphold", found)
    if not can_answer:
        if request.method == "POST":
            raise Http404
        return render(
            request,
            "clocks/contest.html",
            {
                "contest": found,
                "clock": found.clock,
                "sub": _sub(found.clock),
                "outcome": contests.outcome_of(found.clock),
            },
        )

    def preview(data: dict[str, Any]) -> Preview:
        if data["verb"] == "uphold":
            return Preview(says=_("The outcome stands. The people concerned are told with your reasons."))
        if reason := contests.why_not(found.clock):
            raise ValidationError(reason)
        return Preview(
            [(_("What follows"), str(found.clock.policy.remedy))], _("This is done at once and cannot be taken back.")
        )

    def act(data: dict[str, Any]) -> object:
        return contests.answer(
            contest=found, sets_aside=data["verb"] == "set_aside", text=data["text"], by=person, now=timezone.now()
        )

    return show(request, Act(
        title=_("Answer the contest"), sub=_sub(found.clock), label=_("Answer"),
        told=[*_told(found.clock), (_("Contested by"), f"{found.asked_by} · {say_moment(found.asked_at)}"), (_("Reason"), found.reason)],
        done=_("The contest is answered."), form=AnswerForm(request.POST or None), preview=preview, act=act,
        back=found.get_absolute_url(),
    ))  # fmt: skip


@signed_in
@form_methods
def correct_limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a wrong entry of a limit: first the open clocks that would move, then the act."""
    entry = get_object_or_404(LimitEntry.objects.select_related("authority"), pk=pk, is_withdrawal=False)
    person = cast(User, request.user)
    if not may(person, "correct", entry):
        raise Http404
    known = SETTINGS[entry.key]

    def preview(data: dict[str, Any]) -> Preview:
        value = corrections.clean_value(entry, data["value"])
        moving = corrections.effects_of(entry, value)
        return Preview(
            [(_("As entered"), f"{entry.value} {UNIT_LABELS[known.unit]}"), (_("Right"), f"{value} {UNIT_LABELS[known.unit]}"),
             (_("Open time limits that move"), str(len(moving)))],
            _("The people concerned are told. The wrong entry is kept and no longer counts; this cannot be taken back."),
            moving,
        )  # fmt: skip

    return show(request, Act(
        title=_("Correct a wrong entry"), label=_("Correct"), done=_("The entry is corrected."),
        sub=queries.entry_in_words(entry),
        form=CorrectLimitForm(
            request.POST or None, initial={"value": entry.value}, entered=f"{entry.value} {UNIT_LABELS[known.unit]}"
        ), preview=preview,
        act=lambda data: corrections.correct_limit(entry=entry, **data, by=person, now=timezone.now()),
        back=queries.page_of_entry(entry),
    ))  # fmt: skip
