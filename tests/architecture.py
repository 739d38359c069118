"""What test_architecture.py looks for in the code, as functions that a bad sample can be given to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.urls import URLPattern, URLResolver

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("documents", "qualification", "workflows")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
# A module may import those of its own noun that stand before it; the same rank may not import each other.
RANKS = {
    "enums": 0, "models": 1, "rules": 2, "queries": 2, "services": 3, "tasks": 3, "forms": 4, "views": 5, "urls": 6,
}  # fmt: skip

WRITERS = frozenset({"update", "create", "get_or_create", "update_or_create", "aupdate", "acreate"})


@dataclass(frozen=True)
class Source:
    """One module: its dotted name and its syntax tree."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_conf(self) -> bool:
        return self.name.startswith("qualification.conf")


def sources() -> list[Source]:
    """Every module of the three packages, migrations left out."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
    return [Source(_dotted(path), path.read_text()) for path in paths if "migrations" not in path.parts]


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(source: Source, *, at_run_time: bool = False) -> Iterator[str]:
    """Dotted names of what a module imports; `at_run_time` leaves out what only type checkers see."""
    skipped = _type_checking_lines(source.tree) if at_run_time else set()
    for node in ast.walk(source.tree):
        if getattr(node, "lineno", None) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _type_checking_lines(tree: ast.Module) -> set[int]:
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test).endswith("TYPE_CHECKING")]
    return {n.lineno for block in blocks for part in block.body for n in ast.walk(part) if hasattr(n, "lineno")}


def upward_imports(source: Source) -> list[str]:
    """Imports against the way documents <- qualification <- workflows."""
    if source.is_conf:
        return []
    above = LAYERS[LAYERS.index(source.layer) + 1 :]
    return [name for name in imports(source) if name.split(".")[0] in above]


def disordered_imports(source: Source) -> list[str]:
    """Imports inside one noun's package against enums <- models <- rules, queries <- services <- views."""
    noun, rank = _rank(source.name)
    if rank is None:
        return []
    found = []
    for name in imports(source, at_run_time=True):
        other_noun, other = _rank(name)
        is_of_same_package = other_noun == noun and _package_part(name) != _package_part(source.name)
        if is_of_same_package and other is not None and other > rank:
            found.append(name)
    return found


def _rank(name: str) -> tuple[str, int | None]:
    parts = name.split(".")
    for index in (2, 1):
        if len(parts) > index and parts[index] in RANKS:
            return ".".join(parts[:index]), RANKS[parts[index]]
    return name, None


def _package_part(name: str) -> str:
    noun, _ = _rank(name)
    return name.removeprefix(f"{noun}.").split(".")[0]


def flow_imports(source: Source) -> list[str]:
    """Imports of flows or of viewflow by services and rules."""
    if not {"services", "rules"} & set(source.name.split(".")):
        return []
    return [name for name in imports(source) if name.startswith(("workflows.flows", "workflows.nodes", "viewflow"))]


def state_writes(source: Source) -> list[int]:
    """Lines that write a state: an assignment, `setattr(x, "state")`, `update`, `bulk_update` or `create` with it."""
    return sorted({node.lineno for node in ast.walk(source.tree) if _writes_state(node)})


def _writes_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(_is_state(target) for whole in node.targets for target in ast.walk(whole))
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return _is_state(node.target) and node.value is not None
    if not isinstance(node, ast.Call):
        return False
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if called == "setattr":
        return len(node.args) > 1 and isinstance(node.args[1], ast.Constant) and node.args[1].value == "state"
    if called == "bulk_update":
        return any(isinstance(n, ast.Constant) and n.value == "state" for n in ast.walk(node))
    return called in WRITERS and any(keyword.arg == "state" for keyword in node.keywords)


def _is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "state" and isinstance(node.ctx, ast.Store)


def transition_calls(source: Source) -> list[int]:
    """Lines that call a method with both `by=` and `now=` and nothing else on an object: a transition."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {keyword.arg for keyword in node.keywords}
            if names == {"by", "now"} and not node.args and node.func.attr in known_transitions():
                found.append(node.lineno)
    return found


def known_transitions() -> frozenset[str]:
    """Names of every transition method of every model."""
    from django.apps import apps

    return frozenset(
        name
        for model in apps.get_models()
        if model.__module__.split(".")[0] in LAYERS
        for name in dir(model)
        if hasattr(getattr(model, name, None), "_django_fsm")
    )


def bare_states(source: Source) -> list[int]:
    """Lines with a state field of django-fsm's own, which may be assigned and which migrations would carry."""
    return [
        node.lineno
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"FSMField", "FSMIntegerField", "FSMKeyField"}
    ]


def long_functions(source: Source) -> list[str]:
    """Functions of more than 60 lines."""
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [n.name for n in functions if (n.end_lineno or n.lineno) - n.lineno + 1 > MAX_FUNCTION_LINES]


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address below a resolver, however deep, with its pattern."""
    for pattern in resolver.url_patterns:
        where = prefix + re.sub(r"\\Z|\$$|^\^", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, where)
        else:
            yield where, pattern


def without_rule(resolver: URLResolver) -> list[str]:
    """Addresses whose view has no access rule, third-party views left out."""
    return sorted(
        where
        for where, pattern in addresses(resolver)
        if not getattr(pattern.callback, "access_rule", "")
        and _module(pattern).split(".")[0] not in {"allauth", "django"}
    )


def third_party(resolver: URLResolver) -> list[str]:
    """Addresses answered by a view of Django or allauth without a rule of ours."""
    return sorted(
        where
        for where, pattern in addresses(resolver)
        if not getattr(pattern.callback, "access_rule", "") and _module(pattern).split(".")[0] in {"allauth", "django"}
    )


def _module(pattern: URLPattern) -> str:
    return str(getattr(pattern.callback, "view_class", pattern.callback).__module__)
