"""Signed-in clients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from qualification.accounts.models import User

Enter = Callable[[User], Client]


@pytest.fixture
def enter() -> Enter:
    """A client of a person who has signed in, who reads English."""

    def client(user: User) -> Client:
        found = Client(headers={"accept-language": "en"})
        found.force_login(user)
        return found

    return client
