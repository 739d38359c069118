"""Drafts: two tabs, what is kept, what is taken over; handing in, once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application, DraftConflict
from qualification.applications.services import conflicts, drafts
from qualification.door import Refused, Stale
from qualification.models import TransitionLog
from tests.factories.accounts import UserFactory
from tests.factories.cases import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def draft(world: World) -> Application:
    return world.walk("draft").application


def save(draft: Application, by: User, revision: int, sites: list[int] | None = None, **values: Any) -> Application:
    return drafts.save(application=draft, values=values, sites=sites, revision=revision, by=by, now=timezone.now())


def test_a_save_counts_up_and_says_who(world: World, draft: Application) -> None:
    saved = save(draft, world.manager, 1, note="附件较多", field_codes=["12", "13"])
    assert (saved.revision, saved.note, saved.field_codes, saved.saved_by) == (
        2,
        "附件较多",
        ["12", "13"],
        world.manager,
    )


def test_the_second_tab_is_told_and_what_it_typed_is_kept(world: World, draft: Application) -> None:
    save(draft, world.manager, 1, note="第一个窗口")
    with pytest.raises(drafts.DraftMovedOn) as told:
        save(draft, world.manager, 1, [world.sites[1].pk], note="第二个窗口", system_since=dt.date(2026, 1, 2))
    draft.refresh_from_db()
    assert (draft.note, draft.revision) == ("第一个窗口", 2)
    assert told.value.conflict.typed == {
        "note": "第二个窗口",
        "system_since": "2026-01-02",
        "sites": [world.sites[1].pk],
    }
    assert set(draft.sites.values_list("pk", flat=True)) == {site.pk for site in world.sites}


def test_what_was_kept_is_shown_against_the_draft_as_it_is(world: World, draft: Application) -> None:
    save(draft, world.manager, 1, note="第一个窗口", contact_name="李敏")
    with pytest.raises(drafts.DraftMovedOn):
        save(draft, world.manager, 1, [world.sites[1].pk], note="第二个窗口", contact_name="李敏")
    draft.refresh_from_db()
    [kept] = conflicts.kept_for(draft, world.manager)
    names = "、".join(site.name for site in world.sites)
    assert [(d.name, d.typed, d.stands) for d in kept.differences] == [
        ("note", "第二个窗口", "第一个窗口"), ("sites", world.sites[1].name, names),
    ]  # fmt: skip
    colleague = UserFactory.create(member=(Role.LAB_MEMBER, world.laboratory))
    assert conflicts.kept_for(draft, colleague) == []


def test_only_what_is_ticked_is_taken_over(world: World, draft: Application) -> None:
    save(draft, world.manager, 1, note="第一个窗口", contact_name="李敏")
    with pytest.raises(drafts.DraftMovedOn) as told:
        save(
            draft,
            world.manager,
            1,
            [world.sites[1].pk],
            note="第二个窗口",
            contact_name="王芳",
            system_since=dt.date(2026, 1, 2),
        )
    conflicts.take_over(
        conflict=told.value.conflict,
        names=["note", "system_since", "sites", "state"],
        by=world.manager,
        now=timezone.now(),
    )
    draft.refresh_from_db()
    assert (draft.note, draft.contact_name, draft.system_since, draft.state) == (
        "第二个窗口",
        "李敏",
        dt.date(2026, 1, 2),
        "draft",
    )
    assert [site.pk for site in draft.sites.all()] == [world.sites[1].pk]
    assert list(DraftConflict.objects.all()) == []


def test_nothing_is_shown_once_nothing_differs(world: World, draft: Application) -> None:
    save(draft, world.manager, 1, note="一")
    with pytest.raises(drafts.DraftMovedOn):
        save(draft, world.manager, 1, note="二")
    save(draft, world.manager, 2, note="二")
    draft.refresh_from_db()
    assert conflicts.kept_for(draft, world.manager) == []


def test_sites_of_another_laboratory_do_not_get_in(world: World, draft: Application) -> None:
    from tests.factories.laboratories import SiteFactory

    foreign = SiteFactory.create()
    save(draft, world.manager, 1, [foreign.pk, world.sites[0].pk])
    assert [site.pk for site in draft.sites.all()] == [world.sites[0].pk]


def test_people_of_others_change_nothing(world: World, draft: Application) -> None:
    for person in (world.intake, world.decider, UserFactory.create(member=Role.LAB_MANAGER)):
        with pytest.raises(Refused):
            save(draft, person, 1, note="不是我的")
    draft.refresh_from_db()
    assert (draft.note, draft.revision) == ("", 1)


def test_a_draft_handed_in_is_not_changed_any_more(world: World) -> None:
    application = world.walk("submit").application
    with pytest.raises(Stale):
        save(application, world.manager, application.revision, note="太晚")
    with pytest.raises(Stale):
        drafts.discard(application=application, by=world.manager, now=timezone.now())
    assert Application.objects.get(pk=application.pk).note == ""


def test_an_incomplete_draft_is_not_handed_in(world: World, draft: Application) -> None:
    with pytest.raises(drafts.NotReady) as refused:
        drafts.submit(application=draft, by=world.manager, now=timezone.now())
    draft.refresh_from_db()
    assert (draft.state, draft.reference, len(refused.value.missing)) == ("draft", "", 11)


def test_kinds_that_stand_alone_are_not_joined(world: World) -> None:
    for kinds in (["first", "extension"], ["manager", "renewal"], ["cancellation", "other"], []):
        with pytest.raises(ValidationError):
            drafts.create(laboratory=world.laboratory, kinds=kinds, by=world.manager, now=timezone.now())
    assert Application.objects.count() == 0


def test_a_draft_is_deleted_with_its_tables(world: World) -> None:
    walk, other = world.walk("upload_materials"), world.walk("upload_tables")
    drafts.discard(application=walk.application, by=world.manager, now=timezone.now())
    assert list(Application.objects.all()) == [other.application]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Two connections, one barrier."""

    def race(self, acts: list[Any]) -> list[str]:
        barrier, answers = threading.Barrier(len(acts)), []

        def run(act: Any) -> None:
            barrier.wait()
            try:
                act()
                answers.append("done")
            except Exception as error:
                answers.append(type(error).__name__)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(answers)

    def test_of_two_tabs_one_saves_and_the_others_words_are_kept(self) -> None:
        world = World()
        draft = world.walk("draft").application
        copies = [Application.objects.get(pk=draft.pk) for _ in range(4)]
        acts = [lambda c=copy, n=n: save(c, world.manager, 1, note=f"窗口{n}") for n, copy in enumerate(copies)]
        assert self.race(acts) == ["DraftMovedOn"] * 3 + ["done"]
        draft.refresh_from_db()
        typed = [conflict.typed["note"] for conflict in DraftConflict.objects.all()]
        assert draft.revision == 2
        assert sorted([*typed, draft.note]) == ["窗口0", "窗口1", "窗口2", "窗口3"]

    def test_of_two_submissions_one_is_received(self) -> None:
        world = World()
        application = world.walk("upload_materials").application
        copies = [Application.objects.get(pk=application.pk) for _ in range(2)]
        now = timezone.now()
        acts = [lambda c=copy: drafts.submit(application=c, by=world.manager, now=now) for copy in copies]
        assert self.race(acts) == ["Stale", "done"]
        logs = TransitionLog.objects.filter(application=application, verb="submit")
        assert [log.by for log in logs] == [world.manager]
