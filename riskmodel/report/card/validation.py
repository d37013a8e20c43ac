"""What a report card is of: a fit, and the people judged before and after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.evidence.records import ANY_SERIOUS
from riskmodel.metrics import PREDICTOR_SETS, tabulate
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from riskmodel.arrays import Masks
    from riskmodel.calibration import Calibration
    from riskmodel.metrics import Judged

METRICS = {
    "auc": "AUC", "brier": "Brier score", "scaled_brier": "scaled Brier score", "log_score": "log score",
    "observed_over_expected": "observed over expected (O/E)", "tp": "true positives", "fp": "false positives",
    "fn": "false negatives", "tn": "true negatives", "ppv": "positive predictive value",
    "npv": "negative predictive value", "acted_on": "share acted on",
}  # fmt: skip


def outcome_words(name: str) -> str:
    """An outcome as it stands in a sentence.

    >>> outcome_words("any_serious"), outcome_words("cauda_equina")
    ('any serious disease', 'cauda equina')
    """
    return f"{words(name)} disease" if name == ANY_SERIOUS else words(name)


def action_words(name: str) -> str:
    """An action as it stands in a table.

    >>> action_words("mri"), action_words("any imaging")
    ('MRI', 'any imaging')
    """
    return name.upper() if name in ("mri", "ct") else name


def metric_words(name: str) -> str:
    """A metric as it stands in a sentence.

    >>> metric_words("auc"), metric_words("calibration_slope")
    ('AUC', 'calibration slope')
    """
    return METRICS.get(name, words(name))


@dataclass(frozen=True, eq=False)
class Record:
    """How the cohort's file was read.

    Attributes
    ----------
    file, sha256
        of the cohort; the hash is of the bytes of the file.
    mapping, mapping_sha256
        the same of the mapping file, empty without one.
    records, rejected, defaulted
        rows read, rejected, and given the setting of the command.
    repeats
        rows rejected because an earlier one has their case_id.
    reasons
        why the other rows were rejected, with the number of faults; a row can have several.
    columns
        of each column of the file: file_column, column (what it was read as), values (translated), missing (codes for
        not assessed), unit (factor of numbers).
    translations
        of each text that the mapping translated: column, value (in the file, empty where a unit changed), read_as,
        cells.
    worked_out
        of each column that the mapping works out of others, and of each column of codes: what was made of the rows that
        were read, or the codes that no rule lists, with their numbers.
    dictionary, notes
        the data dictionary of the REDCap project that exported the cohort, empty without one; and what there is to be
        said of how the cells were read.
    """

    file: str
    sha256: str
    mapping: str
    mapping_sha256: str
    records: int
    rejected: int
    defaulted: int
    repeats: int
    reasons: Mapping[str, int]
    columns: Sequence[Mapping[str, str]]
    translations: Sequence[Mapping[str, str | int]] = ()
    worked_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    dictionary: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class ValidatedFit:
    """A fit and how it did.

    Attributes
    ----------
    masks
        the cohort as coded evidence, outcomes included.
    before
        the people judged by the model that was fitted.
    after
        the people judged by fits to the others (cross-validation).
    folds
        of that cross-validation.
    learn
        what was asked to be learnt.
    record
        how the cohort was read, where a command did.
    shown
        predictor set → the people judged as in ``after``, but by a model that was shown another set.
    """

    fitted: Calibration
    masks: Masks
    before: Judged
    after: Judged
    folds: int
    resamples: int = 200
    seed: int = 0
    learn: str = ""
    record: Record | None = None
    shown: Mapping[str, Judged] = field(default_factory=dict)

    def by_predictors(self) -> dict[str, Judged]:
        """Predictor set → the people judged by it after the fit, from the smallest set to the largest."""
        judged = {**self.shown, self.after.predictors: self.after}
        return {name: judged[name] for name in PREDICTOR_SETS if name in judged}

    def measured(self, which: Judged, by: tuple[str, ...] = ()) -> pd.DataFrame:
        return tabulate(self.fitted.parent, which, by=by, resamples=self.resamples, seed=self.seed)

    @property
    def main(self) -> str:
        """The outcome that speaks for all: any serious disease, where there is such a composite."""
        return ANY_SERIOUS if ANY_SERIOUS in self.after.outcomes else str(self.after.outcomes.columns[0])
