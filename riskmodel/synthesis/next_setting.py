"""What a few studies say of the next setting: random effects with weak priors, drawn.

With two to five studies the most likely spread between settings is mostly chance, and often 0. So the spreads have a
prior, and what is not known of them widens the result:

- probabilities of the studies: Jeffreys' half an event and half a person without it, shared among the studies. The
  mean has no prior beside this: with Beta(½, ½) for its own probability a rare event of one study is drawn towards
  one half, because the spread allows it (1 of 1,172: up to 78 % in the next setting, where this prior gives 12 %);
- spread of each effect on the logit scale: half-normal, scale 1.5 (see Röver C et al. Res Synth Methods 2021;12:448);
- correlation: (1 + correlation) / 2 is Beta(2, 2).

The posterior is drawn by importance sampling from t distributions, which are fitted to the posterior in steps, each a
little less flattened than the one before (Cappé O et al. J Comput Graph Stat 2004;13:907).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logsumexp, ndtr

from riskmodel.evidence.random_effects import OF_COUNTS
from riskmodel.synthesis.quadrature import log_likelihood

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.synthesis.designs import Design

SPREAD_SCALE = OF_COUNTS  # published spreads of sensitivity and specificity are 0.4 to 1.8
DRAWS = 4000
FITTED_FROM = 800  # draws of each step
POINTS_OF_DRAWS = 7  # of the quadrature: off by less than 0.001 in the logarithm, far less than the draws
FEW_POINTS = 3  # while the proposal is fitted
MOST_STEPS = 40
LAST_TRIES = 4  # with all draws, until enough count
ENOUGH = 0.1  # of the draws must count at every step
DEGREES = 5  # of freedom of the proposal
WIDE, SHARE_OF_WIDE = 2.5, 0.2  # a second proposal around the first, for what the first has not seen
LARGEST_CORRELATION = 0.999
LOG_SPREADS = (-20.0, 5.0)  # outside of these the prior leaves nothing


@dataclass(frozen=True, slots=True)
class DrawnEffects:
    """Joint draws of the mean and the spread of the effects; all draws count the same.

    ``mean`` and ``spread`` are (draws, dimensions) on the logit scale, ``correlation`` (draws,) between two effects, 0
    in one dimension; ``effective`` the number of independent draws that are worth as much; ``studies`` how many there
    were; ``coordinates`` (draws, …) are those of a design.
    """

    mean: Array
    spread: Array
    correlation: Array
    effective: float
    studies: int
    coordinates: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def next_setting(self, level: float = 0.95) -> Array:
        """Median and ends of the interval of the probability in a setting like these: (dimensions, 3)."""
        return self._quantiles(self.spread, level)

    def average(self, level: float = 0.95) -> Array:
        """Median and ends of the interval of the probability in the middle setting: (dimensions, 3)."""
        return self._quantiles(np.zeros_like(self.spread), level)

    def draw(self, rng: np.random.Generator) -> Array:
        """Probabilities in next settings, (draws, dimensions): those of a row belong together."""
        return np.asarray(expit(self.draw_logits(rng)))

    def draw_logits(self, rng: np.random.Generator) -> Array:
        """The logits of :meth:`draw`."""
        z = rng.standard_normal(self.mean.shape)
        return np.asarray(self.mean + np.einsum("pij,pj->pi", root_of(self.spread, self.correlation), z))

    def together(self, *, next_setting: bool = True) -> float:
        """The correlation of the logits of two effects in next settings (else of the means), from their ranks.

        0 in one dimension. It holds what is not known of the means and spreads, which the draws of ``correlation`` do
        not.
        """
        if self.mean.shape[1] == 1:
            return 0.0
        return correlation_of_ranks(self.draw_logits(np.random.default_rng(0)) if next_setting else self.mean)

    def _quantiles(self, spread: Array, level: float) -> Array:
        tails = (0.5, (1 - level) / 2, (1 + level) / 2)
        pairs = zip(self.mean.T, spread.T, strict=True)
        return np.array([[expit(_quantile(mean, sd, tail)) for tail in tails] for mean, sd in pairs])


def drawn_effects(
    events: Array,
    totals: Array,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    points: int = POINTS_OF_DRAWS,
    spread_scale: float = SPREAD_SCALE,
    design: Design | None = None,
) -> DrawnEffects:
    """Draw from the posterior of one rate, or of two that go together.

    Parameters
    ----------
    events, totals
        (studies, dimensions) with one or more studies and one or two dimensions; cells of 0 are taken as they are.
    draws, seed
        the same seed gives the same draws.
    points
        of the quadrature in each dimension.
    spread_scale
        of the half-normal prior of the spreads, on the logit scale.
    design
        what else moves the logits; with cut-offs, ``events`` and ``totals`` are its cells.
    """
    rng = np.random.default_rng(seed)
    posterior = _Posterior(events, totals, spread_scale, design)
    centre, width = _first_proposal(events, totals, design)
    flattened = 0.0
    for _ in range(MOST_STEPS):
        x, log_proposal = _proposed(centre, width, FITTED_FROM, rng)
        log_ratio = posterior.log_density(x, min(points, FEW_POINTS)) - log_proposal
        finished = flattened == 1.0
        flattened = _exponent(log_ratio)
        centre, width = _moments(x, _normalised(flattened * log_ratio))
        if finished and flattened == 1.0:
            break
    for _ in range(LAST_TRIES):
        x, log_proposal = _proposed(centre, width, draws, rng)
        weights = _normalised(posterior.log_density(x, points) - log_proposal)
        if 1 / (weights**2).sum() >= ENOUGH * draws:
            break
        centre, width = _moments(x, weights)
    chosen = x[np.searchsorted(np.cumsum(weights)[:-1], (np.arange(draws) + rng.random()) / draws)]
    mean, spread, correlation = _parts(chosen, events.shape[1])
    coordinates = chosen[:, _width(events.shape[1]) :]
    return DrawnEffects(mean, spread, correlation, float(1 / (weights**2).sum()), len(events), coordinates)


def with_prior_counts(events: Array, totals: Array, *, fewer: int = 0) -> tuple[Array, Array]:
    """Events and people with half an event and half a person without it, shared among the cells with people.

    Parameters
    ----------
    events, totals
        (studies, dimensions) or (studies, dimensions, cells).
    fewer
        among how many studies less it is shared: 1 where one is about to be left out.
    """
    counted = totals > 0
    shared_by = counted.sum(axis=tuple(axis for axis in range(totals.ndim) if axis != 1), keepdims=True)
    half = np.where(counted, 0.5 / np.maximum(shared_by - fewer, 1), 0.0)
    return events + half, totals + 2 * half


def correlation_of_ranks(pairs: Array) -> float:
    """The correlation of two normal values that would have the rank correlation of these draws, (draws, 2)."""
    ranks = np.argsort(np.argsort(pairs, axis=0, kind="stable"), axis=0, kind="stable")
    first, second = (ranks - ranks.mean(axis=0)).T
    return float(2 * np.sin(np.pi / 6 * (first @ second) / (first @ first)))


def root_of(spread: Array, correlation: Array) -> Array:
    """The lower triangular roots of covariances: (draws, dimensions, dimensions)."""
    root = np.zeros((*spread.shape, spread.shape[1]))
    root[:, 0, 0] = spread[:, 0]
    if spread.shape[1] == 2:
        root[:, 1, 0] = spread[:, 1] * correlation
        root[:, 1, 1] = spread[:, 1] * np.sqrt(1 - correlation**2)
    return root


def _parts(x: Array, dimensions: int) -> tuple[Array, Array, Array]:
    """Mean, spread and correlation of unbounded coordinates: the mean, log spreads, and artanh of the correlation."""
    correlation = np.tanh(x[:, 4]) if dimensions == 2 else np.zeros(len(x))
    correlation = np.clip(correlation, -LARGEST_CORRELATION, LARGEST_CORRELATION)
    return x[:, :dimensions], np.exp(np.clip(x[:, dimensions : 2 * dimensions], *LOG_SPREADS)), correlation


def _width(dimensions: int) -> int:
    """How many of the coordinates are of means, spreads and correlation."""
    return 2 * dimensions + (dimensions == 2)


@dataclass(frozen=True, slots=True)
class _Posterior:
    events: Array
    totals: Array
    spread_scale: float
    design: Design | None

    def log_density(self, x: Array, points: int) -> Array:
        """Up to a constant, in the unbounded coordinates."""
        dimensions = self.events.shape[1]
        mean, spread, correlation = _parts(x, dimensions)
        density = (np.log(spread) - 0.5 * (spread / self.spread_scale) ** 2).sum(axis=1)
        if dimensions == 2:
            density += 2 * np.log1p(-(correlation**2))  # the prior, and the slope of tanh
        offsets = None
        if self.design is not None:
            others = x[:, _width(dimensions) :]
            offsets = self.design.offsets(others)
            density += self.design.log_constant(others) - 0.5 * ((others / self.design.prior_sd) ** 2).sum(axis=1)
        root = root_of(spread, correlation)
        counts = with_prior_counts(self.events, self.totals)
        return np.asarray(density + log_likelihood(*counts, mean, root, points, offsets))


def _first_proposal(events: Array, totals: Array, design: Design | None) -> tuple[Array, Array]:
    cells = tuple(axis for axis in range(events.ndim) if axis != 1)
    together, people, dimensions = events.sum(axis=cells), totals.sum(axis=cells), events.shape[1]
    mean = np.log((together + 0.5) / (people - together + 0.5))
    rest = [-1.0] * dimensions + [0.0] * (dimensions == 2)
    widths = [1.5] * dimensions + [1.0] * dimensions + [0.8] * (dimensions == 2)
    others = np.zeros(0) if design is None else np.asarray(design.prior_sd)
    return np.concatenate([mean, rest, np.zeros(len(others))]), np.diag([*widths, *others])


def _proposed(centre: Array, width: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draws of two multivariate t distributions, a close and a wide one, and their log density up to a constant."""
    size = len(centre)
    scale = np.where(rng.random(draws) < SHARE_OF_WIDE, WIDE, 1.0)[:, None]
    z = scale * rng.standard_normal((draws, size)) / np.sqrt(rng.chisquare(DEGREES, (draws, 1)) / DEGREES)
    squares = (z**2).sum(axis=1)
    close, wide = (-0.5 * (DEGREES + size) * np.log1p(squares / factor**2 / DEGREES) for factor in (1.0, WIDE))
    log_density = np.logaddexp(np.log(1 - SHARE_OF_WIDE) + close, np.log(SHARE_OF_WIDE) + wide - size * np.log(WIDE))
    return centre + z @ width.T, log_density - np.log(np.abs(np.diagonal(width))).sum()


