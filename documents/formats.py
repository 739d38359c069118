"""The kinds of files that are taken, and how their first bytes tell them apart. Free of Django: the child uses it."""

from __future__ import annotations

from enum import StrEnum

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD_BYTES = 8192


class Format(StrEnum):
    """A kind of file by content."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    DOC = "doc"
    XLS = "xls"
    OFD = "ofd"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    BMP = "bmp"
    GIF = "gif"
    WEBP = "webp"
    CSV = "csv"
    TXT = "txt"


class Family(StrEnum):
    """What the first bytes alone can tell."""

    PDF = "pdf"
    ZIP = "zip"
    OLE = "ole"
    PICTURE = "picture"
    TEXT = "text"
    PROGRAM = "program"
    OTHER = "other"


PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.BMP, Format.GIF, Format.WEBP})
WORD = frozenset({Format.DOCX, Format.DOC})
EXCEL = frozenset({Format.XLSX, Format.XLS})
TEXTS = frozenset({Format.CSV, Format.TXT})
USUAL = WORD | EXCEL | PICTURES | {Format.PDF, Format.OFD}

MIME: dict[Format, str] = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.DOC: "application/msword",
    Format.XLS: "application/vnd.ms-excel",
    Format.OFD: "application/ofd",
    Format.PNG: "image/png",
    Format.JPEG: "image/jpeg",
    Format.TIFF: "image/tiff",
    Format.BMP: "image/bmp",
    Format.GIF: "image/gif",
    Format.WEBP: "image/webp",
    Format.CSV: "text/csv",
    Format.TXT: "text/plain",
}

EXTENSIONS: dict[str, Format] = {
    **{f".{item.value}": item for item in Format},
    ".jpg": Format.JPEG,
    ".tif": Format.TIFF,
}

# A protected .docx or .xlsx is an OLE container: its family does not tell it from a wrong name yet.
_FAMILIES: dict[Format, frozenset[Family]] = {
    Format.PDF: frozenset({Family.PDF}),
    Format.OFD: frozenset({Family.ZIP}),
    **dict.fromkeys((Format.DOCX, Format.XLSX), frozenset({Family.ZIP, Family.OLE})),
    **dict.fromkeys((Format.DOC, Format.XLS), frozenset({Family.OLE})),
    **dict.fromkeys(PICTURES, frozenset({Family.PICTURE})),
    **dict.fromkeys(TEXTS, frozenset({Family.TEXT})),
}

_PICTURE_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
)
_PROGRAM_MAGIC = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa",
)


def by_extension(name: str) -> Format | None:
    """The kind a name promises, None when its ending is none of ours."""
    dot = name.rfind(".")
    return EXTENSIONS.get(name[dot:].lower()) if dot >= 0 else None


def picture_of(head: bytes) -> Format | None:
    """The kind of picture the first bytes show."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Format.BMP
    return next((item for magic, item in _PICTURE_MAGIC if head.startswith(magic)), None)


def family_of(head: bytes) -> Family:
    """What the first bytes of a file say it is."""
    if head.lstrip()[:5] == b"%PDF-":
        return Family.PDF
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return Family.ZIP
    if head[:8] == OLE_MAGIC:
        return Family.OLE
    if picture_of(head):
        return Family.PICTURE
    if head.startswith(_PROGRAM_MAGIC):
        return Family.PROGRAM
    return Family.TEXT if is_text(head) else Family.OTHER


def agrees(promised: Format, head: bytes) -> bool:
    """Whether the first bytes can be the kind the name promises; pictures must match exactly."""
    family = family_of(head)
    if family is Family.PICTURE and promised in PICTURES:
        return picture_of(head) is promised
    return family in _FAMILIES[promised]


def is_text(data: bytes) -> bool:
    """Whether bytes are text in UTF-8 or GB 18030; a character cut at the end is forgiven."""
    if b"\0" in data or not data:
        return False
    return any(_decodes(data, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _decodes(data: bytes, encoding: str) -> bool:
    for cut in range(min(4, len(data))):
        try:
            text = data[: len(data) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(char) < 32 and char not in "\t\n\r\f" for char in text)
    return False
