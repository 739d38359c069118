"""What is done to capability tables: import, editing while a draft, the team's verdicts, approval.

Whether the person may change a table is asked again here, once the case is locked: what was true when the page was
opened may no longer be. These functions also guard what is true of a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from documents import storage
from qualification import door
from qualification.scope import access, importing, queries
from qualification.scope.enums import RECOMMENDED, ImportState, Level, Means, Verdict
from qualification.scope.findings import ERROR, WARNING, Problem, ReadResult, SheetRefused
from qualification.scope.models import CapabilityRow, CapabilityTable
from qualification.scope.standards import PUBLIC_KINDS, Reading, read_cell

if TYPE_CHECKING:
    from documents.models import Version
    from qualification.accounts.models import User
    from qualification.applications.models import Application
    from qualification.laboratories.models import Site

EDITABLE = ("number", "name", "category_no", "category", "standard_text", "restriction", "note")
BATCH = 2_000


# -- import


def import_table(
    *, application: Application, site: Site, is_food: bool, version: Version, by: User | None, now: dt.datetime
) -> CapabilityTable:
    """Read the file of a version into the table of a site, food or not, replacing the rows there.

    A file that cannot be read as a whole leaves rows that were there before as they are, and says so in the
    table's findings; with nothing there before, the table is `failed`. Never raises for what is in the file.
    """
    if not application.sites.filter(pk=site.pk).exists():
        raise ValidationError(_("The site “%(site)s” does not belong to this application.") % {"site": site})
    try:
        result = _read(version)
    except SheetRefused as refused:
        with transaction.atomic():
            table = _locked_table(application=application, site=site, is_food=is_food, by=by, now=now)
            return _keep(table, refused.problem.as_json(), version, by=by, now=now)
    with transaction.atomic():
        table = _locked_table(application=application, site=site, is_food=is_food, by=by, now=now)
        _stamp(table, version, ImportState.READY, result.problems, by=by, now=now)
        table.rows.all().delete()
        CapabilityRow.objects.bulk_create(_rows(table, result), batch_size=BATCH)
    return table


def _read(version: Version) -> ReadResult:
    file = version.file
    if file.scan_state in ("refused", "failed") or file.received_at is None:
        raise SheetRefused("file_refused")
    try:
        with storage.store(file.bucket).on_disk(file.key) as path:
            return importing.read_file(path)
    except FileNotFoundError as error:
        raise SheetRefused("file_missing") from error


def _keep(
    table: CapabilityTable, problem: dict[str, Any], version: Version, *, by: User | None, now: dt.datetime
) -> CapabilityTable:
    if table.import_state == ImportState.READY:
        table.problems = [problem | {"field": "upload"}, *_without_refusal(table.problems)]
        table.save(update_fields=["problems"])
    else:
        _stamp(table, version, ImportState.FAILED, [problem], by=by, now=now)
    return table


def _without_refusal(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p for p in problems if p.get("field") != "upload"]


def _locked_table(
    *, application: Application, site: Site, is_food: bool, by: User | None, now: dt.datetime
) -> CapabilityTable:
    fresh = door.lock(application)
    _demand_right(CapabilityTable(application=fresh, site=site, is_food=is_food), by)  # type: ignore[misc]
    table, _created = CapabilityTable.objects.get_or_create(
        application=application, site=site, is_food=is_food, defaults={"uploaded_by": by, "uploaded_at": now}
    )
    return table


def _demand_right(table: CapabilityTable, by: User | None) -> None:
    """Raises Stale when the case has moved on since the person opened the page. None is the system."""
    if by is not None and not access.may(by, table, "edit"):
        raise door.Stale(door.stale_message(table.application, by))


def _lock(table: CapabilityTable, by: User | None) -> None:
    """Lock the table's case and ask the right again."""
    fresh: Any = door.lock(table)
    fresh.application = fresh.application_cache
    _demand_right(fresh, by)


def _stamp(
    table: CapabilityTable, version: Version, state: str, problems: list[dict[str, Any]],
    *, by: User | None, now: dt.datetime,
) -> None:  # fmt: skip
    table.source, table.import_state, table.problems = version, state, problems
    table.uploaded_by, table.uploaded_at = by, now
    table.save(update_fields=["source", "import_state", "problems", "uploaded_by", "uploaded_at"])


def _rows(table: CapabilityTable, result: ReadResult) -> Iterable[CapabilityRow]:
    for position, row in enumerate(result.rows, start=1):
        yield CapabilityRow(
            table=table, position=position, level=row.level, number=row.number, category_no=row.category_no,
            category=row.category, name=row.name, standard_text=row.standard_text, standards=row.standards,
            restriction=row.restriction, note=row.note, problems=row.problems,
        )  # fmt: skip


def start_table(
    *, application: Application, site: Site, is_food: bool, by: User | None, now: dt.datetime
) -> CapabilityTable:
    """An empty table to be filled in by hand; the one that is there, if there is one."""
    with transaction.atomic():
        table = _locked_table(application=application, site=site, is_food=is_food, by=by, now=now)
        if table.import_state != ImportState.READY:
            table.import_state, table.problems = ImportState.READY, []
            table.save(update_fields=["import_state", "problems"])
    return table


