"""A world and signed-in clients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from qualification.accounts.models import User
from tests.factories.cases import World

Enter = Callable[[User], Client]


@pytest.fixture
def world(db: None) -> World:
    """Hebei leads, Tianjin has a site, Shanxi has nothing to do with it."""
    return World()


@pytest.fixture
def enter() -> Enter:
    """A client of a person who has signed in, who reads English."""

    def client(user: User) -> Client:
        found = Client(headers={"accept-language": "en"})
        found.force_login(user)
        return found

    return client
