"""The picture of the rooms in docs/architecture.md, drawn from the floors and each room's docstring."""

from html import escape
from textwrap import wrap

from tests.support.architecture import FLOORS, holds
from tests.support.paths import ROOT

PICTURE = ROOT / "docs" / "rooms.svg"
WIDTH, MARGIN, GAP = 1000, 16, 8
LINE, CHARACTER = 17, 6.4  # height of a line, and width of a character of the small type
STYLE = (
    ".room{fill:#f4f6f8;stroke:#5b6b7a}.ground{fill:#e6e0d6}.name{font:bold 14px sans-serif;fill:#1c2833}"
    ".holds{font:12px sans-serif;fill:#33424f}"
)


def rooms() -> bytes:
    """The picture of the rooms: the same bytes for the same floors and docstrings."""
    drawn, top = [], MARGIN
    for floor in reversed(FLOORS):
        width = (WIDTH - 2 * MARGIN - GAP * (len(floor) - 1)) / len(floor)
        texts = [wrap(holds(name), int((width - 2 * GAP) / CHARACTER)) for name in floor]
        height = LINE * (1 + max(map(len, texts))) + 2 * GAP
        kind = "room ground" if floor == FLOORS[0] else "room"
        for number, (name, lines) in enumerate(zip(floor, texts, strict=True)):
            left = MARGIN + number * (width + GAP)
            drawn.append(f'<rect class="{kind}" x="{left:g}" y="{top}" width="{width:g}" height="{height}" rx="4"/>')
            for row, (style, text) in enumerate([("name", name), *(("holds", line) for line in lines)]):
                place = f'x="{left + GAP:g}" y="{top + GAP + LINE * row + 12}"'
                drawn.append(f'<text class="{style}" {place}>{escape(text)}</text>')
        top += height + GAP
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    title = "<title>The rooms of the package, floor by floor; each imports only from floors below its own</title>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{title}<style>{STYLE}</style>'
    background = f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>'
    return "\n".join([head, background, *drawn, "</svg>\n"]).encode()


if __name__ == "__main__":
    PICTURE.write_bytes(rooms())
