"""A draft of a mapping: lines of TOML, each guess with the reason and how sure it is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

CHECK = "CHECK"


def literal(text: str) -> str:
    r"""A text as TOML writes it.

    >>> print(literal('say "ja"'), literal("a\nb"))
    "say \"ja\"" "a\nb"
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """A name as a key of TOML, bare where it can be.

    >>> key("fever"), key("Temp raised")
    ('fever', '"Temp raised"')
    """
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else literal(name)


def texts(values: Sequence[str]) -> str:
    """A list of texts as TOML writes it."""
    return f"[{', '.join(map(literal, values))}]"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """``entry`` of TOML, why it is there, and whether it is in force or commented out."""

    entry: str
    why: str = ""
    active: bool = True

    def __str__(self) -> str:
        comment = f"  # {CHECK}: {_one_line(self.why)}" if self.why else ""
        return f"{'' if self.active else '# '}{self.entry}{comment}"


@dataclass(slots=True)
class Draft:
    """The lines of a mapping by its tables; the table of the empty name comes first and has no header.

    ``used`` are the columns of the file that lines in force speak of.
    """

    tables: defaultdict[str, list[DraftLine]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(self, table: str, entry: str, why: str = "", *, active: bool = True) -> None:
        """Add a line to a table."""
        self.tables[table].append(DraftLine(entry, why, active))

    def text(self, head: Sequence[str], order: Callable[[str], int]) -> str:
        """The mapping as a file."""
        lines = [*(f"# {_one_line(line)}" for line in head), *self._tables(order)]
        if self.notes:
            lines += ["", *(f"# {_one_line(note)}" for note in self.notes)]
        return "\n".join(lines) + "\n"

    def _tables(self, order: Callable[[str], int]) -> Iterator[str]:
        for name in sorted(self.tables, key=order):
            lines = self.tables[name]
            yield ""
            if name:
                active = any(line.active for line in lines)
                yield f"{'' if active else '# '}[{name}]"
            yield from map(str, lines)


def _one_line(text: str) -> str:
    """A comment without line breaks and other signs that cannot stand in one."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)
