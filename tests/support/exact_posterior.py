"""The exact posterior of a few probabilities given a cohort, on a grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import special

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.optimise import LogPosterior
from riskmodel.model import Model


def exact_intervals(model: Model, masks: Masks, spans: Mapping[str, tuple[float, float]], points: int) -> Array:
    """95 % intervals, (statements, 2), by sums over a grid that is even on the logit scale.

    Parameters
    ----------
    spans
        for each statement on a probability the values that the grid goes from and to, all but certain to hold it.
    """
    coordinates = Coordinates(model.priors, list(spans))
    posterior = LogPosterior(Likelihood(coordinates, masks), coordinates, 1.0)
    names = [coordinates.statements[column].id for column in coordinates.columns]
    axes = [np.linspace(*special.logit(spans[name]), points) for name in names]
    grid = np.stack([each.ravel() for each in np.meshgrid(*axes, indexing="ij")], axis=1)
    values = posterior.values(grid).reshape((points,) * len(names))
    density = np.exp(values - values.max())
    intervals = {}
    for i, (name, x) in enumerate(zip(names, axes, strict=True)):
        alone = density.sum(axis=tuple(axis for axis in range(len(names)) if axis != i))
        assert max(alone[0], alone[-1]) < 1e-3 * alone.max(), f"{name}: a wider span, please"
        upto = (np.cumsum(alone) - 0.5 * alone) / alone.sum()
        intervals[name] = special.expit(np.interp([0.025, 0.975], upto, x))
    return np.array([intervals[name] for name in spans])
