"""Pages of a file as pictures and text, made in a child process with limits of its own (see `documents.inspector`).

`main` answers one wish, JSON with `act`:

    page        what stands on a page: its shape, its text, where a searched text lies -> JSON
    draw        the picture of a page -> WebP
    difference  what differs between a page of two files, in text or, where there is none, to the eye -> JSON
    changed     which pages of two files differ in their text -> JSON

Nothing here trusts a file, and nothing here imports Django.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from documents.formats import PICTURES, Format
from documents.inspection import limit
from documents.looking import texts
from documents.looking.fonts import stand_in
from documents.looking.regions import WIDTH, regions
from documents.looking.texts import CannotShow, NoPage

CPU_SECONDS = 20
# A page of a poster or a strip is drawn smaller rather than in more memory than this.
MAX_SIDE = 12_000
MAX_AREA = 16_000_000
QUALITY = 80
MAX_CHARS = 60_000
MAX_MARKS = 300
MAX_TOKENS = 6_000
MAX_COMPARED = 500
# Places on a page are told in ten-thousandths of its width and height.
UNIT = 10_000
TOKEN = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)


class Page:
    """One page as text: its characters with their places, where the kind of file has places."""

    def __init__(self, facts: dict[str, Any], chars: str, marks: Callable[[int, int], list[list[int]]]) -> None:
        self.facts, self.chars, self.marks = facts, chars, marks


def open_page(path: Path, kind: Format, number: int) -> Page:
    """One page of a file. Raises NoPage, CannotShow, or whatever a broken file provokes."""
    if kind is Format.PDF:
        return _pdf_page(path, number)
    if kind in PICTURES:
        return Page(_picture_facts(path, number), "", lambda start, length: [])
    facts = texts.page(path, kind, number)
    return Page(facts, facts["text"], lambda start, length: [])


# -- PDF


def _open_pdf(path: Path, number: int) -> Any:
    import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]

    document = pdfium.PdfDocument(path)
    document.init_forms()  # what was typed into a form is drawn too
    if not 0 < number <= len(document):
        raise NoPage(len(document))
    return document


def _pdf_page(path: Path, number: int) -> Page:
    document = _open_pdf(path, number)
    page = document[number - 1]
    width, height = page.get_size()
    layer = page.get_textpage()
    chars = _chars(layer)
    facts = {
        "kind": "picture", "pages": len(document), "width": width, "height": height, "text": _whole(chars),
        "is_cut": layer.count_chars() > MAX_CHARS,
    }  # fmt: skip
    return Page(facts, chars, lambda start, length: _places(page, layer, start, length))


def _chars(layer: Any) -> str:
    """One sign for each character of the page, so that places can be asked for by index."""
    from pypdfium2 import raw  # type: ignore[import-untyped,unused-ignore]

    count = min(layer.count_chars(), MAX_CHARS)
    return "".join(_sign(raw.FPDFText_GetUnicode(layer, index)) for index in range(count))


def _sign(code: int) -> str:
    # 2 and FFFE stand for a hyphen at the end of a line.
    if code in {0x2, 0xFFFE}:
        return "-"
    return chr(code) if 32 <= code < 0x110000 or code in {9, 10, 13} else " "


def _whole(chars: str) -> str:
    text = chars.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub(r"\n{3,}", "\n\n", text.replace("\r", "")).strip()


def _places(page: Any, layer: Any, start: int, length: int) -> list[list[int]]:
    """Rectangles [left, top, width, height] of some characters, on the page as it is shown (turned, cut)."""
    import pypdfium2 as pdfium  # type: ignore[import-untyped,unused-ignore]

    conversion = pdfium.PdfPosConv(page, (0, 0, UNIT, UNIT, 0))
    found = []
    layer.count_rects()
    for index in range(layer.count_rects(start, length)):
        left, bottom, right, top = layer.get_rect(index)
        x1, y1 = conversion.to_bitmap(left, top)
        x2, y2 = conversion.to_bitmap(right, bottom)
        found.append([min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)])
    return found


def _draw_pdf(path: Path, number: int, width: int) -> Any:
    page = _open_pdf(path, number)[number - 1]
    across, down = page.get_size()
    scale = min(width / across, MAX_SIDE / down, (MAX_AREA / (across * down)) ** 0.5)
    return page.render(scale=max(scale, 1 / across, 1 / down)).to_pil().convert("RGB")


# -- pictures


def _open_picture(path: Path, number: int) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the check has limited it already, and memory is limited here
    picture = Image.open(path)
    pages = getattr(picture, "n_frames", 1)
    if not 0 < number <= pages:
        raise NoPage(pages)
    if number > 1:
        picture.seek(number - 1)
    return picture


def _picture_facts(path: Path, number: int) -> dict[str, Any]:
    with _open_picture(path, number) as picture:
        width, height = picture.size
        if picture.getexif().get(0x0112, 1) in {5, 6, 7, 8}:  # lies on its side
            width, height = height, width
        pages = getattr(picture, "n_frames", 1)
    return {"kind": "picture", "pages": pages, "width": width, "height": height, "text": "", "is_cut": False}


def _draw_picture(path: Path, number: int, width: int) -> Any:
    from PIL import ImageOps

    with _open_picture(path, number) as picture:
        picture.draft("RGB", (width, width))
        turned = ImageOps.exif_transpose(_with_eight_bits(picture))
    flat = _on_white(turned)
    across, down = flat.size
    scale = min(1, width / across, MAX_SIDE / down, (MAX_AREA / (across * down)) ** 0.5)
    size = max(1, round(across * scale)), max(1, round(down * scale))
    return flat if scale == 1 else flat.resize(size, reducing_gap=2)


def _with_eight_bits(picture: Any) -> Any:
    if not picture.mode.startswith("I"):
        return picture
    shallow = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    shallow.info.update(picture.info)
    return shallow


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    page = Image.new("RGB", clear.size, "white")
    page.paste(clear, mask=clear.getchannel("A"))
    return page


# -- what is asked


def look_at(path: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """The facts of a page, and where the searched text lies on it."""
    page = open_page(path, Format(wish["kind"]), wish["page"])
    hits = [match.span() for match in pattern_of(wish["find"]).finditer(page.chars)] if wish.get("find") else []
    return {**page.facts, "hits": _marked(page, hits), "hit_count": len(hits)}


def pattern_of(searched: str) -> re.Pattern[str]:
    """Finds a text whatever its case, and where lines break inside it."""
    signs = [re.escape(sign) for sign in searched if not sign.isspace()]
    return re.compile(r"\s*".join(signs) or r"(?!)", re.IGNORECASE)


def draw(path: Path, wish: dict[str, Any]) -> bytes:
    """The picture of a page, at most as wide as wished."""
    out = io.BytesIO()
    _drawn(path, wish["kind"], wish["page"], wish["width"]).save(out, "WEBP", quality=QUALITY, method=0)
    return out.getvalue()


def _drawn(path: Path, kind: str, number: int, width: int) -> Any:
    if kind != Format.PDF and Format(kind) not in PICTURES:
        raise CannotShow
    return (_draw_pdf if kind == Format.PDF else _draw_picture)(path, number, width)


def difference(path: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """What differs in the text of a page of this file (old) and one of the other (new): runs, and their places."""
    old = open_page(path, Format(wish["kind"]), wish["page"])
    new = open_page(Path(wish["other"]), Format(wish["other_kind"]), wish["other_page"])
    before, after = _tokens(old.chars), _tokens(new.chars)
    is_cut = max(len(before), len(after)) > MAX_TOKENS
    before, after = before[:MAX_TOKENS], after[:MAX_TOKENS]
    runs: list[list[str]] = []
    spans: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for act, i1, i2, j1, j2 in _operations(before, after):
        runs.append([act, _words(before[i1:i2]), _words(after[j1:j2])])
        if act != "equal":
            spans[0].extend(_span(before[i1:i2]))
            spans[1].extend(_span(after[j1:j2]))
    return {
        "runs": runs, "old": _marked(old, spans[0]), "new": _marked(new, spans[1]), "is_cut": is_cut,
        "has_text": [bool(before), bool(after)], "picture": _picture_difference(path, wish, old, new),
    }  # fmt: skip


def _picture_difference(path: Path, wish: dict[str, Any], old: Page, new: Page) -> dict[str, Any] | None:
    """Where two pages differ to the eye; None where both have text, or one is not drawn."""
    if (old.chars.strip() and new.chars.strip()) or {old.facts["kind"], new.facts["kind"]} != {"picture"}:
        return None
    return regions(
        _drawn(path, wish["kind"], wish["page"], WIDTH),
        _drawn(Path(wish["other"]), wish["other_kind"], wish["other_page"], WIDTH),
    )


def _tokens(chars: str) -> list[tuple[str, int]]:
    """Words and single Chinese signs with their places; how much white lies between them makes no difference."""
    return [(match[0], match.start()) for match in TOKEN.finditer(chars) if not match[0].isspace()]


def _operations(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> list[tuple[str, int, int, int, int]]:
    """What difflib finds between what both have at their beginning and their end."""
    old, new = [token for token, _at in before], [token for token, _at in after]
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    middle = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    found = [("equal", 0, head, 0, head)] if head else []
    found += [(act, i1 + head, i2 + head, j1 + head, j2 + head) for act, i1, i2, j1, j2 in middle.get_opcodes()]
    return found + ([("equal", len(old) - tail, len(old), len(new) - tail, len(new))] if tail else [])


def _words(tokens: list[tuple[str, int]]) -> str:
    """The tokens as text again: a blank where there was one."""
    text, end = "", None
    for token, at in tokens:
        text += (" " if end is not None and at > end else "") + token
        end = at + len(token)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _span(tokens: list[tuple[str, int]]) -> list[tuple[int, int]]:
    return [(tokens[0][1], tokens[-1][1] + len(tokens[-1][0]))] if tokens else []


def _marked(page: Page, spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    marks: list[list[int]] = []
    for start, end in spans:
        marks.extend(page.marks(start, end - start))
        if len(marks) >= MAX_MARKS:
            break
    return marks[:MAX_MARKS]


def changed(path: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """Numbers of the pages whose text differs; a page that only one of them has differs."""
    old = _texts(path, Format(wish["kind"]))
    new = _texts(Path(wish["other"]), Format(wish["other_kind"]))
    longer = max(len(old), len(new))
    differing = [n + 1 for n in range(longer) if old[n : n + 1] != new[n : n + 1]]
    return {"changed": differing, "compared": longer, "has_text": any(old) or any(new)}


def _texts(path: Path, kind: Format) -> list[str]:
    if kind is Format.PDF:
        document = _open_pdf(path, 1)
        layers = (document[n].get_textpage() for n in range(min(len(document), MAX_COMPARED)))
        return ["".join(layer.get_text_range().split()) for layer in layers]
    first = open_page(path, kind, 1)
    rest = (open_page(path, kind, n) for n in range(2, min(first.facts["pages"], MAX_COMPARED) + 1))
    return ["".join(page.chars.split()) for page in (first, *rest)]


_ACTS: dict[str, Callable[[Path, dict[str, Any]], dict[str, Any] | bytes]] = {
    "page": look_at,
    "draw": draw,
    "difference": difference,
    "changed": changed,
}


def main(path: str, wish: str) -> int:
    """Answer one wish about one file: WebP, or a line of JSON. What a file provokes is told as a problem."""
    limit(CPU_SECONDS)
    warnings.simplefilter("ignore")
    wished = json.loads(wish)
    try:
        stand_in(wished.get("font", ""))
        answer = _ACTS[wished["act"]](Path(path), wished)
    except NoPage as missing:
        answer = {"problem": "no_page", "pages": missing.pages}
    except CannotShow:
        answer = {"problem": "no_picture"}
    except MemoryError:
        answer = {"problem": "too_heavy"}
    except Exception as error:  # any library's complaint about this page
        answer = {"problem": "broken", "detail": f"{type(error).__name__}: {error}"[:300]}
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def preload() -> None:
    """Everything a wish imports, so that no child has to."""
    import pypdfium2.raw  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
    import python_calamine  # noqa: F401
    from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat  # noqa: F401

    Image.init()
