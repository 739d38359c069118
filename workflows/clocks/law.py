"""Pages of the limits: the law's in force and to come, a new edition, a region's new limit, an entry withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from qualification.access import roles, signed_in
from qualification.accounts.enums import LIMIT_ROLES, NATIONAL_ROLES, Role
from qualification.accounts.models import User
from qualification.door import may
from qualification.pages.dates import say_date
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions import editions, limits, profile_page, services
from qualification.regions.editions import Difference
from qualification.regions.forms import LimitForm
from qualification.regions.models import Authority, LimitEntry
from qualification.regions.queries import profiles_visible_to
from qualification.regions.settings import LIMITS, SETTINGS, Setting
from workflows.clocks import corrections, queries
from workflows.clocks.acts import Act, Preview, form_methods, show
from workflows.clocks.law_forms import EditionForm, WithdrawForm
from workflows.clocks.models import Clock
from workflows.clocks.policy import POLICY

ENTRY_CELL = "clocks/_law_entry_cell.html"


@roles(*sorted(LIMIT_ROLES), *sorted(NATIONAL_ROLES))
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Every limit of the law as it stands today, and all entries with who entered them and why."""
    person = cast(User, request.user)
    can_enter = may(person, "enter_law", LimitEntry())
    listing = _entries(request, can_enter=can_enter)
    if listing.wants_export:
        return listing.export()
    return render(request, "clocks/law.html", {"rows": _rows(), "listing": listing, "can_enter": can_enter})


def _rows() -> list[dict[str, Any]]:
    today, in_force = timezone.localdate(), limits.current()
    coming: dict[str, list[LimitEntry]] = {}
    for entry in (
        limits.standing_entries().filter(authority=None, effective_on__gt=today).order_by("effective_on", "pk")
    ):
        coming.setdefault(entry.key, []).append(entry)
    return [
        {"known": SETTINGS[key], "limit": (limit := in_force.of(None, key, today)), "coming": coming.get(key, []),
         "value": profile_page.say(SETTINGS[key], limit.value)}
        for key in LIMITS
    ]  # fmt: skip


def _entries(request: HttpRequest, *, can_enter: bool) -> ListPage:
    today, in_force = timezone.localdate(), limits.current()
    counting = {in_force.of(None, key, today).entry_id or 0 for key in LIMITS}
    rows: QuerySet[LimitEntry] = LimitEntry.objects.filter(authority=None, is_withdrawal=False)

    def status(entry: LimitEntry) -> str:
        return profile_page.status_of(entry, counting)

    def act_url(entry: LimitEntry) -> str:
        if not can_enter or getattr(entry, "corrected_by", None) is not None or entry.effective_on <= today:
            return ""
        return reverse("clocks:withdraw_limit", args=[entry.pk])

    listing = ListPage(
        request, rows.select_related("by", "corrected_by__by"),
        columns=(
            Column("from", gettext_lazy("In force from"), value=lambda entry: entry.effective_on, sort=("effective_on",)),
            Column("limit", gettext_lazy("Limited act"), value=lambda entry: str(SETTINGS[entry.key].label), sort=("key",)),
            Column("value", gettext_lazy("Limit"), value=lambda entry: profile_page.say(SETTINGS[entry.key], entry.value), template="clocks/_limit_cell.html"),
            Column("edition", gettext_lazy("Edition"), value=lambda entry: entry.edition, sort=("edition",), template="clocks/_edition_cell.html"),
            Column("source", gettext_lazy("Source"), value=lambda entry: entry.article or str(SETTINGS[entry.key].source)),
            Column("status", gettext_lazy("Status"), value=status),
            Column("reason", gettext_lazy("Reason"), value=_reason),
            Column("entered", gettext_lazy("Entered on"), value=lambda entry: entry.at, sort=("at",)),
            Column("by", gettext_lazy("Entered by"), value=lambda entry: str(entry.by or _("the system"))),
            *((Column("act", gettext_lazy("Correct"), value=lambda entry: "", template=ENTRY_CELL),) if can_enter and request.GET.get("export") is None else ()),
        ),
        filters=(
            Filter("key", gettext_lazy("Limited act"), [(key, SETTINGS[key].label) for key in LIMITS]),
            Filter("edition", gettext_lazy("Edition"), _editions),
        ),
        default_sort="-from", file_name="limits-of-the-law",
    )  # fmt: skip
    for entry in listing.page:
        entry.said = profile_page.say(SETTINGS[entry.key], entry.value)
        entry.withdraw_url = act_url(entry)
        entry.correct_url = _correct_url(entry, can_enter=can_enter)
    return listing


