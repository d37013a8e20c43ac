"""Tables of the document on synthesis: published data sets, their means and what they say of the next setting."""

from __future__ import annotations

import numpy as np

from riskmodel.synthesis.next_setting import drawn_effects
from tests.support import published_studies as published

DATA_SETS = {
    "Antibodies to citrullinated peptide, rheumatoid arthritis": published.ANTI_CCP,
    "Rheumatoid factor, rheumatoid arthritis": published.RHEUMATOID_FACTOR,
    "AUDIT-C, alcohol use disorder": published.AUDIT_C,
    "IQCODE, dementia": published.IQCODE,
    "Telomerase, bladder cancer": published.TELOMERASE,
}


def next_settings() -> tuple[list[str], list[list[str]]]:
    """Headings and rows: sensitivity and false-positive rate of the mean and of the next setting, in per cent."""
    heads = ["data set", "studies", "sensitivity, mean", "next setting", "false positives, mean", "next setting"]
    return heads, [_row(name, data) for name, data in DATA_SETS.items()]


def _row(name: str, data: object) -> list[str]:
    events, totals = published.positive_results(data)
    effects = drawn_effects(np.asarray(events, float), np.asarray(totals, float))
    mean, following = effects.average(), effects.next_setting()
    cells = [_percent(interval[i]) for i in (0, 1) for interval in (mean, following)]
    return [name, str(len(events)), *cells]


def _percent(interval: np.ndarray) -> str:
    value, low, high = (round(100 * end) for end in interval)
    return f"{value} ({low} to {high})"
