"""What a report card is of: a fit, and the people judged before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskmodel.metrics import tabulate

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.calibration import Calibration
    from riskmodel.inference.scorer import Masks
    from riskmodel.metrics import Judged

OVERALL = "any_serious"


@dataclass(frozen=True, eq=False)
class Validation:
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
    """

    fitted: Calibration
    masks: Masks
    before: Judged
    after: Judged
    folds: int
    resamples: int = 200
    seed: int = 0
    learn: str = ""

    def measured(self, which: Judged, by: tuple[str, ...] = ()) -> pd.DataFrame:
        return tabulate(self.fitted.parent, which, by=by, resamples=self.resamples, seed=self.seed)

    @property
    def main(self) -> str:
        """The outcome that speaks for all: any serious disease, where there is such a composite."""
        return OVERALL if OVERALL in self.after.outcomes else str(self.after.outcomes.columns[0])
