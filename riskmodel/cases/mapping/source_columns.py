"""The columns of a file as the rules of a mapping read them, with what the mapping says of their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping.dates import DateReader
from riskmodel.cases.mapping.source_cells import SourceColumn


@dataclass(slots=True)
class SourceColumns:
    """Makes the columns that rules read, and remembers which rule reads which.

    ``everywhere``, ``values``, ``missing``, ``missing_in`` and ``units`` are those of the mapping, by column of the
    file; ``dates`` and ``decimal`` hold for all columns; ``helpers`` are the tables under [helper].
    """

    contract: ColumnContract
    everywhere: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    missing: frozenset[str]
    missing_in: Mapping[str, frozenset[str]]
    units: Mapping[str, Any]
    dates: DateReader
    decimal: str
    helpers: Mapping[str, Any]
    read_by: dict[str, set[str]] = field(default_factory=dict)  # column of the file or helper → rules that read it

    def source(self, name: str, where: str, *, words: bool = False) -> SourceColumn:
        """A column of the file, or a helper, as a rule reads it; ``words``: with what holds in every column."""
        self.read_by.setdefault(name, set()).add(where)
        if name in self.helpers:
            return SourceColumn(name, dates=self.dates)
        common = self.everywhere if words else {}
        return SourceColumn(
            name,
            {**common, **self.values.get(name, {})},
            self.missing | self.missing_in.get(name, frozenset()),
            self.dates,
            self.decimal,
        )