def _exponent(log_ratio: Array) -> float:
    """The largest exponent up to 1 of the weights with which enough draws count."""
    low, high = 0.0, 1.0
    if _effective(log_ratio) >= ENOUGH * len(log_ratio):
        return 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _effective(middle * log_ratio) >= ENOUGH * len(log_ratio) else (low, middle)
    return low


def _effective(log_weights: Array) -> float:
    return float(1 / (_normalised(log_weights) ** 2).sum())


def _normalised(log_weights: Array) -> Array:
    return np.exp(log_weights - logsumexp(log_weights))


def _moments(x: Array, weights: Array) -> tuple[Array, Array]:
    """The centre and the width of a proposal like weighted draws."""
    centre = weights @ x
    away = x - centre
    covariance = (away * weights[:, None]).T @ away + 1e-6 * np.eye(len(centre))
    return centre, np.linalg.cholesky(covariance) * np.sqrt((DEGREES - 2) / DEGREES)


def _quantile(mean: Array, sd: Array, tail: float) -> float:
    """Of an even mixture of normal distributions."""
    if not sd.any():
        return float(np.quantile(mean, tail))
    from scipy.optimize import brentq

    def excess(x: float) -> float:
        return float(ndtr((x - mean) / sd).mean() - tail)

    return float(brentq(excess, (mean - 10 * sd).min(), (mean + 10 * sd).max()))