def delete_table(*, table: CapabilityTable, by: User | None, now: dt.datetime) -> None:
    """Remove a table from a draft; the uploaded file stays among the application's files."""
    with transaction.atomic():
        _lock(table, by)
        if table.rows.exclude(verdict="").exists():
            raise ValidationError(_("The team has already confirmed rows of this table; it cannot be removed."))
        table.delete()


# -- editing while a draft


def edit_row(*, row: CapabilityRow, by: User | None, now: dt.datetime, **changes: str) -> CapabilityRow:
    """Change the words of a row; its standards are read again and its findings worked out anew.

    The number and name of a category are carried into its parameters. Raises ValidationError by field.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {sorted(unknown)}")
    with transaction.atomic():
        _lock(row.table, by)
        _refuse_if_judged(row)
        before = row.category_no, row.category
        for name, value in changes.items():
            setattr(row, name, value.strip())
        _settle(row, set(changes))
        row.full_clean(exclude=["table", "standards", "problems"], validate_unique=False, validate_constraints=False)
        row.save()
        if row.level == Level.CATEGORY:
            _carry_into_parameters(row, before)
    return row


def _refuse_if_judged(row: CapabilityRow) -> None:
    fresh = CapabilityRow.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    if fresh.verdict:
        raise ValidationError(_("The team has already given its verdict on this row; it can no longer be changed."))


def _settle(row: CapabilityRow, changed: set[str]) -> None:
    if row.level == Level.CATEGORY:
        row.category_no, row.category = row.number, row.name
    row.problems = [p for p in row.problems if p["field"] not in _touched(changed)]
    if row.level == Level.PARAMETER and {"standard_text", "note"} & changed:
        _settle_standards(row)


def _touched(changed: set[str]) -> set[str]:
    names = {"standard_text": ("standard", "note"), "category_no": ("number", "category")}
    return {field for name in changed for field in names.get(name, (name,))}


def _settle_standards(row: CapabilityRow) -> None:
    # The whole text at once: a number may be broken over two lines.
    found = read_cell(row.standard_text) if row.standard_text else Reading((), ())
    row.standards = [standard.as_json() for standard in found.standards]
    row.problems = [p for p in row.problems if p["field"] not in ("standard", "note")]
    for code, words in found.doubts:
        severity = ERROR if code == "no_year" else WARNING
        row.problems.append(Problem(code, field="standard", read=words, severity=severity).as_json())
    if not row.standards:
        row.problems.append(Problem("no_standard", field="standard", read=row.name).as_json())
    other = next((s for s in row.standards if s["kind"] not in PUBLIC_KINDS), None)
    if other and not row.note:
        row.problems.append(Problem("note_needed", field="note", read=other["raw"], severity=WARNING).as_json())


def _carry_into_parameters(row: CapabilityRow, before: tuple[str, str]) -> None:
    following = row.table.rows.filter(position__gt=row.position)
    end = following.exclude(level=Level.PARAMETER).order_by("position").values_list("position", flat=True).first()
    under = following.filter(level=Level.PARAMETER, category_no=before[0], category=before[1])
    if end is not None:
        under = under.filter(position__lt=end)
    under.update(category_no=row.category_no, category=row.category)


def add_row(
    *, table: CapabilityTable, level: str, after: CapabilityRow | None, by: User | None, now: dt.datetime, **values: str
) -> CapabilityRow:
    """Put a new row after another one, or at the end; a parameter takes the category of the row above it."""
    with transaction.atomic():
        _lock(table, by)
        if after is None:
            after = table.rows.order_by("-position").first()
        position = after.position + 1 if after else 1
        table.rows.filter(position__gte=position).update(position=F("position") + 1)
        row = CapabilityRow(table=table, level=level, position=position)
        if level == Level.PARAMETER and after is not None and after.level != Level.MAIN:
            row.category_no, row.category = after.category_no, after.category
        for name in EDITABLE:
            setattr(row, name, values.get(name, getattr(row, name)).strip())
        _settle(row, {"standard_text", "number", "name"})
        row.full_clean(exclude=["table", "standards", "problems"], validate_unique=False, validate_constraints=False)
        row.save(force_insert=True)
    return row


def delete_row(*, row: CapabilityRow, by: User | None, now: dt.datetime) -> None:
    """Take a row out of a draft; a category goes only when no parameter is left under it."""
    with transaction.atomic():
        _lock(row.table, by)
        _refuse_if_judged(row)
        if row.level != Level.PARAMETER and _next_level(row) not in (None, Level.MAIN, row.level):
            raise ValidationError(_("There are rows under “%(row)s”; delete them first.") % {"row": row})
        row.delete()


def _next_level(row: CapabilityRow) -> str | None:
    following = row.table.rows.filter(position__gt=row.position).order_by("position")
    return following.values_list("level", flat=True).first()


# -- the team's verdict


def confirm_row(
    *, row: CapabilityRow, verdict: str, means: str, restriction: str, note: str, by: User | None, now: dt.datetime
) -> CapabilityRow:
    """Give, change or (with an empty verdict) take back the team's word on one ability.

    The team may restrict or drop, never add: what the laboratory restricted itself stays restricted.
    Raises ValidationError by field.
    """
    restriction, note = restriction.strip(), note.strip()
    _check_verdict(verdict, means, restriction, note)
    _check_row(row)
    if verdict == Verdict.RESTRICTED and restriction == row.restriction:
        raise ValidationError(
            {"restriction": _("This is what was applied for. Add what the team restricts, or confirm.")}
        )
    row.verdict, row.confirmed_by_means, row.verdict_note = verdict, means if verdict in RECOMMENDED else "", note
    row.recommended_restriction = _recommended_restriction(row.restriction, verdict, restriction)
    row.verdict_by, row.verdict_at = (by, now) if verdict else (None, None)
    row.save(update_fields=VERDICT_FIELDS)
    return row


VERDICT_FIELDS = (
    "verdict", "confirmed_by_means", "recommended_restriction", "verdict_note", "verdict_by", "verdict_at",
)  # fmt: skip


def _check_verdict(verdict: str, means: str, restriction: str, note: str) -> None:
    errors = {}
    if verdict and verdict not in Verdict.values:
        errors["verdict"] = _("Choose to confirm, to restrict or to drop.")
    if verdict in RECOMMENDED and means not in dict(Means.of_team()):
        errors["means"] = _("Say how the ability was confirmed.")
    if verdict == Verdict.RESTRICTED and not restriction:
        errors["restriction"] = _("Say what the ability is restricted to.")
    if verdict == Verdict.DROPPED and not note:
        errors["note"] = _("Say why the ability is dropped.")
    if errors:
        raise ValidationError(errors)


def _check_row(row: CapabilityRow) -> None:
    if row.level != Level.PARAMETER:
        raise ValidationError(_("Only a parameter is confirmed, restricted or dropped."))
    if row.is_approved is not None:
        raise ValidationError(_("The decision on this row has been released; it can no longer be changed."))


def _recommended_restriction(applied: str, verdict: str, restriction: str) -> str:
    if verdict == Verdict.CONFIRMED:
        return applied
    if verdict != Verdict.RESTRICTED:
        return ""
    return restriction if applied in restriction else f"{applied}\n{restriction}"


def confirm_many(
    *,
    rows: QuerySet[CapabilityRow],
    verdict: str,
    means: str,
    restriction: str,
    note: str,
    by: User | None,
    now: dt.datetime,
) -> int:
    """The same verdict on several abilities, in one statement; returns how many. Other rows are left alone."""
    restriction, note = restriction.strip(), note.strip()
    _check_verdict(verdict, means, restriction, note)
    wanted = queries.parameters(rows.order_by()).filter(is_approved__isnull=True)
    return wanted.update(
        verdict=verdict, confirmed_by_means=means if verdict in RECOMMENDED else "", verdict_note=note,
        recommended_restriction=_restriction_expression(verdict, restriction),
        verdict_by=by if verdict else None, verdict_at=now if verdict else None,
    )  # fmt: skip


def _restriction_expression(verdict: str, restriction: str) -> Any:
    if verdict == Verdict.CONFIRMED:
        return F("restriction")
    if verdict != Verdict.RESTRICTED:
        return Value("")
    both = Concat(F("restriction"), Value(f"\n{restriction}"), output_field=TextField())
    return Case(When(restriction="", then=Value(restriction)), default=both, output_field=TextField())


# -- approval


def recommend_as_declared(application: Application, *, now: dt.datetime) -> int:
    """Without a technical review every ability stands as the laboratory has committed itself to it. Returns how many."""
    rows = CapabilityRow.objects.filter(table__application=application, level=Level.PARAMETER)
    return rows.update(
        verdict=Verdict.CONFIRMED, confirmed_by_means=Means.DECLARED, recommended_restriction=F("restriction"),
        verdict_note="", verdict_by=None, verdict_at=now,
    )  # fmt: skip


def has_recommended_rows(application: Application, *, without_sites: Iterable[int] = ()) -> bool:
    """Whether anything is left that can be granted."""
    return queries.recommended(application, without_sites=without_sites).exists()


def approve_recommended(application: Application, *, without_sites: Iterable[int] = ()) -> int:
    """Approve what the team recommended, with its restrictions; everything else is not approved. Returns how many.

    Sites named in `without_sites` are left out of the grant. Part of the step that releases the decision.
    """
    with transaction.atomic():
        every = CapabilityRow.objects.filter(table__application=application, level=Level.PARAMETER)
        every.update(is_approved=False, approved_restriction="")
        wanted = queries.recommended(application, without_sites=without_sites).order_by()
        return wanted.update(is_approved=True, approved_restriction=F("recommended_restriction"))
