"""Files of Stata, SPSS and SAS as tables of cases, read by pyreadstat in pieces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.declared import DICTIONARY, DeclaredColumn
from riskmodel.casefiles.read.table import hash_of_file, slices
from riskmodel.errors import CasesError, import_extra

_CELLS = 3_000_000  # read at once: each piece reads past those before it, and a cell takes 32 bytes
_SHOWN = 8  # labels or values of a column named in a note
_XPORT_RECORD = 80  # bytes


class StatisticsTable:
    """An open file of Stata (.dta), SPSS (.sav, .zsav, .por) or SAS (.sas7bdat, .xpt).

    Cells are value labels where there are any, unless ``codes`` are asked for. What the file declares missing is not
    assessed, which no recording profile reads, and counted: values of SPSS, tagged values (``.a``) of Stata and SAS.
    """

    kind = ""
    reader = ""
    tagged = True  # whether pyreadstat tells values declared missing from others
    header_lines = 0

    def __init__(self, path: Path, options: RunOptions) -> None:
        self.name = str(path)
        self._path = path
        self._library = import_extra("pyreadstat", "statistics", f"{path}: {self.kind} files need")
        self._codes = options.codes
        self._check(path)
        _, meta = self._read(metadataonly=True)
        self._names = list(meta.column_names)
        self.columns = {name: self._column(name, meta) for name in self._names}
        self.schema = pa.schema([(self.called(name), DICTIONARY) for name in self._names])
        rows = meta.number_rows
        self.rows: int | None = rows if rows is not None and rows >= 0 else None
        self._read_columns: list[DeclaredColumn] = []
        self._catalog = bool(meta.variable_to_label) and not meta.variable_value_labels

    def _check(self, path: Path) -> None:
        """Refuse what pyreadstat would read in part."""

    def called(self, name: str) -> str:
        """What a column is called here."""
        return name

    def _column(self, name: str, meta: Any) -> DeclaredColumn:
        labels = {value: str(label).strip() for value, label in meta.variable_value_labels.get(name, {}).items()}
        ranges = [(each["lo"], each["hi"]) for each in meta.missing_ranges.get(name, ())]
        is_text = meta.readstat_variable_types[name] == "string"
        return DeclaredColumn(self.called(name), is_text, labels, ranges, use_labels=not self._codes)

    def _read(self, **asked: Any) -> Any:
        """What pyreadstat gives; its errors name the file."""
        if self.tagged:
            asked["user_missing"] = True
        try:
            return getattr(self._library, self.reader)(str(self._path), output_format="dict", **asked)
        except self._library.ReadstatError as error:
            raise CasesError(f"{self.name}: not a readable {self.kind} file: {error}") from None
        except self._library.PyreadstatError as error:
            raise CasesError(f"{self.name}: {error}") from None
        except (
            OverflowError,
            ValueError,
            UnicodeError,
        ) as error:  # a date beyond all calendars, letters of no encoding
            raise CasesError(f"{self.name}: a cell of this {self.kind} file cannot be read: {error}") from None

    def use(self, findings: Collection[str], passed_on: Collection[str]) -> None:  # noqa: ARG002
        for column in self.columns.values():
            column.passed_on = column.name in passed_on

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        names = [name for name in self._names if self.called(name) in columns]
        self._read_columns = [self.columns[name] for name in names]
        yield from slices(self._batches(names))

    def _batches(self, names: list[str]) -> Iterator[Any]:
        most, done = max(_CELLS // max(len(names), 1), 1), 0
        while self.rows is None or done < self.rows:
            cells, _ = self._read(usecols=names, row_offset=done, row_limit=most)
            arrays = [self.columns[name].array(cells[name]) for name in names]
            batch = pa.RecordBatch.from_arrays(arrays, names=[self.called(name) for name in names])
            done += batch.num_rows
            yield batch
            if batch.num_rows < most:
                break
        if self.rows is not None and done != self.rows:
            raise CasesError(f"{self.name}: damaged: {done:,} rows, where its header says {self.rows:,}")

    def notes(self) -> tuple[str, ...]:
        notes = []
        labelled = [column for column in self._read_columns if column.labels]
        if labelled:
            read = (
                "codes are read and not their labels"
                if self._codes
                else "labels are read and not their codes (--codes)"
            )
            listed = "; ".join(f"{column.name} ({_some(column.shown_labels())})" for column in labelled[:_SHOWN])
            more = f"; and {len(labelled) - _SHOWN} more columns" if len(labelled) > _SHOWN else ""
            notes.append(f"{read}: {listed}{more}")
        if self._catalog:
            notes.append("codes are read: the labels of a SAS data set are in a catalog, which is another file")
        gone = [
            f"{column.name} {', '.join(f'{value} ({count:,})' for value, count in sorted(column.missing.items()))}"
            for column in self._read_columns
            if column.missing
        ]
        if gone:
            notes.append(f"cells that the file declares missing are not assessed: {'; '.join(gone)}")
        return tuple(notes)

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        """Nothing is held open."""


class StataTable(StatisticsTable):
    """A Stata file."""

    kind, reader = "Stata", "read_dta"


class SpssTable(StatisticsTable):
    """An SPSS file (.sav, .zsav)."""

    kind, reader = "SPSS", "read_sav"


class PortableTable(StatisticsTable):
    """A portable SPSS file (.por), whose names are all in capitals: they are read in small letters."""

    kind, reader, tagged = "portable SPSS", "read_por", False

    def called(self, name: str) -> str:
        return name.lower()


class SasTable(StatisticsTable):
    """A SAS data set (.sas7bdat)."""

    kind, reader = "SAS", "read_sas7bdat"


class TransportTable(StatisticsTable):
    """A SAS transport file (.xpt); names of version 5 are all in capitals: they are read in small letters."""

    kind, reader, tagged = "SAS transport", "read_xport", False

    def _check(self, path: Path) -> None:
        if path.stat().st_size % _XPORT_RECORD:
            raise CasesError(f"{path}: damaged: a SAS transport file is of whole records of {_XPORT_RECORD} bytes")

    def called(self, name: str) -> str:
        return name.lower() if name.isupper() else name


def _some(texts: Sequence[str]) -> str:
    """The first of some texts."""
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
