"""Scored rows as FHIR RiskAssessments, one a line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import OutputColumn
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.compression import compressed
from riskmodel.casefiles.write.plain import output_names
from riskmodel.casefiles.write.row_writer import plain_values
from riskmodel.fhir.preparation import REFERENCE, RESOURCE
from riskmodel.fhir.risk import AssessedBy, risk_assessment
from riskmodel.outputs.streams import Sink


class AssessmentRows:
    """Rows as resources. The responses that were scored come along as the columns ``resource`` and ``reference``."""

    def __init__(self, sink: Sink, name: str, by: AssessedBy, kept: Sequence[str]) -> None:
        self._sink = compressed(sink, name)
        self._by = by
        self._kept = kept

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        """There is no header."""

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[bytes]:
        """One line a case."""
        return [(json.dumps(made, ensure_ascii=False) + "\n").encode() for made in self._assessments(block, columns)]

    def _assessments(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Iterator[dict[str, Any]]:
        identifiers, *kept = block.words()
        names = output_names(columns, self._kept)
        for row in zip(identifiers, *map(plain_values, columns), *kept, strict=True):
            cells = dict(zip(names, row, strict=True))
            response = json.loads(cells[RESOURCE]) if cells.get(RESOURCE) else None
            yield risk_assessment(cells, self._by, response, str(cells.get(REFERENCE) or ""))

    def write(self, rendered: list[bytes], repeated: NDArray[np.bool_]) -> None:
        self._sink.write(b"".join(line for line, again in zip(rendered, repeated.tolist(), strict=True) if not again))

    def finish(self) -> None:
        self._sink.finish()
