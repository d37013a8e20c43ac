"""Report cards to test on: simulated people, a fit, and a cross-validation of two folds."""

from functools import cache

import numpy as np

from riskmodel.calibration.cross_validate import cross_validated
from riskmodel.calibration.fit import fit_coded
from riskmodel.cohort import HISTORY, simulate, to_cases
from riskmodel.metrics import PREDICTOR_SETS, judge_coded
from riskmodel.report.card.validation import ValidatedFit
from tests.support.models import shipped

MODEL = shipped()
TRUTH = MODEL.with_statement("base.fracture.emergency", value=0.07, low=0.03, high=0.15)


@cache
def validation_of(people: int, learn: str) -> ValidatedFit:
    """A card's content, of an emergency department with more fractures than stated."""
    found = simulate(TRUTH, people, np.random.default_rng(3), setting="emergency", missing=0.3, roles=HISTORY)
    cohort = to_cases(TRUTH, found, with_outcomes=True)
    names, masks = list(cohort["case_id"]), MODEL.code(cohort, setting="emergency", known_outcomes=True)
    fitted = fit_coded(MODEL, names, masks, learn, name="test")
    shown = cross_validated(MODEL, names, masks, learn, folds=2, predictors=PREDICTOR_SETS, name="test")
    before, after = judge_coded(MODEL, masks, names), shown["before_imaging"]
    return ValidatedFit(fitted, masks, before, after, folds=2, resamples=10, shown=shown)
