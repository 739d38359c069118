"""The rules that hold the house up. Each has a bad sample that proves that the rule would be noticed broken."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, get_resolver, include, path
from django.urls.resolvers import RegexPattern
from django_fsm import FSMField, FSMFieldMixin

from qualification import access
from tests import architecture as arch
from tests.architecture import Source
from workflows.clocks.models import Contest

# Rows with a life of their own that is no state of the law: a paper in the making, a clock, a message.
OWN_STATES = ("documents.incoming", "documents.papers", "workflows.clocks", "workflows.outbox")
# Views of Django and allauth: sign-in, passwords and the second step, which see to themselves who may call them.
THIRD_PARTY = [
    "accounts/2fa/",
    "accounts/2fa/authenticate/",
    "accounts/2fa/reauthenticate/",
    "accounts/2fa/recovery-codes/",
    "accounts/2fa/recovery-codes/download/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/totp/activate/",
    "accounts/2fa/totp/deactivate/",
    "accounts/confirm-email/",
    r"accounts/confirm-email/(?P<key>[-:\w]+)/",
    "accounts/email/",
    "accounts/inactive/",
    "accounts/login/",
    "accounts/login/code/confirm/",
    "accounts/logout/",
    "accounts/password/change/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    r"accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/",
    "accounts/password/reset/key/done/",
    "accounts/password/set/",
    "accounts/reauthenticate/",
    "accounts/signup/",
    "i18n/setlang/",
]
SOURCES = arch.sources()


def faults(check: Any, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a check finds in each of our modules, those named left out."""
    found = {source.name: check(source) for source in SOURCES if not source.name.startswith(but or ("\0",))}
    return {name: what for name, what in found.items() if what}


def test_the_walk_finds_the_code() -> None:
    names = {source.name for source in SOURCES}
    assert {"documents.models", "qualification.door", "workflows.clocks.engine"} <= names


def test_imports_run_one_way() -> None:
    assert faults(arch.upward_imports) == {}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("documents.upload", "from qualification.models import X", ["qualification.models.X"]),
        ("documents.upload", "def f():\n    import workflows.flows", ["workflows.flows"]),
        ("qualification.door", "from workflows import flows", ["workflows.flows"]),
        ("qualification.conf.urls", "from workflows import flows", []),
        ("workflows.flows", "from qualification import door", []),
    ],
)
def test_an_import_the_wrong_way_is_noticed(name: str, text: str, found: list[str]) -> None:
    assert arch.upward_imports(Source(name, text)) == found


def test_modules_of_a_noun_keep_their_order() -> None:
    assert faults(arch.disordered_imports) == {}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("qualification.a.models", "from qualification.a import services", ["qualification.a.services"]),
        ("qualification.a.enums", "from qualification.a.models import M", ["qualification.a.models.M"]),
        ("qualification.a.services.intake", "from qualification.a.views import v", ["qualification.a.views.v"]),
        ("qualification.a.services.intake", "from qualification.a.services import other", []),
        ("qualification.a.views", "from qualification.a import services", []),
        ("qualification.a.models", "from qualification.b.services import s", []),
        ("qualification.a.models", "if TYPE_CHECKING:\n    from qualification.a.services import s", []),
    ],
)
def test_a_disordered_import_is_noticed(name: str, text: str, found: list[str]) -> None:
    assert arch.disordered_imports(Source(name, text)) == found


def test_services_and_rules_know_no_flow() -> None:
    assert faults(arch.flow_imports) == {}
    bad = Source("qualification.a.services", "from workflows.flows import F\nfrom viewflow.workflow import flow")
    assert arch.flow_imports(bad) == ["workflows.flows.F", "viewflow.workflow.flow"]


def test_nobody_but_the_door_writes_a_state() -> None:
    assert faults(arch.state_writes, but=OWN_STATES) == {}


def test_states_outside_the_door_are_none_of_the_law() -> None:
    own = [m for m in apps.get_models() if m.__module__.startswith(OWN_STATES)]
    assert own
    # A contest is of the law, and goes through the door.
    assert [m for m in own for f in m._meta.fields if isinstance(f, FSMField)] == [Contest]


