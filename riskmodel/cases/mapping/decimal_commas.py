"""Numbers that a file writes with a decimal comma, as the columns of a case file take them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskmodel.cases.cells import CellRules, whole
from riskmodel.cases.mapping.rules.outcome import Outcome, faults_of
from riskmodel.cases.mapping.source_cells import BLANK, CodedCells

if TYPE_CHECKING:
    import pyarrow as pa

COMMA, POINT = ",", "."
_WITH_COMMA = re.compile(r"([<>]?-?[0-9]+),([0-9]+)")
_WITH_POINT = re.compile(r"[<>]?-?[0-9]*\.[0-9,.]*")


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts: only these can be written with a comma."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def with_points(name: str, cells: CodedCells, rules: CellRules) -> Outcome:
    """The cells of a column of numbers with decimal points; a number with a point is refused.

    What the mapping names under values or missing stays as it is.

    >>> import numpy as np
    >>> cells = CodedCells(("38,5", "1.200", "n. d."), np.array([0, 1, 2]))
    >>> outcome = with_points("temp", cells, CellRules(missing=frozenset({"n. d."})))
    >>> outcome.words, outcome.faults[0].problem
    (('38.5', '', 'n. d.'), 'a point, where decimal = "," is stated; allowed: a number such as 38,5')
    """
    words, refused = [], []
    for code, text in enumerate(cells.texts):
        named = whole(text) in rules.missing or whole(text) in rules.values
        if not named and _WITH_POINT.fullmatch(text):
            refused.append((code, text, 'a point, where decimal = "," is stated; allowed: a number such as 38,5'))
            words.append(BLANK)
        else:
            words.append(text if named else _WITH_COMMA.sub(r"\1.\2", text) if _WITH_COMMA.fullmatch(text) else text)
    return Outcome(tuple(words), cells.codes, faults_of(name, cells, refused))
