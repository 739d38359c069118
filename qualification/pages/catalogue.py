"""The catalogue of translations, without GNU gettext: what the code says, and whether its Chinese is complete."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

PACKAGES = ("documents", "qualification", "workflows")
TEMPLATE_FOLDERS = ("templates", *PACKAGES)
LANGUAGE = "zh_Hans"

# Positions of context, singular and plural among a function's arguments.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
TEMPLATE_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%[sdifr]|(?<!\{)\{\w*\}(?!\})")

Key = tuple[str, str]


@dataclass(slots=True)
class Message:
    """One sentence of the code or a template."""

    msgid: str
    context: str = ""
    plural: str = ""
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.context, self.msgid


def catalogue_path(root: Path) -> Path:
    """The finished catalogue."""
    return root / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def extract(root: Path) -> dict[Key, Message]:
    """Every sentence of the packages and templates under root, by context and msgid."""
    found: dict[Key, Message] = {}
    for path, messages in _read_all(root):
        for message in messages:
            known = found.setdefault(message.key, message)
            known.plural = known.plural or message.plural
            known.files.add(path.relative_to(root).as_posix())
    return found


def _read_all(root: Path) -> Iterator[tuple[Path, Iterable[Message]]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path, in_python(path.read_text("utf-8"))
    for folder in TEMPLATE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".html", ".svg", ".txt", ".typ"}:
                yield path, in_template(path.read_text("utf-8"), path.name)


def in_python(source: str) -> list[Message]:
    """The sentences of a Python module: calls of what it imports from django.utils.translation, by any name."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = (_of_call(call, names) for call in calls)
    return [message for message in found if message is not None]


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names if alias.name in FUNCTIONS)


def _of_call(call: ast.Call, names: dict[str, str]) -> Message | None:
    function = names.get(call.func.id, "") if isinstance(call.func, ast.Name) else ""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        function = call.func.attr if call.func.value.id == "translation" else ""
    if function not in FUNCTIONS:
        return None
    context, singular, plural = (_text(call.args, place) for place in FUNCTIONS[function])
    return Message(singular, context, plural) if singular else None


def _text(arguments: list[ast.expr], place: int | None) -> str:
    if place is None or place >= len(arguments):
        return ""
    try:
        value = ast.literal_eval(arguments[place])
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""


def in_template(source: str, name: str) -> list[Message]:
    """The sentences of a Django template: translate, blocktranslate (trimmed, plural, context) and _()."""
    lines = (line.strip() for line in templatize(source, origin=name).splitlines())
    stream = io.BytesIO("\n".join(lines).encode())
    found = extract_python(stream, TEMPLATE_KEYWORDS, [], {"encoding": "utf-8"})
    return [_of_extracted(str(function), messages) for _, function, messages, _ in found if messages]


def _of_extracted(function: str, messages: object) -> Message:
    several = messages if isinstance(messages, list | tuple) else [messages]
    texts = [text for text in several if isinstance(text, str)]
    context = texts.pop(0) if function in {"pgettext", "npgettext"} else ""
    plural = texts[1] if function in {"ngettext", "npgettext"} and len(texts) > 1 else ""
    return Message(texts[0], context, plural)


def merge(root: Path) -> polib.POFile:
    """Write the catalogue: every sentence of the code with the Chinese of locale/parts, else of the old catalogue."""
    known = translations(root)
    catalogue = new_catalogue()
    for message in sorted(extract(root).values(), key=lambda one: (one.msgid, one.context)):
        catalogue.append(entry_of(message, known.get(message.key)))
    path = catalogue_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    return catalogue


def new_catalogue() -> polib.POFile:
    """An empty catalogue whose head says nothing that changes from day to day."""
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": LANGUAGE,
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return catalogue


def translations(root: Path) -> dict[Key, str]:
    """The Chinese there is, by context and msgid; locale/parts goes before the old catalogue."""
    known: dict[Key, str] = {}
    for path in [*sorted((root / "locale" / "parts").glob("*.po")), catalogue_path(root)]:
        for entry in polib.pofile(str(path)) if path.exists() else ():
            text = _chinese(entry)
            if text and not entry.obsolete and not entry.fuzzy:
                known.setdefault((entry.msgctxt or "", entry.msgid), text)
    return known


def _chinese(entry: polib.POEntry) -> str:
    if entry.msgid_plural:
        return next((text for _, text in sorted(entry.msgstr_plural.items()) if text), entry.msgstr)
    return str(entry.msgstr)


def entry_of(message: Message, text: str | None) -> polib.POEntry:
    """The PO entry of a sentence, with its Chinese if there is any."""
    entry = polib.POEntry(msgid=message.msgid, msgctxt=message.context or None)
    entry.occurrences = [(name, "") for name in sorted(message.files)]
    if "%(" in message.msgid or re.search(r"%[sd]", message.msgid):
        entry.flags = ["python-format"]
    if message.plural:
        entry.msgid_plural, entry.msgstr_plural = message.plural, {0: text or ""}
    else:
        entry.msgstr = text or ""
    return entry


def compile_catalogue(root: Path) -> Path:
    """Write the .mo file beside the catalogue and return its path."""
    source = catalogue_path(root)
    target = source.with_suffix(".mo")
    polib.pofile(str(source)).save_as_mofile(str(target))
    return target


def faults(root: Path) -> list[str]:
    """What is wrong with the catalogue, one line each; empty when the Chinese is complete."""
    path, wanted = catalogue_path(root), extract(root)
    entries = polib.pofile(str(path)) if path.exists() else []
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in entries if not entry.obsolete}
    missing = [
        f"not in the catalogue: {_name(key)} ({', '.join(sorted(wanted[key].files))})"
        for key in wanted
        if key not in known
    ]
    obsolete = [f"obsolete: {_name(key)}" for key in known if key not in wanted]
    wrong = [
        f"{fault}: {_name(key)}" for key in wanted if key in known for fault in _faults_of(wanted[key], known[key])
    ]
    return sorted(missing) + sorted(obsolete) + sorted(wrong)


def _name(key: Key) -> str:
    context, msgid = key
    return f"{msgid!r} [{context}]" if context else repr(msgid)


def _faults_of(message: Message, entry: polib.POEntry) -> Iterator[str]:
    text = _chinese(entry)
    if entry.fuzzy:
        yield "fuzzy"
    if not text.strip():
        yield "not translated"
        return
    if bool(message.plural) != bool(entry.msgid_plural):
        yield "plural form differs from the code"
    said = sorted(set(PLACEHOLDER.findall(text)))
    if said != sorted(set(PLACEHOLDER.findall(message.plural or message.msgid))):
        yield f"placeholders differ ({', '.join(said) or 'none'})"
