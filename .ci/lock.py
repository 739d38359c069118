"""Writes requirements*.txt: the versions installed here of what pyproject.toml names and what that needs."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Made by `make lock` from pyproject.toml; do not edit.\n"


def closure(requirements: list[str]) -> dict[str, str]:
    """Name and version of every package that these requirements need on this platform."""
    found: dict[str, str] = {}
    todo = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        todo += _needs(requirement, found, seen)
    return found


def _needs(
    requirement: Requirement, found: dict[str, str], seen: set[tuple[str, str]]
) -> list[tuple[Requirement, str]]:
    try:
        installed = distribution(requirement.name)
    except PackageNotFoundError:
        sys.exit(f"{requirement} is not installed.")
    if installed.version not in requirement.specifier:
        sys.exit(f"{requirement} is wanted, {installed.version} is installed.")
    found[canonicalize_name(requirement.name)] = installed.version
    new = [(requirement.name, extra) for extra in ("", *requirement.extras) if (requirement.name, extra) not in seen]
    seen.update(new)
    return [(Requirement(text), extra) for _, extra in new for text in installed.requires or []]


def write(name: str, packages: dict[str, str], head: str = "") -> None:
    """One file of pinned versions, sorted."""
    lines = "".join(f"{package}=={version}\n" for package, version in sorted(packages.items()))
    (ROOT / name).write_text(HEAD + head + lines)


def main() -> None:
    """Writes the three files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime = closure(project["dependencies"])
    dev = closure(project["optional-dependencies"]["dev"])
    write("requirements.txt", runtime)
    write("requirements-dev.txt", {k: v for k, v in dev.items() if k not in runtime}, "-r requirements.txt\n")
    write("requirements-node.txt", closure(project["optional-dependencies"]["node"]))


if __name__ == "__main__":
    main()
