"""Which files a run writes, and that none of them is one that it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.casefiles.options import RunOptions, RunResult
from riskmodel.casefiles.rejects import rejects_path, stem
from riskmodel.casefiles.write.row_writer import CsvWriter, RowWriter, compressed
from riskmodel.errors import UsageError
from riskmodel.outputs.files import Outputs, StagedFile
from riskmodel.outputs.streams import Sink, is_stream

if TYPE_CHECKING:
    from riskmodel.casefiles.read.open import CaseReader

ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".parquet")


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of one run; ``rejects`` None when the first bad row ends it, ``report`` None for a stream."""

    output: str
    stream: bool
    rejects: Path | None
    report: Path | None


def plan_outputs(source: str, output: str, options: RunOptions) -> Plan:
    """Name the files of a run and refuse names that cannot be.

    >>> plan_outputs("cases.csv", "scored.csv", RunOptions()).rejects.name
    'scored.rejects.csv'
    >>> plan_outputs("cases.csv", "cases.csv", RunOptions())
    Traceback (most recent call last):
    ...
    riskmodel.errors.UsageError: cases.csv: the output would replace a file that is read
    """
    stream = is_stream(output)
    if not stream and not output.lower().endswith(ENDINGS):
        raise UsageError(f"{output}: an output ends with {', '.join(ENDINGS)}, or is - for standard output")
    path = Path(output)
    plan = Plan(
        output=output,
        stream=stream,
        rejects=options.rejects or (None if stream else rejects_path(path)),
        report=None if stream else path.with_name(stem(path) + ".run.json"),
    )
    read = [Path(source), *([options.mapping] if isinstance(options.mapping, Path) else [])]
    written = [place for place in ([] if stream else [path]) + [plan.rejects, plan.report] if place is not None]
    for place in written:
        if any(_same(place, other) for other in read):
            raise UsageError(f"{place}: the output would replace a file that is read")
        if sum(_same(place, other) for other in written) > 1:
            raise UsageError(f"{place}: two outputs would have this name")
    return plan


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def open_writer(plan: Plan, outputs: Outputs, reader: CaseReader) -> tuple[RowWriter, Callable[[], None]]:
    """The writer of the output's format, and what closes it."""
    sink = outputs.open(plan.output)
    if isinstance(sink, StagedFile) and plan.output.lower().endswith(".parquet"):
        from riskmodel.casefiles.write.parquet import ParquetRows

        rows = ParquetRows(sink)
        return rows, rows.close
    return CsvWriter(sink if plan.stream else compressed(sink, plan.output), reader.renderer()), lambda: None


def open_rejects(plan: Plan, outputs: Outputs) -> Callable[[], Sink] | None:
    """How the rejects file is begun; an old one goes when there is nothing to reject."""
    path = plan.rejects
    if path is None:
        return None
    if not is_stream(path):
        outputs.remove_at_end(path)
    return lambda: outputs.open(path)


def add_report(plan: Plan, outputs: Outputs, result: RunResult, report: Callable[[RunResult], str] | None) -> None:
    if report is not None and plan.report is not None:
        outputs.open(plan.report).write(report(result).encode())
