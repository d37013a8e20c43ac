"""Random effects of numbers with known variances: the mean, what lies between studies, and a new population.

For statements, whose counts may not be known. Counts of studies themselves are taken by :mod:`riskmodel.synthesis`,
with the exact binomial likelihood; the priors of the standard deviation between settings are here for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from riskmodel.arrays import Array

Estimator = Literal["paule_mandel", "dersimonian_laird", "reml"]
ESTIMATORS: tuple[str, ...] = get_args(Estimator)
OF_STATEMENTS, OF_COUNTS = 1.0, 1.5  # scales of the half-normal prior of τ (Röver C. Res Synth Methods 2021;12:448)
LARGEST_TAU = 4.0  # scales of the prior: beyond it nothing is left
TAUS = 401


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """The mean and its standard error (Hartung and Knapp's where that is larger), τ², Cochran's Q, and I² in [0, 1]."""

    mean: float
    error: float
    tau2: float
    q: float
    i2: float


def random_effects(effects: Array, variances: Array, method: Estimator = "paule_mandel") -> RandomEffects:
    """The mean of effects, weighted by 1 / (variance + τ²), with τ² by one of three estimators.

    Paule and Mandel (J Res Natl Bur Stand 1982;87:377), DerSimonian and Laird (Control Clin Trials 1986;7:177), or
    restricted maximum likelihood.

    >>> import numpy as np
    >>> effects, variances = np.array([0.0, 0.5, 1.4]), np.array([0.05, 0.1, 0.05])
    >>> [round(random_effects(effects, variances, method).tau2, 3) for method in ESTIMATORS]
    [0.453, 0.56, 0.467]
    """
    import numpy as np

    degrees, precision = len(effects) - 1, 1 / variances
    total = precision.sum()
    q = float(precision @ (effects - precision @ effects / total) ** 2)
    if method == "reml":
        tau2 = _restricted(effects, variances)
    elif method == "paule_mandel":
        tau2 = _paule_mandel(effects, variances)
    else:
        tau2 = max(0.0, float((q - degrees) / (total - precision @ precision / total)))
    weight = 1 / (variances + tau2)
    mean = float(weight @ effects / weight.sum())
    scatter = float(weight @ (effects - mean) ** 2) / degrees
    error = float(np.sqrt(max(1.0, scatter) / weight.sum()))
    return RandomEffects(mean, error, tau2, q, max(0.0, (q - degrees) / q) if q > 0 else 0.0)


def _paule_mandel(effects: Array, variances: Array) -> float:
    import numpy as np
    from statsmodels.stats.meta_analysis import combine_effects

    with np.errstate(divide="ignore"):  # effects that agree to the last digit have a Q of 0
        return float(max(combine_effects(effects, variances, method_re="iterated").tau2, 0.0))


def _restricted(effects: Array, variances: Array) -> float:
    """The τ² of the highest restricted likelihood."""
    import numpy as np
    from scipy import optimize

    def minus_log(tau2: Array) -> Array:
        weight = 1 / (variances + np.atleast_1d(tau2)[:, None])
        total = weight.sum(axis=1)
        misfit = (weight * (effects - (weight @ effects / total)[:, None]) ** 2).sum(axis=1)
        return np.asarray(0.5 * (np.log(total) + misfit - np.log(weight).sum(axis=1)))

    most = 10 * float(np.var(effects)) + float(variances.max())
    grid = most * np.linspace(0, 1, 2001) ** 2
    best = int(np.argmin(minus_log(grid)))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, 2000)]
    highest = optimize.minimize_scalar(
        lambda x: float(minus_log(x)[0]), bounds=ends, method="bounded", options={"xatol": 1e-12}
    )
    return float(highest.x) if highest.fun < minus_log(np.zeros(1))[0] else 0.0


def prediction_interval(effects: Array, variances: Array, scale: float = OF_STATEMENTS) -> tuple[float, float]:
    """Where the effect in a new population lies with 95 % probability, given the effects in some.

    Normal effects around a mean of which nothing is known; their standard deviation τ has a half-normal prior, which is
    weak on a log-odds or log scale. With a handful of studies an estimate of τ is mostly chance, and an interval that
    takes it for certain holds too rarely.

    >>> import numpy as np
    >>> low, high = prediction_interval(np.array([0.0, 0.5, 1.0]), np.array([0.05, 0.1, 0.05]))
    >>> round(low, 1), round(high, 1)
    (-1.4, 2.4)
    """
    import numpy as np
    from scipy import optimize, special

    tau = np.linspace(0, LARGEST_TAU * scale, TAUS)
    weight = 1 / (variances + tau[:, None] ** 2)
    total = weight.sum(axis=1)
    mean = weight @ effects / total
    misfit = (weight * (effects - mean[:, None]) ** 2).sum(axis=1)
    log_density = 0.5 * (np.log(weight).sum(axis=1) - np.log(total) - misfit - (tau / scale) ** 2)
    density = np.exp(log_density - log_density.max())
    sd = np.sqrt(tau**2 + 1 / total)

    def excess(x: float, tail: float) -> float:
        return float(density @ special.ndtr((x - mean) / sd) / density.sum() - tail)

    ends = float((mean - 10 * sd).min()), float((mean + 10 * sd).max())
    low, high = (float(optimize.brentq(excess, *ends, args=(tail,))) for tail in (0.025, 0.975))
    return low, high
