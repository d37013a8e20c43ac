"""What a fit would have said of people it had not seen: cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.calibration.fit import fit_coded
from riskmodel.errors import UsageError
from riskmodel.metrics import Judged, concat_judged, judge_coded
from riskmodel.metrics.predictors import DEFAULT_PREDICTORS

if TYPE_CHECKING:
    from riskmodel.arrays import Masks
    from riskmodel.model import Model

FOLDS = 5


def cross_validated(
    model: Model,
    names: Sequence[Hashable],
    masks: Masks,
    learn: str | Sequence[str],
    *,
    folds: int = FOLDS,
    seed: int = 0,
    predictors: Iterable[str] = (DEFAULT_PREDICTORS,),
    progress: Callable[[int, int | None], None] | None = None,
    **how: Any,
) -> dict[str, Judged]:
    """Everybody judged by a model fitted to the others; as many people with something serious in each fold.

    Parameters
    ----------
    folds
        2 or more, and no more than there are people.
    predictors
        the predictor sets by which they are judged; the fits read all that is recorded.
    how
        further arguments of the fit.

    Returns
    -------
    predictor set → the people judged by it.

    Raises
    ------
    KeyboardInterrupt
        when a fit is interrupted: half of a cross-validation says nothing.
    """
    people = masks.shape[1]
    if not 2 <= folds <= people:
        raise UsageError(f"folds must be 2 to {people}, not {folds}")
    index = pd.Index(list(names))
    fold = _folds(model, masks, folds, seed)
    parts: dict[str, list[tuple[np.ndarray, Judged]]] = {which: [] for which in predictors}
    for k in range(folds):
        held = fold == k
        fitted = fit_coded(model, [name for name, out in zip(names, held, strict=True) if not out],
                           np.ascontiguousarray(masks[:, ~held]), learn, **how)  # fmt: skip
        if fitted.interrupted:
            raise KeyboardInterrupt
        others = np.ascontiguousarray(masks[:, held])
        for which, judged in parts.items():
            judged.append((np.nonzero(held)[0], judge_coded(fitted.model, others, index[held], which)))
        if progress:
            progress(k + 1, folds)
    return {which: concat_judged(judged) for which, judged in parts.items()}


def _folds(model: Model, masks: Masks, folds: int, seed: int) -> np.ndarray:
    """The fold of each person, with those who have something serious dealt out evenly."""
    rows = [row for row, variable in enumerate(model.variables) if variable.serious]
    serious = (masks[rows] == 2).any(axis=0)
    shuffled = np.random.default_rng(seed).permutation(masks.shape[1])
    dealt = shuffled[np.argsort(serious[shuffled], kind="stable")]
    fold = np.empty(masks.shape[1], dtype=int)
    fold[dealt] = np.arange(masks.shape[1]) % folds
    return fold
