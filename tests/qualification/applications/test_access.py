"""Files and tables of a case: who may put something in, and when."""

from __future__ import annotations

import pytest

from documents.access import may_read, may_write
from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.scope import access as tables
from qualification.scope.models import CapabilityTable
from tests.factories.accounts import UserFactory
from tests.factories.cases import World

pytestmark = pytest.mark.django_db

# How far the case is, and whether its laboratory may put in files, and change its tables.
STAGES = {
    "draft": (True, True),
    "submit": (False, False),
    "accept": (False, False),
    "accept_offers": (False, False),
    "agree_visit": (False, False),
    "hand_in_report": (False, False),
}


@pytest.fixture
def world() -> World:
    return World()


def table_of(application: Application) -> CapabilityTable:
    return CapabilityTable.objects.filter(application=application).order_by("pk").first() or CapabilityTable(
        application=application
    )


@pytest.mark.parametrize("stage", STAGES)
def test_the_laboratory_writes_only_while_it_has_something_to_hand_in(world: World, stage: str) -> None:
    application = world.walk(stage).application
    found = (
        may_write(world.manager, "application", application.uuid),
        tables.may(world.manager, table_of(application), "edit"),
    )
    assert found == STAGES[stage]
    assert may_read(world.manager, "application", application.uuid)


def test_a_supplement_opens_files_and_tables_until_it_is_handed_in(world: World) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("请补充质量手册。")
    application = Application.objects.get(pk=walk.application.pk)
    assert may_write(world.manager, "application", application.uuid)
    assert tables.may(world.manager, table_of(application), "edit")
    walk.application.refresh_from_db()
    walk.hand_in_supplement()
    assert not may_write(world.manager, "application", application.uuid)
    assert not tables.may(world.manager, table_of(Application.objects.get(pk=application.pk)), "edit")


def test_nobody_else_writes_and_strangers_do_not_read(world: World) -> None:
    application = world.walk("upload_materials").application
    stranger = UserFactory.create(member=Role.LAB_MANAGER)
    for person in (
        stranger,
        world.intake,
        world.decider,
        world.other_decider,
        UserFactory.create(member=Role.NATIONAL_VIEWER),
    ):
        assert not may_write(person, "application", application.uuid)
        assert not may_read(person, "application", application.uuid)
        assert not tables.may(person, table_of(application), "read")
    handed_in = world.walk("submit").application
    readers = {
        name: may_read(person, "application", handed_in.uuid)
        for name, person in {
            "own": world.manager, "lead": world.intake, "site": world.other_decider, "stranger": stranger,
            "far": UserFactory.create(member=(Role.INTAKE, world.far)), "nobody": UserFactory.create(),
        }.items()
    }  # fmt: skip
    assert readers == {"own": True, "lead": True, "site": True, "stranger": False, "far": False, "nobody": False}
