"""A statement means what the ORM means, at every run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qualification import statements
from qualification.applications.models import Application
from qualification.models import TransitionLog
from qualification.regions.models import Authority, CalendarYear, Profile
from qualification.statements import Statement
from tests.factories.cases import World

pytestmark = pytest.mark.django_db

MOMENT = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)


def fields(row: models.Model) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


def test_rows_are_those_of_the_queryset_for_each_value(world: World) -> None:
    found = Statement(lambda code: Authority.objects.filter(code=code).values_list("pk", "code"), code=str)
    for code in ("03", "02", "99"):
        assert found.rows(code=code) == list(Authority.objects.filter(code=code).values_list("pk", "code"))


def test_instances_carry_what_is_selected_and_annotated(world: World) -> None:
    Profile.objects.filter(authority=world.other).update(values={"offer_days": 3})
    Profile.objects.filter(authority=world.far).delete()

    def build(pk: int) -> Any:
        newest = models.Subquery(CalendarYear.objects.order_by("-pk").values("pk")[:1])
        return Authority.objects.select_related("profile").filter(pk=pk).annotate(newest=newest)

    statement = Statement(build, pk=int)
    for authority in (world.other, world.far):
        (wanted,) = build(authority.pk)
        with CaptureQueriesContext(connection) as captured:
            (found,) = statement.instances(pk=authority.pk)
            profile = getattr(found, "profile", None)
        assert len(captured) == 1
        assert (fields(found), found.newest) == (fields(wanted), wanted.newest)
        assert (profile and fields(profile)) == (fields(wanted.profile) if hasattr(wanted, "profile") else None)


def test_an_update_changes_what_the_queryset_names_and_counts_it(world: World) -> None:
    def build(pk: int, name: str) -> Any:
        return Authority.objects.filter(pk=pk), {"region_en": name}

    renaming = Statement(build, pk=int, name=str)
    assert (renaming.count(pk=world.lead.pk, name="North"), renaming.count(pk=0, name="South")) == (1, 0)
    assert list(Authority.objects.filter(region_en__in=["North", "South"])) == [world.lead]


def test_a_value_without_a_place_is_an_error(world: World) -> None:
    lost = Statement(lambda pk, code: Authority.objects.filter(pk=pk).values_list("pk"), pk=int, code=str)
    with pytest.raises(ValueError, match="code"):
        lost.rows(pk=1, code="03")


def test_a_row_read_is_the_row_of_the_orm(world: World) -> None:
    application = world.walk("submit").application
    wanted = Application._base_manager.get(pk=application.pk)
    assert fields(statements.fetch(Application, application.pk)) == fields(wanted)
    with CaptureQueriesContext(connection) as captured:
        assert fields(statements.lock(Application, application.pk)) == fields(wanted)
    assert captured[0]["sql"].endswith('FOR NO KEY UPDATE OF "applications_application"')
    with pytest.raises(Application.DoesNotExist):
        statements.fetch(Application, 0)


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        statements.lock(Authority, 1)


def _log(verb: str, world: World) -> TransitionLog:
    return TransitionLog(
        subject_type="x.Y", subject_id=7, verb=verb, source="a", target="b", by=world.intake, at=MOMENT,
        facts={"days": [1, "二"], "none": None}, reason="理由 % '",
    )  # fmt: skip


def test_rows_inserted_are_those_the_orm_inserts(world: World) -> None:
    ours, theirs = [_log("one", world), _log("two", world)], [_log("one", world), _log("two", world)]
    statements.insert(ours)
    for row in theirs:
        row.save(force_insert=True)
    assert [row._state.adding for row in ours] == [False, False]
    for mine, their in zip(ours, theirs, strict=True):
        kept, wanted = fields(TransitionLog.objects.get(pk=mine.pk)), fields(TransitionLog.objects.get(pk=their.pk))
        assert timezone.now() - kept.pop("recorded_at") < dt.timedelta(minutes=1)
        wanted.pop("recorded_at")
        assert kept | {"id": 0} == wanted | {"id": 0}


def test_a_changed_row_is_what_the_orm_would_have_written(world: World) -> None:
    ours, theirs = _log("one", world), _log("one", world)
    statements.insert([ours, theirs])
    for row in (ours, theirs):
        row.facts, row.reason, row.by, row.article = {"a": ["%s"]}, "新", None, "第三十二条"
    assert statements.update(ours, ["facts", "reason", "by_id"], still={"source": "a", "verb": "one"}) is True
    theirs.save(update_fields=["facts", "reason", "by_id"])
    kept, wanted = fields(TransitionLog.objects.get(pk=ours.pk)), fields(TransitionLog.objects.get(pk=theirs.pk))
    assert kept | {"id": 0, "recorded_at": 0} == wanted | {"id": 0, "recorded_at": 0}
    assert (kept["facts"], kept["by_id"], kept["article"]) == ({"a": ["%s"]}, None, "")


def test_a_row_that_is_no_longer_so_is_left_alone(world: World) -> None:
    row = _log("one", world)
    statements.insert([row])
    row.reason = "anders"
    assert statements.update(row, ["reason"], still={"source": "elsewhere"}) is False
    assert TransitionLog.objects.get(pk=row.pk).reason == "理由 % '"


def test_a_stamp_of_every_save_is_stamped(world: World) -> None:
    application = world.walk("submit").application
    before = Application.objects.get(pk=application.pk).saved_at
    assert statements.update(application, ["saved_at"], still={"state": "submitted"})
    assert Application.objects.get(pk=application.pk).saved_at > before


def test_what_the_database_refuses_is_refused(world: World) -> None:
    twin = Authority(code=world.lead.code, name_zh="甲", name_en="A", region_zh="甲", region_en="A", short_zh="甲")
    with pytest.raises(IntegrityError), transaction.atomic():
        statements.insert([twin])
