"""Where two drawn pages differ to the eye: scans without text, compared by their ink. Pure; imports no Django.

The new page is laid over the old one first, as far as shifting goes: no two scans lie alike. What is ink on one page
and has no ink near it on the other differs; what is merely lighter, darker or a little beside it does not.
"""

from __future__ import annotations

from typing import Any

# Both pages are looked at in this width, 150 points to the inch of A4: a sign of a usual size has some 23, its strokes two.
WIDTH = 1240
# Scale and steps of the search for how one page lies on the other, each around the best of the one before: 5 % of a page.
SEARCH = ((10, 6), (3, 4), (1, 2))
INK = 150
# Ink in the next point of the other page is the same ink.
NEAR = 3
CELL = 16
# So large a piece of paper was drawn through evenly, but for so many points.
TILE, SLACK = 10 * CELL, 5
NEIGHBOURS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
MOVES = sorted(
    ((x, y) for x in range(-SLACK, SLACK + 1) for y in range(-SLACK, SLACK + 1)),
    key=lambda move: abs(move[0]) + abs(move[1]),
)
# Points of ink in a cell from which on it differs: dust is less.
MOST_DUST = 10
# Cells that differ so near each other are one region.
REACH = 2
MAX_REGIONS = 60
# Of the cells with ink; beyond, the page was scanned otherwise or is another page.
EVERYWHERE = 0.6
UNIT = 10_000

Cell = tuple[int, int]


def regions(old: Any, new: Any) -> dict[str, Any]:
    """Boxes [left, top, width, height] in ten-thousandths: what the old page alone has, and what the new one alone has.

    `is_everywhere` instead of boxes where nearly all of it differs.
    """
    before, after = _prepared(old), _prepared(new)
    size = (WIDTH, max(before.height, after.height))
    shift = _shift(_on(before, size), _on(after, size))
    inks = _ink(_on(before, size)), _ink(_on(after, size, shift))
    gone, came = _alone(*inks), _alone(inks[1], inks[0])
    inked = len(_cells(inks[0], 1) | _cells(inks[1], 1))
    if inked and len(gone | came) > EVERYWHERE * inked:
        return {"old": [], "new": [], "is_everywhere": True}
    return {
        "old": [_box(group, (0, 0), before.height) for group in _groups(gone)],
        "new": [_box(group, shift, after.height) for group in _groups(came)],
        "is_everywhere": False,
    }


def _prepared(picture: Any) -> Any:
    """Grey, in the common width, its paper white and its ink black."""
    from PIL import ImageOps

    height = max(1, round(picture.height * WIDTH / picture.width))
    return ImageOps.autocontrast(picture.convert("L").resize((WIDTH, height)), cutoff=(1, 20))


def _on(picture: Any, size: tuple[int, int], shift: Cell = (0, 0)) -> Any:
    from PIL import Image

    sheet = Image.new("L", size, 255)
    sheet.paste(picture, shift)
    return sheet


def _shift(old: Any, new: Any) -> Cell:
    """How far the new page must be moved to lie best on the old one."""
    best = (0, 0)
    for scale, steps in SEARCH:
        around = best[0] // scale, best[1] // scale
        x, y = _best(old.reduce(scale), new.reduce(scale), around, steps)
        best = x * scale, y * scale
    return best


def _best(old: Any, new: Any, around: Cell, steps: int) -> Cell:
    reach = range(-steps, steps + 1)
    tried = {(around[0] + dx, around[1] + dy) for dx in reach for dy in reach} | {(0, 0)}
    # The least moved of those that fit alike.
    return min(tried, key=lambda shift: (_unlike(old, new, shift), abs(shift[0]) + abs(shift[1])))


def _unlike(old: Any, new: Any, shift: Cell) -> float:
    from PIL import ImageChops, ImageStat

    return float(ImageStat.Stat(ImageChops.difference(old, _on(new, old.size, shift))).sum[0])


def _ink(sheet: Any) -> Any:
    return sheet.point(lambda value: 255 if value < INK else 0)


def _alone(ink: Any, other: Any) -> set[Cell]:
    """Cells with ink that has none near it on the other page.

    Tile by tile from the middle outwards, each where it fits best near where its neighbour fitted: no scanner draws
    paper through evenly, or straight.
    """
    from PIL import ImageFilter

    near = other.filter(ImageFilter.MaxFilter(NEAR))
    found: set[Cell] = set()
    fitted: dict[Cell, Cell] = {}
    for x, y in _outwards(-(-ink.width // TILE), -(-ink.height // TILE)):
        left, top = x * TILE, y * TILE
        tile = ink.crop((left, top, left + TILE, top + TILE))
        beside = ((x + dx, y + dy) for dx, dy in NEIGHBOURS)
        around = next((fitted[one] for one in beside if one in fitted), (0, 0))
        if tile.getbbox() is None:
            continue
        rest, fitted[x, y] = _rest(tile, near, (left, top), around)
        found |= {(cell + left // CELL, row + top // CELL) for cell, row in _cells(rest, MOST_DUST)}
    return found


def _outwards(across: int, down: int) -> list[Cell]:
    middle = (across - 1) / 2, (down - 1) / 2
    tiles = ((x, y) for x in range(across) for y in range(down))
    return sorted(tiles, key=lambda tile: (tile[0] - middle[0]) ** 2 + (tile[1] - middle[1]) ** 2)


def _rest(tile: Any, near: Any, at: Cell, around: Cell) -> tuple[Any, Cell]:
    """What of a tile's ink has none on the other page, where the tile fits best, and how far it was moved there."""
    from PIL import ImageChops

    best, least, moved = tile, TILE * TILE + 1, around
    for dx, dy in MOVES:
        x, y = around[0] + dx, around[1] + dy
        rest = ImageChops.subtract(tile, near.crop((at[0] + x, at[1] + y, at[0] + x + TILE, at[1] + y + TILE)))
        count = rest.histogram()[255]
        if count < least:
            best, least, moved = rest, count, (x, y)
        if least <= MOST_DUST:
            break
    return best, moved


def _cells(marks: Any, most: int) -> set[Cell]:
    across, down = -(-marks.width // CELL), -(-marks.height // CELL)
    counted = marks.crop((0, 0, across * CELL, down * CELL)).point(lambda value: value and 255).reduce(CELL)
    return {
        (index % across, index // across)
        for index, value in enumerate(counted.tobytes())
        if value * CELL * CELL > most * 255
    }


def _groups(cells: set[Cell]) -> list[set[Cell]]:
    """Cells near each other together, the largest groups first."""
    left, found = set(cells), []
    while left:
        group = {left.pop()}
        edge = list(group)
        while edge:
            x, y = edge.pop()
            near = {(x + dx, y + dy) for dx in range(-REACH, REACH + 1) for dy in range(-REACH, REACH + 1)} & left
            left -= near
            group |= near
            edge.extend(near)
        found.append(group)
    return sorted(found, key=lambda group: (-len(group), min(group)))[:MAX_REGIONS]


def _box(group: set[Cell], shift: Cell, height: int) -> list[int]:
    columns, rows = [x for x, _y in group], [y for _x, y in group]
    left, top = min(columns) * CELL - shift[0], min(rows) * CELL - shift[1]
    right, bottom = (max(columns) + 1) * CELL - shift[0], (max(rows) + 1) * CELL - shift[1]
    left, right = (max(0, min(WIDTH, x)) * UNIT // WIDTH for x in (left, right))
    top, bottom = (max(0, min(height, y)) * UNIT // height for y in (top, bottom))
    return [left, top, right - left, bottom - top]
