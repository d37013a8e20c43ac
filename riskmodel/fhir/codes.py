"""Codes that other systems have for our columns, from ``codes.toml`` beside the priors."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskmodel.decision.reading.table import TomlTable
from riskmodel.errors import PriorsError, Problem, nearest
from riskmodel.evidence.records import Variable

FILE = "codes.toml"


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """A code of another system that says exactly what a column says."""

    system: str
    code: str
    display: str


def find_codes(root: Path, variables: Sequence[Variable]) -> Mapping[str, ForeignCode]:
    """The codes by variable; none where the folder has no such file.

    Raises
    ------
    PriorsError
        With every problem of the file.
    """
    path = root / FILE
    if not path.exists():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriorsError([Problem(FILE, "", f"cannot be read: {error}", str(path))]) from None
    problems: list[Problem] = []
    names = [variable.name for variable in variables]
    codes = {}
    for name, values in data.items():
        table = TomlTable(values, FILE, name, problems)
        if name not in names:
            table.problem("", f"no variable {name!r}{nearest(name, names)}", "a variable of network.toml")
        codes[name] = ForeignCode(*(table.text(key, required=True) for key in ("system", "code", "display")))
        table.finish()
    if problems:
        raise PriorsError(problems)
    return codes
