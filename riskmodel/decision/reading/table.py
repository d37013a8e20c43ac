"""Strict reading of TOML tables: every key is taken by type, every problem is noted, nothing is guessed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from riskmodel.errors import Problem, nearest
from riskmodel.evidence.records import REPLACED

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)


class TomlTable:
    """A TOML table being read; what no one took by the time of :meth:`finish` is an unknown key."""

    def __init__(self, values: object, file: str, where: str, problems: list[Problem]) -> None:
        self.where = where
        self._file = file
        self._problems = problems
        self._known: list[str] = []
        self._values: dict[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self.problem("", f"found {values!r}", "a table is expected")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def problem(self, key: str, received: str, allowed: str) -> None:
        """Note a problem with the value of a key."""
        where = ", ".join(filter(None, [self.where, key]))
        self._problems.append(Problem(self._file, where, received, allowed))

    def text(self, key: str, *, required: bool = False) -> str:
        """A string; empty when absent."""
        value = self._take(key, required=required, allowed="a string")
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.problem(key, f"found {value!r}", "a string that is not empty is expected")
        return value if isinstance(value, str) else ""

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of different strings."""
        value = self._take(key, required=required, allowed="a list of strings")
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(key, f"found {value!r}", "a list of strings is expected")
            return ()
        for item in {item for item in value if value.count(item) > 1}:
            self.problem(key, f"{item!r} is named twice", "different strings are expected")
        return tuple(dict.fromkeys(value))

    def choices(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """A list of different strings, each of them known."""
        return tuple(item for item in self.texts(key) if self.is_known(key, item, allowed))

    def is_known(self, key: str, item: str, allowed: Sequence[str]) -> bool:
        """Whether a string is one of those known; a problem is noted when not."""
        if item not in allowed:
            self.problem(key, f"unknown {item!r}{nearest(item, allowed)}", f"one of {', '.join(allowed) or 'none'}")
        return item in allowed

    def positive(self, key: str) -> float:
        """A finite number above 0; 1 when it is not."""
        value = self._take(key, required=True, allowed="a number above 0")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(value) and value > 0:
            return float(value)
        if value is not None:
            self.problem(key, f"found {value!r}", "a number above 0 is expected")
        return 1.0

    def truth(self, key: str) -> bool | None:
        """A boolean, or ``None`` when absent."""
        value = self._take(key, required=False, allowed="")
        if value is None or isinstance(value, bool):
            return value
        self.problem(key, f"found {value!r}", "true or false is expected")
        return None

    def tables(self, key: str) -> list[Any]:
        """A list of tables, which must not be empty."""
        value = self._take(key, required=False, allowed="")
        if not isinstance(value, list) or not value:
            self.problem("", f"no [[{key}]]", f"at least one [[{key}]] table is expected")
            return []
        return value

    def named(self, key: str) -> dict[str, Any]:
        """A table of named things; empty when absent."""
        value = self._take(key, required=False, allowed="")
        if isinstance(value, dict):
            return value
        if value is not None:
            self.problem(key, f"found {value!r}", "a table is expected")
        return {}

    def finish(self) -> None:
        """Note every key that no one asked for."""
        for key in self._values.keys() - set(self._known):
            if key in REPLACED:
                self.problem("", f"key {key!r} has been replaced", REPLACED[key][1])
                continue
            self.problem("", f"unknown key {key!r}{nearest(key, self._known)}", f"one of {', '.join(self._known)}")

    def _take(self, key: str, *, required: bool, allowed: str) -> Any:
        self._known.append(key)
        if required and key not in self._values:
            self.problem("", f"no {key!r}", f"{allowed} is expected")
        return self._values.get(key)


def line_of(text: str, header: str, number: int, key: str = "") -> int:
    r"""The line of the ``number``-th ``[[header]]`` in a TOML text (from 0), or of a key under it.

    It is 0 where there is none.

    >>> line_of('a = 1\n[[rule]]\nid = "x"\nwhen = "y"', "rule", 0, "when")
    4
    """
    seen = -1
    for line, content in enumerate(text.splitlines(), start=1):
        content = content.strip()  # noqa: PLW2901
        if content.startswith("[["):
            seen += content.replace(" ", "").startswith(f"[[{header}]]")
            if seen == number and not key:
                return line
        elif seen == number and content.partition("=")[0].strip() == key:
            return line
    return 0
