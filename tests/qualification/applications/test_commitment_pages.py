"""What a laboratory that commits itself reads before it hands in, and before it withdraws."""

from __future__ import annotations

import pytest

from tests.factories.cases import World
from tests.qualification.applications.test_views_lab import browser, text, url
from workflows.demo.walk import Wish

pytestmark = pytest.mark.django_db

REVOKED = "If it is seriously untrue, the certificate is revoked"
CLOSED = "the commitment procedure is then closed for this matter."


@pytest.mark.parametrize("procedure", ["general", "commitment"])
def test_who_commits_itself_reads_what_follows_before_it_is_handed_in(world: World, procedure: str) -> None:
    application = world.walk("upload_materials", wish=Wish(procedure=procedure)).application
    is_told = procedure == "commitment"
    edit, last = (text(browser(world.manager).get(url(name, application))) for name in ("edit", "submit"))
    assert (REVOKED in edit, REVOKED in last) == (is_told, is_told)
    assert (CLOSED in last, "no team comes before" in last) == (is_told, is_told)


@pytest.mark.parametrize("procedure", ["general", "commitment"])
def test_who_withdraws_reads_how_it_may_apply_again(world: World, procedure: str) -> None:
    application = world.walk("submit", wish=Wish(procedure=procedure)).application
    page = text(browser(world.manager).get(url("withdraw", application)))
    is_closed = procedure == "commitment"
    assert ("You may apply again at any time" in page, "only by the general procedure" in page) == (
        not is_closed, is_closed,
    )  # fmt: skip
