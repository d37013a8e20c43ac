"""What a statistics file says of the values of a column: labels, and values declared missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskmodel.casefiles.read.cell_types import cell_text

DICTIONARY = pa.dictionary(pa.int32(), pa.large_string())
NOT_ASSESSED = "not_assessed"  # as a cell says it: other than a blank, no recording profile reads it


@dataclass(slots=True)
class DeclaredColumn:
    """One column of a statistics file.

    Cells come out as their labels, or as codes; as ``not_assessed`` where they are declared missing, or as blank where
    they are only ``passed_on``; as blank where the file has nothing. ``ranges`` are the limits of values declared
    missing, both included; in a column of numbers a letter tags a missing value. ``missing`` counts, by value.
    """

    name: str
    is_text: bool
    labels: Mapping[Any, str]
    ranges: Sequence[tuple[Any, Any]] = ()
    use_labels: bool = True
    passed_on: bool = False
    missing: Counter[str] = field(default_factory=Counter)

    def array(self, cells: Sequence[Any]) -> Any:
        """Cells as they were read, as an Arrow array of texts in a dictionary."""
        try:
            encoded = pa.array(cells, from_pandas=True).dictionary_encode()
        except (pa.ArrowException, TypeError):  # numbers beside letters that tag what is missing
            return self._mixed(cells)
        if pa.types.is_null(encoded.type.value_type):
            return pa.nulls(len(cells), DICTIONARY)
        if self.is_text and not self.ranges and not self.labels:
            return _blanks_as_null(encoded.cast(DICTIONARY))
        values = encoded.dictionary.to_pylist()
        texts = [self.text(value) for value in values]
        declared = [at for at, value in enumerate(values) if self._declared(value)]
        if declared:
            counts = np.bincount(np.asarray(encoded.indices.drop_null()), minlength=len(values))
            for at in declared:
                self.missing[self.called(values[at])] += int(counts[at])
        indices = encoded.indices
        if not all(texts):
            codes = np.asarray(indices.fill_null(0))
            blank = np.asarray(indices.is_null()) | ~np.array(list(map(bool, texts)), np.bool_)[codes]
            indices = pa.array(codes, pa.int32(), mask=blank)
        return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.large_string()))

    def _mixed(self, cells: Sequence[Any]) -> Any:
        texts: dict[tuple[type, Any], str | None] = {}
        for cell, count in Counter((type(cell), cell) for cell in cells).items():
            texts[cell] = None if cell[1] is None else self.text(cell[1]) or None
            if self._declared(cell[1]):
                self.missing[self.called(cell[1])] += count
        return pa.array([texts[type(cell), cell] for cell in cells], pa.large_string()).dictionary_encode()

    def text(self, value: Any) -> str:
        """What a value says."""
        if self._declared(value):
            return "" if self.passed_on else NOT_ASSESSED
        label = self.labels.get(value) if self.use_labels else None
        return label or cell_text(value)

    def _declared(self, value: Any) -> bool:
        """Whether a value is declared missing."""
        if isinstance(value, str):
            texts = (limits for limits in self.ranges if isinstance(limits[0], str))
            return not self.is_text or any(low <= value <= high for low, high in texts)
        if isinstance(value, int | float):
            return any(low <= value <= high for low, high in self.ranges if not isinstance(low, str))
        return False

    def shown_labels(self) -> list[str]:
        """The values that have a label, with it, but for those declared missing."""
        return [f"{cell_text(value)} = {label}" for value, label in self.labels.items() if not self._declared(value)]

    def called(self, value: Any) -> str:
        """A value declared missing, as messages name it: ``-9 'refused'``, ``.a``."""
        tag = isinstance(value, str) and not self.is_text
        label = self.labels.get(value, "")
        return (f".{value}" if tag else cell_text(value)) + (f" {label!r}" if label else "")


def _blanks_as_null(encoded: Any) -> Any:
    """Texts in a dictionary without the empty one."""
    blank = pc.index(encoded.dictionary, "").as_py()
    if blank < 0:
        return encoded
    indices = pc.if_else(pc.equal(encoded.indices, blank), None, encoded.indices)
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)