def _correct_url(entry: LimitEntry, *, can_enter: bool) -> str:
    is_standing = can_enter and getattr(entry, "corrected_by", None) is None
    return reverse("clocks:correct_limit", args=[entry.pk]) if is_standing else ""


def _reason(entry: LimitEntry) -> str:
    """Why it was entered, and why it no longer counts."""
    after = getattr(entry, "corrected_by", None)
    return entry.reason if after is None else f"{entry.reason} → {after.reason} ({after.by or _('the system')})"


def _editions() -> list[tuple[str, str]]:
    names = LimitEntry.objects.filter(authority=None).exclude(edition="").order_by("edition")
    return [(name, name) for name in names.values_list("edition", flat=True).distinct()]


@roles(Role.JOINT_MEETING)
@form_methods
def enter(request: HttpRequest) -> HttpResponse:
    """Enter a new edition: first what would change from its day on, then the act."""
    person = cast(User, request.user)
    if not may(person, "enter_law", LimitEntry()):
        raise Http404
    today = timezone.localdate()

    def preview(data: dict[str, Any]) -> Preview:
        found = editions.difference(
            values=data, edition=data["edition"], effective_on=data["effective_on"], now=timezone.now()
        )
        return Preview([(str(one.known.label), _say(one)) for one in found], _says(found, data))

    def act(data: dict[str, Any]) -> object:
        named = {name: data[name] for name in ("edition", "article", "effective_on", "reason")}
        return editions.enter_edition(values=data, **named, by=person, now=timezone.now())

    return show(request, Act(
        title=_("A new edition of the law's limits"), label=_("Enter this edition"), done=_("The edition is entered."),
        sub=_("It counts in all five regions from its day on."),
        form=EditionForm(request.POST or None, today=today, initial={"effective_on": today}), preview=preview, act=act,
        back=reverse("clocks:law"), is_wide=True,
    ))  # fmt: skip


def _say(one: Difference) -> str:
    """One changed limit in words: from what to what, and what the regions' own values then mean."""
    parts = [_("%(before)s, then %(after)s") % {
        "before": profile_page.say(one.known, one.before.value), "after": profile_page.say(one.known, one.after)
    }]  # fmt: skip
    if one.keep:
        parts.append(_("own value, which goes on to count: %s") % _regions(one.keep))
    if one.give_way:
        parts.append(_("promise longer than the law, which gives way: %s") % _regions(one.give_way))
    parts += [
        _("from %(day)s another entry counts: %(value)s") % {"day": say_date(entry.effective_on), "value": entry.value}
        for entry in one.later
    ]
    return " · ".join(parts)


def _regions(pairs: list[tuple[Any, int]]) -> str:
    return str(_(", ")).join(f"{authority.region} {value}" for authority, value in pairs)


def _says(found: list[Difference], data: dict[str, Any]) -> str:
    return _(
        "What starts on %(day)s or later counts with these limits. %(count)s open time limits of these kinds keep the limit"
        " and the edition they were started with. Until that day the entries can be withdrawn, from then on only corrected."
    ) % {"day": say_date(data["effective_on"]), "count": _running({one.known.key for one in found}).count()}


def _running(keys: set[str]) -> QuerySet[Clock]:
    """The open clocks that were started with one of these limits."""
    return Clock.objects.open().filter(code__in=[policy.code for policy in POLICY if policy.limit_key in keys])


