"""What is to be said of how an export was read: raw or labelled, which rows, and why cells are blank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from riskmodel.cases.cells import excerpt
from riskmodel.redcap.blanks import NOT_TICKED, UNDECIDED, WHY_BLANK, BlankReasons
from riskmodel.redcap.export_file import ExportTable
from riskmodel.redcap.logic import Unreadable

FILLED_THOUGH_HIDDEN = "filled in though hidden"
_COUNTED = "REDCap, "  # before the name of a field
_SHOWN = 5


def blank_count(name: str, why: str) -> str:
    """The text under which it is counted that cells of a field are blank for a reason."""
    return f"{_COUNTED}{name}: {why}"


def is_blank_count(text: str) -> bool:
    """Whether a text is one of these, rather than what a mapping counts."""
    return text.startswith(_COUNTED)


def notes_of_reading(
    blanks: BlankReasons, table: ExportTable, cases: int, used: Sequence[str], counts: Mapping[str, int]
) -> Iterator[str]:
    """Sentences for the summary.

    Parameters
    ----------
    used
        the columns of the export that are read as columns of a case file.
    counts
        how many cells are blank, by ``field: reason``.
    """
    kind = blanks.values.kind
    taken = "labelled" if kind.labelled else "raw"
    headings = "labels" if blanks.header.labelled else "field names"
    chosen = f" ({blanks.project.rows})" if blanks.project.rows else ""
    yield (
        f"REDCap: {len(table.rows)} rows of the export, {cases} cases{chosen}; "
        f"taken for {taken} ({kind.reason}), its headings for {headings}"
    )
    totals = {why: _total(counts, why) for why in (*WHY_BLANK, FILLED_THOUGH_HIDDEN)}
    listed = ", ".join(f"{count} {why}" for why, count in totals.items() if count)
    if listed:
        columns = "1 column that is" if len(used) == 1 else f"{len(used)} columns that are"
        yield f"REDCap: of {cases * len(used):,} cells in {columns} read: {listed}"
    if totals[NOT_TICKED]:
        names = {entry.name for name in used if (entry := blanks.header.columns[name][1].field) and entry.choices}
        boxes = [name for name in names if blank_count(name, NOT_TICKED) in counts]
        words = sorted({blanks.project.unticked_word(name) for name in boxes})
        yield f"REDCap: a box that is not ticked is taken for {' or '.join(words)}"
    if totals[UNDECIDED]:
        yield f"REDCap: branching logic that cannot be evaluated: {'; '.join(_undecided(blanks, counts))}"
    for name, count in blanks.values.reordered.items():
        if count:
            order = "-".join(blanks.dictionary.by_name[name].validation[-3:].upper())
            cells = "1 cell" if count == 1 else f"{count} cells"
            yield f"REDCap: dates of {name} were read as {order} ({cells})"


def _total(counts: Mapping[str, int], why: str) -> int:
    return sum(count for key, count in counts.items() if key.endswith(f": {why}"))


def _undecided(blanks: BlankReasons, counts: Mapping[str, int]) -> list[str]:
    """The first fields whose branching logic cannot be evaluated somewhere, and why."""
    names = [name for name in blanks.dictionary.by_name if blank_count(name, UNDECIDED) in counts]
    shown = []
    for name in names[:_SHOWN]:
        entry = blanks.dictionary.by_name[name]
        condition = blanks.condition(entry)
        why = condition.why if isinstance(condition, Unreadable) else excerpt(entry.branching or entry.annotation)
        shown.append(f"{name} ({why})")
    return [*shown, f"and {len(names) - _SHOWN} more fields"] if len(names) > _SHOWN else shown
