"""Which static files are served: exactly the files the pages use, nothing else of node_modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qualification.conf.environment import BASE_DIR, env


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, the prefix of its addresses under STATIC_URL ("" for none), and which of its files are served."""

    prefix: str
    root: Path
    wanted: str

    def names(self) -> Iterator[str]:
        """Names of the served files, relative to the folder."""
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if self.serves(name):
                yield name

    def serves(self, name: str) -> bool:
        """Whether this is the name of a served file of the folder."""
        allowed = re.fullmatch(self.wanted, name) and ".." not in Path(name).parts
        return bool(allowed) and (self.root / name).is_file()

    def inside(self, address: str) -> str | None:
        """The name in this folder of an address under STATIC_URL, or None if it is not served from here."""
        name = address.removeprefix(f"{self.prefix}/") if self.prefix else address
        return name if (name != address or not self.prefix) and self.serves(name) else None


OWN = r"[\w./-]+\.(css|js|svg|png)"


def sources() -> tuple[Source, ...]:
    """The packages' files that pages refer to, our own sources, and the `static` folder of any of our parts."""
    node = env.node_modules
    parts = [
        *BASE_DIR.glob("qualification/*/static"),
        *BASE_DIR.glob("workflows/*/static"),
        BASE_DIR / "documents/static",
    ]
    return (
        Source("vendor/tabler", node / "@tabler/core/dist/css", r"tabler\.min\.css(\.map)?"),
        Source("vendor/htmx", node / "htmx.org/dist", r"htmx\.min\.js"),
        Source("vendor/echarts", node / "echarts/dist", r"echarts\.min\.js"),
        Source("vendor/zip", node / "@zip.js/zip.js/dist", r"zip-core\.min\.js"),
        Source("vendor/noto", node / "@fontsource/noto-sans-sc", r"(400|700)\.css|files/.+-(400|700)-normal\.woff2?"),
        Source("site", BASE_DIR / "frontend", OWN),
        *(Source("", part, OWN) for part in parts if part.is_dir()),
    )


def static_settings(static_root: Path) -> dict[str, Any]:
    """The settings of static files, ready for `globals().update()`; makes the folder for them."""
    static_root.mkdir(parents=True, exist_ok=True)
    return {
        "STATIC_URL": "static/",
        "STATIC_ROOT": static_root,
        "STATICFILES_FINDERS": ["qualification.conf.staticfiles.PackageFinder"],
        "WHITENOISE_USE_FINDERS": not (static_root / "staticfiles.json").exists(),
    }


STATIC_STORAGE = {"BACKEND": "qualification.conf.staticfiles.PackageStorage"}
