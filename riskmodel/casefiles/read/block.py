"""One block of records after reading: coded evidence, texts to pass on, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks
from riskmodel.casefiles.options import Mapped, Reject, RunOptions, Translation
from riskmodel.casefiles.read.tokens import RowFault, split_record
from riskmodel.cases.cells import CellDecoder, CellProblem, excerpt
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.header import Layout, match_header
from riskmodel.cases.mapping import CaseMapping, load_mapping
from riskmodel.cases.preparation import Preparation
from riskmodel.errors import NoSettingError
from riskmodel.evidence.records import SETTING, Variable


@dataclass(frozen=True, slots=True)
class StructuralFault:
    """A structural fault: the lines of the block before it, and what is wrong."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class TextCells:
    """Texts of the accepted rows, as bytes in ``data`` with every quote doubled (as inside CSV quotes).

    ``starts`` and ``lengths`` have the shape (1 + kept columns, rows); row 0 is ``case_id``.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def text(self, column: int, row: int) -> str:
        """One text as it stands in the file, without CSV's quotes."""
        start, length = int(self.starts[column, row]), int(self.lengths[column, row])
        return self.data[start : start + length].tobytes().decode().replace('""', '"')


@dataclass(frozen=True, slots=True)
class CodedBlock:
    """``records`` of the file, of which the ``rows`` (counted from 0 in the block) were accepted.

    ``lines`` gives, for each accepted row, the lines of the block before it (None where a format has no lines);
    ``masks`` is (variables, accepted rows). Rejects count records and lines from 0 within the block.
    ``texts`` is a list of columns of strings (small engine) or ``TextCells``. ``translated`` is (columns that
    the mapping speaks of, accepted rows): see :meth:`CellDecoder.translation`. ``prepared`` counts what a preparation
    did.
    """

    records: int
    line_count: int
    rows: NDArray[np.int64]
    lines: NDArray[np.int64] | None
    masks: Masks
    texts: list[list[str]] | TextCells
    rejects: list[Reject]
    defaulted: NDArray[np.bool_]
    fault: StructuralFault | None = None
    hashes: NDArray[np.uint64] | None = None
    translated: NDArray[np.uint32] = field(default_factory=lambda: np.zeros((0, 0), np.uint32))
    prepared: Mapping[str, int] = field(default_factory=dict)

    def case_id(self, row: int) -> str:
        """The identifier of an accepted row."""
        return self.texts.text(0, row) if isinstance(self.texts, TextCells) else self.texts[0][row]

    def words(self) -> list[list[str]]:
        """The texts to pass on, by column: ``case_id`` first."""
        texts, rows = self.texts, range(len(self.rows))
        if not isinstance(texts, TextCells):
            return texts
        return [[texts.text(column, row) for row in rows] for column in range(len(texts.starts))]

    def reject(self, row: int, column: str, value: str, problem: str) -> Reject:
        """A reject of an accepted row, in the block's own counting."""
        line = None if self.lines is None else int(self.lines[row])
        return Reject(int(self.rows[row]), line, self.case_id(row), column, value, problem)


def reject_of_file(reject: Reject, records: int, lines: int) -> Reject:
    """A reject of a block in the counting of the file."""
    line = None if reject.line is None else reject.line + lines + 1
    return replace(reject, record=reject.record + records + 1, line=line)


