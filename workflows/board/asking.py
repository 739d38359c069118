"""The filters of the board in the address: what was asked for, said in words, and kept in every link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qualification.accounts.models import User
from qualification.applications.enums import Kind
from qualification.regions.models import Authority
from workflows.board import queries
from workflows.board.enums import NO_KIND, NO_KIND_LABEL, NO_PERSON, NOBODY, NOBODY_LABEL
from workflows.board.figures import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

Option = tuple[str, str | Promise]


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter as the page shows it."""

    key: str
    label: str | Promise
    options: list[tuple[str, str]]
    value: str

    @property
    def chosen(self) -> str:
        """The chosen option in words; "" when none is."""
        return dict(self.options).get(self.value, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. A value that is not among the choices is ignored."""

    choices: list[Choice]
    authorities: list[Authority]

    def value(self, key: str) -> str:
        """The chosen value of a filter; "" when none is."""
        return next((choice.value for choice in self.choices if choice.key == key), "")

    @property
    def values(self) -> dict[str, str]:
        """What is chosen, as the address spells it."""
        return {choice.key: choice.value for choice in self.choices if choice.value}

    @property
    def scope(self) -> Scope:
        """Whose clocks are meant."""
        region, kind, person = self.value("region"), self.value("kind"), self.value("person")
        places = tuple(a.pk for a in self.authorities if region in {"", a.code})
        return Scope(places, self.value("stage"), kind_of(kind), person_of(person))

    @property
    def regions(self) -> list[Authority]:
        """The authorities that are left."""
        return [a for a in self.authorities if a.pk in self.scope.authorities]

    def url(self, path: str, **changes: str) -> str:
        """An address with the filters kept, some of them changed; an empty value takes one away."""
        values = {key: value for key, value in (self.values | changes).items() if value}
        return f"{path}?{urlencode(values)}" if values else path


def kind_of(value: str) -> str | None:
    """A kind as the address spells it: "none" is no case at all, "" is any."""
    return None if not value else "" if value == NO_KIND else value


def person_of(value: str) -> int | None:
    """A person as the address spells it: "none" is nobody, "" is anybody."""
    return None if not value else NOBODY if value == NO_PERSON else int(value)


def asked_of(user: User, given: QueryDict, *, only: Sequence[str] = ("region", "stage", "kind", "person")) -> Asked:
    """What a reader of the board asks for."""
    authorities = list(queries.authorities_of(user))
    makers: dict[str, tuple[str | Promise, Iterable[Option]]] = {
        "region": (_("Region"), [(a.code, a.region) for a in authorities]),
        "stage": (_("Stage"), queries.codes()),
        "kind": (_("Kind"), [*Kind.choices, (NO_KIND, NO_KIND_LABEL)]),
        "person": (_("Person"), people(authorities, given.get("person", ""))),
    }
    choices = [
        _choice(key, label, options, given.get(key, ""))
        for key, (label, options) in makers.items()
        if key in only and (key != "region" or len(authorities) > 1)
    ]
    return Asked(choices, authorities)


def _choice(key: str, label: str | Promise, options: Iterable[Option], asked: str) -> Choice:
    shown = [(str(value), str(words)) for value, words in options]
    return Choice(key, label, shown, asked if any(asked == value for value, _words in shown) else "")


def people(authorities: Sequence[Authority], asked: str) -> list[Option]:
    """Nobody, and the person asked for where they have or had a clock of these authorities."""
    options: list[Option] = [(NO_PERSON, NOBODY_LABEL)]
    if asked.isdigit() and len(asked) < 10 and queries.has_clocks(int(asked), [a.pk for a in authorities]):
        options += [(str(user.pk), str(user)) for user in User.objects.filter(pk=int(asked)).order_by("pk")]
    return options


def context_of(asked: Asked, **more: Any) -> dict[str, Any]:
    """What every page of the board shows of the filters."""
    return {"asked": asked, "is_narrowed": bool(asked.values), **more}
