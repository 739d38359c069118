"""How static files are found and named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from qualification.conf.frontend import sources


class PackageFinder(BaseFinder):
    """Finds the files of `sources()`."""

    def __init__(self, app_names: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """An error for each source that holds none of its files: `npm ci` has not been run."""
        return [
            Error(f"No files for static/{source.prefix} in {source.root}.", hint="Run `npm ci`.", id="frontend.E001")
            for source in sources()
            if source.prefix and next(source.names(), None) is None
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Where the file with this address under STATIC_URL lies; an empty list if it is not served."""
        named = ((source, source.inside(path)) for source in sources())
        found = [str(source.root / name) for source, name in named if name]
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every served file with the storage that reads it."""
        for source in sources():
            storage = FileSystemStorage(location=source.root)
            storage.prefix = source.prefix  # type: ignore[attr-defined]
            for name in source.names():
                yield name, storage


class PackageStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash once `collectstatic` has run; plain names before (tests, development)."""

    # Modules import each other by their hashed names, so that browsers may keep them for ever.
    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return self.clean_name(name)
        return str(super().stored_name(name))