class Coder:
    """What both engines share: the layout, a decoder for each variable, and the words for refused rows."""

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        variables: Sequence[Variable],
        options: RunOptions,
        file: str,
        unprepared: Sequence[str] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Self:
        """The coder of a file with these columns.

        Where a preparation made them, ``unprepared`` are the columns of the file, of which those to keep are taken, and
        ``warnings`` what it says of them.
        """
        contract = ColumnContract(tuple(variables))
        mapping = load_mapping(options.mapping, contract)
        keep = [name for name in options.keep if unprepared is None or name in names]
        layout = match_header(names, contract, mapping, keep=keep, known_outcomes=options.known_outcomes, file=file)
        if unprepared is not None:
            layout = layout.with_kept(options.keep, unprepared, warnings)
        return cls(contract, layout, mapping, options.default_setting)

    def __init__(
        self, contract: ColumnContract, layout: Layout, mapping: CaseMapping, default_setting: str | None
    ) -> None:
        self.contract = contract
        self.layout = layout
        self.mapping = mapping
        self.default_setting = default_setting
        self.width = len(layout.names)
        self.full = np.array([variable.full_mask for variable in contract.variables], np.uint8)
        self.setting = contract.by_variable.get(SETTING, -1)
        self.default_mask = contract.default_mask(default_setting)
        nameless = self.setting >= 0 and not self.default_mask
        if nameless and self.setting not in layout.rows:
            raise NoSettingError(
                f"{layout.file}: no setting is named, and the base rates depend on it: give a column {SETTING!r}, or "
                "--setting (setting= in Python) for all rows"
            )
        self.decoders: list[CellDecoder] = [
            mapping.decoder(
                variable, parts=contract.parts.get(variable.name, ()), needed=nameless and row == self.setting
            )
            for row, variable in enumerate(contract.variables)
        ]
        self.silent = {row for row, decoder in enumerate(self.decoders) if decoder.blank == 0}  # 0 is a blank there
        speaking = [row for row in dict.fromkeys(layout.rows) if row >= 0 and self.decoders[row].translates]
        self.slots: dict[int, int] = {row: slot for slot, row in enumerate(speaking)}

    def under(self, variables: Sequence[Variable]) -> Coder:
        """The coder of the same file for the same variables in another model."""
        return Coder(ColumnContract(tuple(variables)), self.layout, self.mapping, self.default_setting)

    def mapped(self, translated: Mapping[tuple[int, int], int]) -> Mapped | None:
        """What the mapping was and did, from how many cells each translation of each slot was used on."""
        if not self.mapping.sha256:
            return None
        names = {row: name for name, row in zip(self.layout.names, self.layout.rows, strict=True) if row >= 0}
        done = []
        for row, slot in self.slots.items():
            decoder = self.decoders[row]
            for code, value in enumerate(("", *decoder.translated), 1):
                if cells := translated.get((slot, code), 0):
                    done.append(Translation(names[row], value, decoder.read_as(value) if code > 1 else "", cells))
        columns = {name: self.mapping.columns[name] for name in self.layout.names if name in self.mapping.columns}
        return Mapped(self.mapping.sha256, columns, tuple(done))

    def no_masks(self) -> Masks:
        """The evidence of no case."""
        return np.zeros((len(self.full), 0), np.uint8)

    def fill_setting(self, masks: Masks) -> NDArray[np.bool_]:
        """Give rows without a setting the run's; returns which they are."""
        if self.setting < 0:
            return np.zeros(masks.shape[1], np.bool_)
        defaulted: NDArray[np.bool_] = masks[self.setting] == self.full[self.setting]
        masks[self.setting][defaulted] = self.default_mask
        return defaulted

    def explain(self, record: int, line: int, text: str) -> list[Reject]:
        """Every problem of a refused record, given without its line end."""
        cells = split_record(text, self.width)
        if isinstance(cells, RowFault):
            column = self.layout.names[cells.field] if 0 <= cells.field < self.width else ""
            id_field = self.layout.id_field
            case_id = cells.cells[id_field] if id_field < len(cells.cells) else ""
            return [Reject(record, line, excerpt(case_id), column, cells.value, cells.problem)]
        return self.explain_cells(record, line, cells)

    def explain_cells(
        self, record: int, line: int | None, cells: Sequence[str], *, explained: bool = False
    ) -> list[Reject]:
        """Every bad cell of a record of the right width; ``explained``: it was refused for another reason too."""
        case_id = excerpt(cells[self.layout.id_field])
        rejects = []
        for cell, name, row in zip(cells, self.layout.names, self.layout.rows, strict=True):
            result = self.decoders[row].decode(cell) if row >= 0 else 0
            if isinstance(result, CellProblem):
                rejects.append(Reject(record, line, case_id, name, excerpt(cell), result.problem))
        problem = id_problem(cells[self.layout.id_field])
        if problem:
            rejects.append(Reject(record, line, case_id, self.layout.names[self.layout.id_field], case_id, problem))
        if not rejects and not explained:
            raise RuntimeError(f"record {record + 1} of a block was refused, and nothing is wrong with it")
        return rejects


def preparation_of(options: RunOptions, variables: Sequence[Variable]) -> Preparation | None:
    """What is to make the columns of a case file: what was asked for, or what the mapping says."""
    mapping = load_mapping(options.mapping, ColumnContract(tuple(variables)))
    return options.preparation or mapping.preparation


def id_problem(text: str) -> str:
    """What is wrong with a ``case_id``, or nothing."""
    if not text.strip(" \t"):
        return "a case needs an identifier; allowed: any text that is not blank"
    if "\n" in text or "\r" in text or "\0" in text:
        return "a line break or NUL in the identifier; allowed: any text on one line"
    return ""
