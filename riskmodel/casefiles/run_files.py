"""The files that a run writes: the result, the rejected rows, the record; none of them is one that it reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from riskmodel.casefiles.options import Engine, RunOptions
from riskmodel.casefiles.write.row_writer import ClosableRows, CsvWriter, RowWriter, renderer_of
from riskmodel.errors import UsageError
from riskmodel.outputs.files import Outputs
from riskmodel.outputs.streams import Sink, is_stream
from riskmodel.workers.signals import Signals

ASSESSMENT_ENDINGS = (".ndjson", ".ndjson.gz", ".ndjson.zst")
ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".parquet", ".arrow", ".feather", ".xlsx")


class RunFiles:
    """The files of one run, which appear together at its end; names that cannot be are refused at once.

    ``output`` is None where the result is not written, ``record`` also for a stream. Where there is no file of
    ``rejects``, the first one ends a run into a stream, and is only counted by a run that writes nothing.

    >>> RunFiles("cases.csv", "scored.csv", RunOptions()).rejects.name
    'scored.rejects.csv'
    >>> RunFiles("cases.csv", "cases.csv", RunOptions())
    Traceback (most recent call last):
    ...
    riskmodel.errors.UsageError: cases.csv: the output would replace a file that is read
    """

    def __init__(self, source: str | Path, output: str | Path | None, options: RunOptions) -> None:
        self.output = None if output is None else str(output)
        stream = self.output is not None and is_stream(self.output)
        endings = ASSESSMENT_ENDINGS if options.assessments else ENDINGS
        if self.output and not stream and not self.output.lower().endswith(endings):
            raise UsageError(f"{output}: an output ends with {', '.join(endings)}, or is - for standard output")
        path = None if self.output is None or stream else Path(self.output)
        self.rejects = options.rejects or (path and path.with_name(stem(path) + ".rejects.csv"))
        self.record = path and path.with_name(stem(path) + ".run.json")
        self.takes_rejects = not stream or self.rejects is not None
        read = [Path(source), *([options.mapping] if isinstance(options.mapping, Path) else [])]
        read += [options.redcap.dictionary] if options.redcap is not None else []
        written = [file for file in (path, self.rejects, self.record) if file is not None]
        for file in written:
            if any(_same(file, other) for other in read):
                raise UsageError(f"{file}: the output would replace a file that is read")
            if sum(_same(file, other) for other in written) > 1:
                raise UsageError(f"{file}: two outputs would have this name")
        self._assessments, self._kept = options.assessments, options.keep
        self._outputs = Outputs()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._outputs)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open_rows(self, engine: Engine) -> list[RowWriter]:
        """The writer of the result in the output's format, if there is one; rejects of an earlier run are to go."""
        if self.rejects is not None and not is_stream(self.rejects):
            self._outputs.remove_at_end(self.rejects)
        if self.output is None:
            return []
        sink = self._outputs.open(self.output)
        if self._assessments is not None:
            from riskmodel.casefiles.write.fhir import AssessmentRows

            name = "" if self.record is None else self.output
            return [AssessmentRows(sink, name, self._assessments, self._kept)]
        writer = None if self.record is None else _writer_of(self.output)
        if writer is None:
            return [CsvWriter(sink, "" if self.record is None else self.output, renderer_of(engine))]
        rows = writer(sink, self.output)
        self._stack.callback(rows.close)
        return [rows]

    def open_rejects(self) -> Sink:
        """The file of rejects, begun with the first one."""
        return self._outputs.open(self.rejects or os.devnull)

    def commit(self, record: str | None, signals: Signals) -> None:
        """Write the record, and give all files their names."""
        if record is not None and self.record is not None:
            self._outputs.open(self.record).write(record.encode())
        self._outputs.commit(signals)


def _writer_of(output: str) -> Callable[[Sink, str], ClosableRows] | None:
    """What writes an output that is no CSV, by the ending of its name."""
    ending = Path(output).suffix.lower()
    if ending == ".parquet":
        from riskmodel.casefiles.write.parquet import ParquetRows

        return ParquetRows
    if ending in (".arrow", ".feather"):
        from riskmodel.casefiles.write.arrow_rows import ArrowRows

        return ArrowRows
    if ending == ".xlsx":
        from riskmodel.casefiles.write.workbook import WorkbookRows

        return WorkbookRows
    return None


def stem(path: Path) -> str:
    """The name of an output without its extension, a compression's included.

    >>> stem(Path("out/scored.csv.gz"))
    'scored'
    """
    uncompressed = path.with_suffix("") if path.suffix.lower() in (".gz", ".zst") else path
    return uncompressed.with_suffix("").name


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return path.absolute() == other.absolute()