@signed_in
@form_methods
def enter_limit(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """Enter a region's limit: first what would change from its day on, then the act."""
    person, known, now = cast(User, request.user), SETTINGS.get(key), timezone.now()
    found = get_object_or_404(profiles_visible_to(person), authority__code=code)
    if known is None or not known.is_limit or not may(person, "enter_limit", found):
        raise Http404
    place, today = found.authority, timezone.localdate(now)
    allowed = profile_page.allowed_limit(known, place, today)

    def preview(data: dict[str, Any]) -> Preview:
        value = limits.preview(authority=place, key=key, now=now, **data)
        return Preview(_changes(known, place, value, data["effective_on"]), _says_own(known, place, data, today))

    return show(request, Act(
        title=_("Enter a new limit"), sub=f"{place.name} · {known.label}", label=_("Enter this limit"),
        done=_("The limit “%(label)s” is entered.") % {"label": known.label},
        form=LimitForm(request.POST or None, known=known, allowed=allowed, initial={"effective_on": today}),
        preview=preview, back=reverse("regions:change", args=[code, key]),
        act=lambda data: services.enter_limit(profile=found, key=key, **data, by=person, now=now),
    ))  # fmt: skip


def _changes(known: Setting, place: Authority, value: int, on: dt.date) -> list[tuple[str, str]]:
    """From what to what a region's limit changes on a day, and what it has entered for later days."""
    before = profile_page.say(known, limits.current().of(place.pk, known.key, on).value)
    parts = [_("%(before)s, then %(after)s") % {"before": before, "after": profile_page.say(known, value)}]
    later = limits.standing_entries().filter(authority=place, key=known.key, effective_on__gt=on)
    parts += [
        _("from %(day)s another entry counts: %(value)s") % {"day": say_date(entry.effective_on), "value": entry.value}
        for entry in later.order_by("effective_on", "pk")
    ]
    return [(str(known.label), " · ".join(parts)), (_("In force from"), say_date(on))]


def _says_own(known: Setting, place: Authority, data: dict[str, Any], today: dt.date) -> str:
    count = _running({known.key}).filter(authority=place).count()
    says = _(
        "What starts in %(region)s from today on counts with this limit at once. %(count)s open time limits of this kind"
        " keep the limit they were started with. The entry cannot be withdrawn, only corrected."
    )
    if data["effective_on"] > today:
        says = _(
            "What starts in %(region)s on %(day)s or later counts with this limit. %(count)s open time limits of this kind"
            " keep the limit they were started with. Until that day the entry can be withdrawn, from then on only corrected."
        )
    return says % {"region": place.region, "day": say_date(data["effective_on"]), "count": count}


@signed_in
@form_methods
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry of the law or of a region back before its day."""
    entry = get_object_or_404(LimitEntry.objects.select_related("authority"), pk=pk, is_withdrawal=False)
    person, known = cast(User, request.user), SETTINGS[entry.key]
    if not may(person, "correct", entry):
        raise Http404
    before = limits.current().without(entry)

    def preview(data: dict[str, Any]) -> Preview:
        then = before.of(entry.authority_id, entry.key, entry.effective_on)
        return Preview(
            [(_("Withdrawn"), profile_page.say(known, entry.value)),
             (_("In force from that day instead"), profile_page.say(known, then.value))],
            _("Nothing has started under this entry. It is kept and marked as withdrawn; another can be entered for the same day."),
        )  # fmt: skip

    return show(request, Act(
        title=_("Withdraw an entry"), label=_("Withdraw"), done=_("The entry is withdrawn."),
        sub=queries.entry_in_words(entry), form=WithdrawForm(request.POST or None), preview=preview,
        act=lambda data: corrections.withdraw_limit(entry=entry, **data, by=person, now=timezone.now()),
        back=queries.page_of_entry(entry),
    ))  # fmt: skip