@pytest.mark.parametrize(
    "line",
    [
        "case.state = 'granted'",
        "a, case.state = 1, 'granted'",
        "case.state: str = 'granted'",
        "case.state += 'x'",
        "setattr(case, 'state', 'granted')",
        "Application.objects.filter(pk=1).update(state='granted')",
        "Application.objects.create(state='granted')",
        "Application.objects.bulk_update(cases, ['state'])",
    ],
)
def test_a_written_state_is_noticed(line: str) -> None:
    assert arch.state_writes(Source("qualification.a.services", f"\n{line}")) == [2]


def test_reading_a_state_is_free() -> None:
    text = "if case.state == 'granted':\n    Application.objects.filter(state=case.state).update(note=case.state)"
    assert arch.state_writes(Source("qualification.a.services", text)) == []


def test_nobody_but_the_door_calls_a_transition() -> None:
    assert faults(arch.transition_calls) == {}


def test_a_called_transition_is_noticed() -> None:
    assert "accept" in arch.known_transitions()
    text = (
        "case.accept(by=user, now=now)\nservices.accept(application=case, by=user, now=now)\nbox.unknown(by=1, now=2)"
    )
    assert arch.transition_calls(Source("qualification.a.services", text)) == [1]


def test_every_state_is_protected() -> None:
    assert faults(arch.bare_states) == {}
    bad = "state = FSMField(protected=True)\nstate = StateField()\nstate = django_fsm.FSMKeyField()"
    assert arch.bare_states(Source("qualification.a.models", bad)) == [1, 3]
    fields = [f for m in apps.get_models() for f in m._meta.fields if isinstance(f, FSMField)]
    assert fields
    assert [str(field) for field in fields if not field.clone().protected or field.name != "state"] == []


def test_migrations_carry_no_state_field(settings: Any) -> None:
    settings.MIGRATION_MODULES = {}  # pytest's --nomigrations hides them.
    past = MigrationLoader(None).project_state().models.values()
    fields = [(model.name, name, field) for model in past for name, field in model.fields.items()]
    assert ("Application", "state") in {(model, name) for model, name, _ in fields}
    assert [(model, name) for model, name, field in fields if isinstance(field, FSMFieldMixin)] == []


def test_files_and_functions_stay_short() -> None:
    assert {source.name for source in SOURCES if source.text.count("\n") >= arch.MAX_FILE_LINES} == set()
    assert faults(arch.long_functions) == {}


def test_a_long_function_is_noticed() -> None:
    body = "\n".join(f"    x = {number}" for number in range(arch.MAX_FUNCTION_LINES))
    assert arch.long_functions(Source("documents.a", f"def long():\n{body}\n")) == ["long"]
    assert arch.long_functions(Source("documents.a", f"def short():\n{body}".rsplit("\n", 1)[0])) == []


def test_public_functions_of_the_law_are_annotated() -> None:
    strict = [s for s in SOURCES if {"services", "rules"} & set(s.name.split(".")) or s.layer == "documents"]
    bare = {f"{s.name}.{n.name}" for s in strict for n in ast.walk(s.tree) if _is_bare(n)}
    assert bare == set()
    assert _is_bare(ast.parse("def f(): ...").body[0])


def _is_bare(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.returns is None


def test_every_address_has_a_rule() -> None:
    assert arch.without_rule(get_resolver()) == []


def test_addresses_of_third_parties_are_known() -> None:
    assert arch.third_party(get_resolver()) == THIRD_PARTY


def ruled(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def unruled(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_an_address_without_a_rule_is_noticed_however_deep() -> None:
    deep = [path("bad/", unruled), path("good/", access.public(ruled))]
    tree = [path("a/", include([path("b/", include(deep))]))]
    assert arch.without_rule(URLResolver(RegexPattern(r"^/"), tree)) == ["a/b/bad/"]
