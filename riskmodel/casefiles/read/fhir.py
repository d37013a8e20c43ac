"""Files of FHIR QuestionnaireResponses as a table: a row a response, its answers made columns by a preparation."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.table import hash_of_file, opened_bytes
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.records import Variable
from riskmodel.fhir.documents import Placed, is_line_by_line, numbered, parsed, response_of_line, responses_of
from riskmodel.fhir.preparation import RESPONSE_SCHEMA, ResponsePreparation

ROWS = 2048  # responses taken at once


def with_answers(variables: Sequence[Variable], options: RunOptions) -> RunOptions:
    """The options of a run over responses."""
    if options.mapping is not None or options.preparation is not None:
        raise UsageError("a mapping goes with a table; responses have the columns of the questionnaire already")
    return replace(options, preparation=ResponsePreparation(tuple(variables), options.known_outcomes))


class FhirTable:
    """An open file of responses: a resource, a Bundle, or NDJSON; also compressed."""

    header_lines = 0

    def __init__(self, path: Path, options: RunOptions) -> None:  # noqa: ARG002 - every format takes them
        self.name = str(path)
        self._path = path
        self.schema = RESPONSE_SCHEMA
        self.rows: int | None = None
        self._notes: tuple[str, ...] = ()
        try:
            self._file = io.TextIOWrapper(opened_bytes(path), encoding="utf-8-sig", newline=None)
        except OSError as error:
            raise CasesError(f"{path}: {error.strerror or error}") from None

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        try:
            first = next((line for line in self._file if line.strip()), "")
            if is_line_by_line(first):
                yield from self._lines(chain([first], self._file), columns)
                return
            document = parsed(first + self._file.read())
        except UnicodeDecodeError as error:
            raise CasesError(f"{self.name}: a text is not UTF-8: {error}") from None
        except OSError as error:
            raise CasesError(f"{self.name}: cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise CasesError(f"{self.name}: not JSON: {error}") from None
        placed, self._notes = responses_of(document, self.name)
        self.rows = len(placed)
        for start in range(0, len(placed), ROWS):
            yield Piece(_batch(placed[start : start + ROWS], columns))

    def _lines(self, lines: Iterator[str], columns: Sequence[str]) -> Iterator[Piece]:
        """Lines of NDJSON; blank ones are none."""
        before = 0
        rows = numbered(lines)
        while taken := [*islice(rows, ROWS)]:
            last = taken[-1][0] + 1
            places = np.array([number - before for number, _ in taken], np.int64)
            yield Piece(_batch([response_of_line(line) for _, line in taken], columns), places, last - before)
            before = last

    def notes(self) -> tuple[str, ...]:
        return self._notes

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        self._file.close()


def _batch(placed: Sequence[Placed], columns: Sequence[str]) -> Any:
    texts = {"resource": [each.text for each in placed]}
    texts |= {"reference": [each.reference for each in placed], "within": [each.within for each in placed]}
    return pa.RecordBatch.from_arrays(
        [pa.array(texts[name], RESPONSE_SCHEMA.field(name).type) for name in columns], names=list(columns)
    )
