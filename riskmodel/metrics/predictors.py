"""What a prediction may read: history alone, everything before imaging, or everything.

A scan settles most of the diagnoses that it is then said to predict (incorporation), so that a model which reads it
looks better than it is at the moment that matters: when somebody decides whether to scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskmodel.decision.costs import find_pathways
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.evidence.plain_readings import reading_of
from riskmodel.inference.compiled import CompiledScorer

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from riskmodel.arrays import Array, Masks
    from riskmodel.inference.scorer import Posterior
    from riskmodel.model import Model

PREDICTOR_SETS: Mapping[str, str] = {  # each holds what the one before it holds
    "history": "context, risk factors, history and examination; no test",
    "before_imaging": "everything but the results of imaging",
    "all": "everything that is recorded, imaging included",
}
DEFAULT_PREDICTORS = "before_imaging"
IMAGING = "imaging"  # the way of assessment in pathways.toml


def checked_predictors(predictors: str) -> str:
    """The name of a predictor set, if it is one."""
    if predictors not in PREDICTOR_SETS:
        hint = nearest(str(predictors), PREDICTOR_SETS)
        raise UsageError(f"predictors: {predictors!r} is not one of {', '.join(PREDICTOR_SETS)}{hint}")
    return predictors


def imaging_of(model: Model) -> tuple[str, ...]:
    """The variables that imaging answers.

    They are those listed so in ``pathways.toml`` of the model's priors folder; where it has no such file, those that
    the policy's rules ask for as imaging.

    >>> import riskmodel as rm
    >>> set(imaging_of(rm.load())) >= {"xray", "ct", "mri", "xray_fracture", "mri_tumour"}
    True
    """
    pathways = find_pathways(model.root)
    listed = model.policy.imaging_tokens if pathways is None else pathways.ways.get(IMAGING, ())
    scan = reading_of(model.variables)  # what a scan shows is answered by it
    return tuple(v.name for v in model.variables if scan.get(v.name, v.name) in listed)


def predictors_of(model: Model, predictors: str = DEFAULT_PREDICTORS) -> tuple[str, ...]:
    """The variables that a prediction may read under a predictor set; conditions never are.

    Parameters
    ----------
    predictors
        ``history``, ``before_imaging`` or ``all``.

    Raises
    ------
    UsageError
        for a name that is no predictor set.

    Examples
    --------
    >>> import riskmodel as rm
    >>> model = rm.load()
    >>> set(predictors_of(model, "before_imaging")) - set(predictors_of(model, "history")) == {
    ...     "esr", "crp", "bladder_scan"}
    True
    """
    checked_predictors(predictors)
    left_out = set() if predictors == "all" else set(imaging_of(model))
    if predictors == "history":
        left_out |= {variable.name for variable in model.variables if variable.role == "test"}
    return tuple(v.name for v in model.variables if v.role != "condition" and v.name not in left_out)


def restricted(model: Model, coded: Masks, predictors: str = DEFAULT_PREDICTORS) -> Masks:
    """The same people, (variables, people), as if only a predictor set were known of them; outcomes never are."""
    read, masks = predictors_of(model, predictors), coded.copy()
    for row, variable in enumerate(model.variables):
        if variable.name not in read:
            masks[row] = variable.full_mask
    return masks


class Evidence:
    """Some people under every predictor set: what is known of them, and the posteriors given that.

    Parameters
    ----------
    coded
        evidence of shape (variables, people); outcomes in it are not read.
    names
        of the people, for errors.
    """

    def __init__(self, model: Model, coded: Masks, names: Sequence[Hashable]) -> None:
        self._model, self._coded, self._names = model, coded, names
        self._scorer = CompiledScorer(model.scoring.scorer)
        self._masks: dict[str, Masks] = {}
        self._posterior: dict[str, Posterior] = {}

    def masks(self, predictors: str) -> Masks:
        """Evidence, (variables, people)."""
        if predictors not in self._masks:
            self._masks[predictors] = restricted(self._model, self._coded, predictors)
        return self._masks[predictors]

    def posterior(self, predictors: str) -> Posterior:
        """Posteriors given that evidence.

        Raises
        ------
        CasesError
            for evidence that cannot be under the model.
        """
        if predictors not in self._posterior:
            posterior = self._scorer.posterior(self.masks(predictors))
            impossible = np.nonzero(~(posterior.evidence > 0))[0]
            if impossible.size:
                raise CasesError(f"row {self._names[int(impossible[0])]}: its evidence has probability zero")
            self._posterior[predictors] = posterior
        return self._posterior[predictors]

    def recorded(self, is_known: NDArray[np.bool_]) -> Array:
        """P(present) given all that is recorded, (outputs, people).

        Where a condition's outcome is unknown, the known outcomes of other conditions are read too (unless they cannot
        be under the model); where it is known no outcome is.

        Parameters
        ----------
        is_known
            (outputs, people): whose outcome is known.
        """
        without, whole = self.posterior("all").probability, self._scorer.posterior(self._coded)
        return np.where(is_known | ~(whole.evidence > 0), without, whole.probability)


def narrower_set(first: str, second: str) -> str:
    """The smaller of two predictor sets.

    >>> narrower_set("all", "history")
    'history'
    """
    order = list(PREDICTOR_SETS)
    return order[min(order.index(first), order.index(second))]
