"""One case of a file, by its identifier."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from riskmodel.cases.blocks import BlockReader
from riskmodel.cases.coded import Coder, moved
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.options import RunOptions
from riskmodel.cases.pipeline import read_layout
from riskmodel.cases.reader_small import SmallReader
from riskmodel.cases.scored import Masks
from riskmodel.cases.source import Source
from riskmodel.errors import CasesError, nearest
from riskmodel.evidence.records import Variable

MOST_NAMES = 10_000  # identifiers remembered for a hint


def find_case(source: str | Path, case_id: str, variables: Sequence[Variable], options: RunOptions) -> Masks:
    """The coded evidence of the first case of that identifier, shape (variables, 1).

    Raises
    ------
    CasesError
        when the file has no such case, or its row is bad.
    """
    with contextlib.closing(Source(source)) as opened:
        blocks = BlockReader(opened, options.block_bytes)
        text, header_lines = blocks.read_header()
        contract = ColumnContract(tuple(variables))
        layout = read_layout(text, variables, options, opened.name)
        reader = SmallReader(Coder(contract, layout, load_mapping(options.mapping, contract), options.default_setting))
        records, lines, known = 0, header_lines + 1, []
        for block in blocks.blocks(reader.records_end):
            coded = reader.read(block)
            if coded.fault is not None:
                raise CasesError(f"{opened.name}: line {coded.fault.line + lines}: {coded.fault.problem}")
            names = [coded.case_id(row) for row in range(len(coded.rows))]
            if case_id in names:
                return np.ascontiguousarray(coded.masks[:, [names.index(case_id)]])
            for reject in coded.rejects:
                if reject.case_id == case_id:
                    raise CasesError(f"{opened.name}: {moved(reject, records, lines)}")
            records, lines = records + coded.records, lines + coded.line_count
            known += names[: MOST_NAMES - len(known)]
    raise CasesError(f"{source}: no case {case_id!r}{nearest(case_id, known)}")
