"""Batches of responses as batches of cases, for the readers of case files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from riskmodel.cases.columns import CASE_ID
from riskmodel.cases.preparation import CellFault, Prepared
from riskmodel.evidence.records import Variable
from riskmodel.fhir.documents import parsed
from riskmodel.fhir.questions import NOT_ASSESSED_CODE
from riskmodel.fhir.response import RESPONSE, UNFINISHED, ResponseFault, ResponseReader

RESOURCE, REFERENCE, WITHIN = "resource", "reference", "within"
NAMELESS = "(none)"  # a response that is rejected, and that nothing names
RESPONSE_SCHEMA = pa.schema([(name, pa.large_string()) for name in (RESOURCE, REFERENCE, WITHIN)])


@dataclass(frozen=True)
class ResponsePreparation:
    """Responses to the Questionnaire of these variables; their outcomes are read only where they are evidence."""

    variables: tuple[Variable, ...]
    known_outcomes: bool = False

    def bind(self, schema: Any, file: str) -> BoundResponses:  # noqa: ARG002 - as every preparation
        """The preparation; the columns of such a file are always the same."""
        return BoundResponses(self.variables, known_outcomes=self.known_outcomes)


@dataclass
class BoundResponses:
    """A column of responses as the columns of a case file."""

    variables: tuple[Variable, ...]
    known_outcomes: bool = False
    reads: Sequence[str] = (RESOURCE, WITHIN)
    warnings: tuple[str, ...] = ()
    schema: Any = field(init=False)

    def __post_init__(self) -> None:
        self._reader = ResponseReader(self.variables)
        read = [v.column for v in self.variables if self.known_outcomes or v.role != "condition"]
        self._outcomes = {v.column for v in self.variables if v.role == "condition"} - set(read)
        self.schema = pa.schema([(name, pa.string()) for name in (CASE_ID, *read)])

    def prepare(self, batch: Any) -> Prepared:
        """The cells of each response; a response with a fault is a row with blanks, and is rejected."""
        columns: dict[str, list[str | None]] = {name: [] for name in self.schema.names}
        faults: list[CellFault] = []
        counts: Counter[str] = Counter()
        places = zip(batch.column(RESOURCE).to_pylist(), batch.column(WITHIN).to_pylist(), strict=True)
        for row, (text, within) in enumerate(places):
            cells, wrong = self._read(text, counts)
            start = f"{within}." if within else ""
            if wrong and not cells.get(CASE_ID):
                cells = {**cells, CASE_ID: NAMELESS}
            faults += [CellFault(row, f"{start}{fault.path}", fault.value, fault.problem) for fault in wrong]
            for name, column in columns.items():
                column.append(cells.get(name) or None)
        arrays = [pa.array(column, pa.string()) for column in columns.values()]
        return Prepared(pa.RecordBatch.from_arrays(arrays, schema=self.schema), tuple(faults), counts)

    def _read(self, text: str, counts: Counter[str]) -> tuple[Mapping[str, str], list[ResponseFault]]:
        try:
            resource = parsed(text)
        except (ValueError, RecursionError) as error:
            return {}, [ResponseFault("response", text, f"not JSON: {error}")]
        kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
        if kind != RESPONSE:
            return {}, [ResponseFault("resourceType", str(kind or ""), f"allowed: {RESPONSE}")]
        counts["responses that are not finished"] += resource.get("status") in UNFINISHED
        cells, faults = self._reader.read(resource)
        counts["answers on outcomes, not read"] += sum(
            1 for name in self._outcomes if cells.get(name) not in (None, "", NOT_ASSESSED_CODE)
        )
        return cells, faults
