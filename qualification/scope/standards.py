"""Reading of standard numbers as people write them. Pure: runs in the child process, without Django."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

CODES_FILE = Path(__file__).parent / "data" / "standard-codes.json"
KINDS = ("national", "industry", "local", "international", "regional", "foreign")
PUBLIC_KINDS = ("national", "industry", "local", "international", "regional")

# Character for character, so that a place in the clean text is the same place in the written one.
_DASHES = "‐‑‒–—―−－﹣─"
_SLASHES = "∕⁄／⧸╱\\＼"
_SPACES = "\u00a0\u3000\u2002\u2003\u2009\u200a\u202f\t\r"
_SAME_LENGTH = {
    **{ord(c): "-" for c in _DASHES},
    **{ord(c): "/" for c in _SLASHES},
    **{ord(c): " " for c in _SPACES},
    **{0xFF01 + i: chr(0x21 + i) for i in range(94) if chr(0xFF01 + i) not in "－／＼"},
    ord("〔"): "(", ord("〕"): ")", ord("【"): "(", ord("】"): ")", ord("∶"): ":", ord("\x0b"): "\n",
}  # fmt: skip
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\ufeff\u2060\u00ad]")

_BASE = r"(?:[A-Z]\s?)?\d+[A-Z]?(?:\s*\.\s*\d+)*[A-Z]?"
_BROKEN_BASE = r"\d+\s*\n\s*\d+(?:\s*\.\s*\d+)*"
_YEAR4 = r"(?:1\n?9|2\n?0)\n?\d\n?\d"
_TAIL = rf"(?P<part>\s*-\s*\d{{1,3}})?\s*[-:]{{1,2}}\s*(?P<year>{_YEAR4})|\s*-{{1,2}}\s*(?P<short>\d{{2}})"
_AMENDMENT = r"(?:\s*/\s*(?P<amendment>XG\s*\d+\s*-\s*\d{4}))?"
_CLAUSE_PART = r"(?:附录\s*)?(?:[A-Z]\s*\.?\s*)?\d+(?:\s*\.\s*\d+)*(?![\d-])|附录\s*[A-Z]|[A-Z](?![A-Z/0-9])"
_METHOD = r"第\s*(?:[一二三四五六七八九十]+|\d+)\s*(?:法|篇|章|条)|方法\s*[A-Z一二三四五六七八九十\d]+(?!\d)"
_CLAUSE = rf"""(?P<clause>
    (?:\s*/\s*(?:{_CLAUSE_PART}))+
  | \s*\(\s*(?:\d+(?:\.\d+)+|{_METHOD})\s*\)
  | \s*(?:{_METHOD})
  | [ \n]+\d+(?:\.\d+)+(?!\s*[-\d])
)?"""


@dataclass(frozen=True, slots=True)
class Standard:
    """One standard or method: the number in one normal form, and the words it was read from."""

    number: str
    year: str
    clause: str
    title: str
    kind: str
    raw: str

    @property
    def designation(self) -> str:
        """Number and clause as one writes them: `GB/T 20174-2019/8.5.7.6`."""
        return f"{self.number}/{self.clause}" if self.clause else self.number or self.title

    def as_json(self) -> dict[str, str]:
        """What a row keeps of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell holds: its standards, and the codes of what was doubtful, each with the words meant."""

    standards: tuple[Standard, ...]
    doubts: tuple[tuple[str, str], ...]


@cache
def codes() -> dict[str, str]:
    """Code of a standard -> kind of its publisher."""
    data = json.loads(CODES_FILE.read_text(encoding="utf-8"))
    return {code: kind for kind in KINDS for code in data[kind]}


@cache
def _pattern() -> re.Pattern[str]:
    known = "|".join(sorted((c for c in codes() if not c.startswith("DB")), key=len, reverse=True))
    slash = r"(?:\s*/\s*(?:[TZJ]|IEC|ASTM|ISO|TS|TR|PAS|EN)(?![A-Z])){0,2}"
    local = r"DB[SJ]?\s*\d{2,6}\s*/(?:\s*[TZ](?![A-Z]))?"
    code = rf"(?:{local}|(?:{known})T?(?![A-Z])(?:\s+[A-Z]{{2,4}}(?=\s+[A-Z\d])){{0,2}}{slash})"
    group = r"(?:[TQ]\s*/\s*[A-Z0-9]{2,12}(?:\s*[A-Z])?)"
    other = r"(?:[A-Z]{2,8}(?:\s*/\s*[A-Z]{1,8})?)"
    dated = rf"(?:{code}|{group}|{other})\s*(?:{_BROKEN_BASE}|{_BASE})(?:{_TAIL})(?!\d)"
    named = {"part": "part2", "year": "year2", "short": "short2"}
    for old, new in named.items():
        dated = dated.replace(f"?P<{old}>", f"?P<{new}>")
    undated = rf"(?:{code}|{group})\s*(?:[A-Z]\s?)?\d{{2,}}(?:\s*\.\s*\d+)*[A-Z]?(?:-\d(?!\d))?(?![-\d])"
    return re.compile(
        rf"(?<![A-Za-z0-9./])(?P<body>{dated}|{undated}){_AMENDMENT}{_CLAUSE}", re.IGNORECASE | re.VERBOSE
    )


def clean(text: str) -> str:
    """Full-width characters, odd dashes, slashes and blanks as plain ones; of the same length."""
    return text.translate(_SAME_LENGTH)


def read_cell(text: str) -> Reading:
    """Read all standards that one cell names, with number before or after the title.

    Doubts: `no_number`, `no_year`, `year_guessed`.
    """
    written = _ZERO_WIDTH.sub("", text).strip()
    plain = clean(written)
    matches = [m for m in _pattern().finditer(plain) if _is_number(m)]
    if not matches:
        title = _tidy_title(written)
        return Reading((Standard("", "", "", title, "", written),), (("no_number", written),))
    titles = _titles(written, matches)
    standards, doubts = [], []
    for match, title in zip(matches, titles, strict=True):
        standard, doubt = _standard(match, title, written)
        standards.append(standard)
        doubts += [(doubt, standard.raw)] if doubt else []
    return Reading(tuple(standards), tuple(doubts))


def _is_number(match: re.Match[str]) -> bool:
    # A lower-case word that happens to end in digits is no number; codes are written in capitals,
    # and only the best known are also met in small letters.
    letters = re.match(r"[A-Za-z]+", match["body"])
    word = letters[0] if letters else ""
    return word.isupper() or word.upper() in ("GB", "GBT", "ISO", "IEC", "HJ", "DB", "SN", "NY", "T", "Q")


def _standard(match: re.Match[str], title: str, written: str) -> tuple[Standard, str]:
    raw = written[match.start() : match.end()].strip()
    year, doubt = _year(match)
    number, kind = _number(match, year)
    clause = _clause(match["clause"] or "")
    return Standard(number, year, clause, title, kind, raw), doubt


def _year(match: re.Match[str]) -> tuple[str, str]:
    if match["year2"]:
        return re.sub(r"\s", "", match["year2"]), ""
    if match["short2"]:
        short = int(match["short2"])
        # Two-digit years ended with 1999 for Chinese standards; a small one is a guess.
        if short >= 49:
            return f"19{short:02d}", ""
        return f"20{short:02d}", "year_guessed"
    return "", "no_year"


def _number(match: re.Match[str], year: str) -> tuple[str, str]:
    body = re.sub(r"\s+", " ", match["body"]).upper()
    part = re.sub(r"\s", "", match["part2"] or "")
    if year:
        tail = len(re.sub(r"\s+", " ", _tail_of(match)))
        body = body[: len(body) - tail]
    code, digits = _split_code(re.sub(r"\s*([/.])\s*", r"\1", body).strip())
    mark = ":" if ":" in _tail_of(match) else "-"
    number = f"{code} {digits}{part}" + (f"{mark}{year}" if year else "")
    if match["amendment"]:
        number += "/" + re.sub(r"\s", "", match["amendment"]).upper()
    return number.strip(), _kind(code or digits)


def _tail_of(match: re.Match[str]) -> str:
    group = "year2" if match["year2"] else "short2"
    if not match[group]:
        return ""
    start = match.start("part2") if match["part2"] else _dash_before(match, group)
    return match.string[start : match.end(group)]


def _dash_before(match: re.Match[str], group: str) -> int:
    place = match.start(group)
    while match.string[place - 1] in "-: \n":
        place -= 1
    return place


def _split_code(body: str) -> tuple[str, str]:
    local = re.match(r"(DB[SJ]?)\s?(\d{2,6})/([TZ])?\s?([\d.]+[A-Z]?)$", body)
    if local and local[3]:
        return f"{local[1]}{local[2]}/{local[3]}", local[4]
    if local:
        return "", f"{local[1]}{local[2]}/{local[4]}"
    group = re.match(r"([TQ]/\w*?[A-Z])\s?(\d[\d.]*[A-Z]?)$", body) or re.match(r"([TQ]/\w+)\s(\d[\d.]*[A-Z]?)$", body)
    if group:
        return group[1], group[2]
    found = re.match(r"(.*?[A-Z])\s*?(\s[A-Z]\s?)?(\d[\d .]*[A-Z]?(?:-\d)?)$", body)
    if not found:
        return "", body
    digits = (found[2] or "").strip() + found[3].replace(" ", "")
    return _normal_code(found[1].strip()), digits


def _normal_code(code: str) -> str:
    # 'GBT 5009' is how a keyboard without a slash writes 'GB/T 5009'.
    if code.endswith("T") and code not in codes() and code[:-1] in codes():
        return f"{code[:-1]}/T"
    return code


def _kind(code: str) -> str:
    if code.startswith("T/"):
        return "group"
    if code.startswith("Q/"):
        return "enterprise"
    first = re.split(r"[/ ]", code)[0]
    if re.match(r"DB[SJ]?\d", first):
        return "local"
    return codes().get(first, "other")


def _clause(text: str) -> str:
    parts = [re.sub(r"\s", "", p).strip("()") for p in text.split("/")]
    return "/".join(p for p in parts if p)


def _titles(written: str, matches: list[re.Match[str]]) -> list[str]:
    ends = [0, *(m.end() for m in matches)]
    starts = [*(m.start() for m in matches), len(written)]
    gaps = [_tidy_title(written[a:b]) for a, b in zip(ends, starts, strict=True)]
    if not gaps[0]:
        return gaps[1:]
    titles = gaps[:-1]
    titles[-1] = f"{titles[-1]} {gaps[-1]}".strip()
    return titles


def _tidy_title(text: str) -> str:
    inner = re.sub(r"\s+", " ", text).strip(" \n,，;；、/:：。~～")
    while True:
        before = inner
        inner = inner.strip(" ,，;；、/:：~～")
        for left, right in ("《》", "()", "（）", "“”", "<>", "〈〉"):
            inner = _unwrap(inner, left, right)
        if inner == before:
            return inner


def _unwrap(text: str, left: str, right: str) -> str:
    if text.startswith(left) and text.endswith(right) and text.count(left) == 1 == text.count(right) and len(text) > 1:
        return text[1:-1]
    if text.startswith(right) or (text.startswith(left) and right not in text):
        return text[1:]
    if text.endswith(left) or (text.endswith(right) and left not in text):
        return text[:-1]
    return text
