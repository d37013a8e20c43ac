"""What stands behind a synthesised number: its studies with their counts, and how and when they were taken together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riskmodel._version import __version__
from riskmodel.calibration.provenance import printable, today
from riskmodel.evidence.origin import Fit, StudyBehind

if TYPE_CHECKING:
    from riskmodel.synthesis.studies import StudyCounts

COUNTED = (("tp", "fn"), ("fp", "tn"))  # with the finding and without it: people with the condition, and the others


def studies_behind(rows: Sequence[StudyCounts], group: int) -> list[dict[str, Any]]:
    """The counts of each study for one of its shares, as ``studies`` of a statement.

    Parameters
    ----------
    group
        of a two-by-two table: 0 the people with the condition, 1 the others; of one share 0.
    """
    return [
        StudyBehind(
            row.study, row.source, row.locator, *_counts(row, group), row.read, row.setting, row.cutoff
        ).as_table()
        for row in rows
    ]


def _counts(row: StudyCounts, group: int) -> tuple[int, int]:
    if not row.is_two_by_two:
        return row.counts["events"], row.counts["n"]
    positive, negative = COUNTED[group]
    return row.counts[positive], row.counts[positive] + row.counts[negative]


def fit_of_studies(rows: Sequence[StudyCounts], command: str) -> dict[str, str]:
    """The day, the version, a hash of the studies in whatever order, and the command: ``fit`` of a source."""
    content = sorted(repr((*(getattr(row, name) for name in _HASHED), sorted(row.counts.items()))) for row in rows)
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
    return Fit(today(), __version__, f"sha256:{digest}", printable(command), "synthesis").as_table()


_HASHED = ("study", "source", "locator", "of", "given", "setting", "cutoff", "others")
