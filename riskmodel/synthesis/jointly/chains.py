"""Draws from the joint posterior by Markov chains, as a check of its parabola at the peak (Laplace's approximation).

Hamiltonian steps in Laplace's metric: each goes along a circle on which the parabola is exact, and is bent by what the
parabola misses (Beskos A et al. Stoch Process Their Appl 2011;121:2201). How the rows' log-odds follow the statements
is taken from the peak there; whether a step is taken is decided by the exact posterior, which the draws therefore have.
After each come steps at random along what the tables tell of: where the tail of the posterior is longer than the
parabola's, a chain would else stay for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.synthesis.jointly.mixing import r_hat_and_draws
from riskmodel.synthesis.jointly.standard import StandardPosterior

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.calibration.optimise import Progress
    from riskmodel.synthesis.jointly.likelihood import TablesLikelihood
    from riskmodel.synthesis.jointly.standard import Height

STEPS = 60  # of each chain, without the warm-up
WARM_UP = 0.5  # steps of warm-up for each that is kept
QUARTER = np.pi / 2  # of a circle: as far as a step goes
GRADIENTS, JITTER = 4, 0.2  # of a Hamiltonian step, and by how much the angles between them vary
WALKS, FARTHEST_WALK = 2, 2.4  # steps at random after each, and the longest (Gelman A et al. Bayesian Stat 1996;5:599)
TOLD = 1.05  # information, with the prior's 1, along which the tables tell anything
LEAST_CHAINS, LEAST_STEPS = 2, 8


@dataclass(frozen=True)
class JointDraws:
    """Draws of all selected statements, given the tables.

    ``values`` is (chains, steps, selected statements), without the warm-up, with what is not learnt at its stated
    value; ``spreads`` (chains, steps, spreads); ``accepted`` the share of steps that were taken. ``r_hat`` and
    ``effective``, (selected statements,), are of the logarithms, as of
    :func:`~riskmodel.synthesis.jointly.mixing.r_hat_and_draws`; NaN where nothing varies.
    """

    values: Array
    spreads: Array
    accepted: float
    r_hat: Array
    effective: Array

    def intervals(self) -> Array:
        """Median and ends of the 95 % interval of each selected statement: (statements, 3)."""
        return np.quantile(self.values.reshape(-1, self.values.shape[2]), [0.5, 0.025, 0.975], axis=0).T


def draw_jointly(
    likelihood: TablesLikelihood,
    *,
    chains: int = 8,
    steps: int = STEPS,
    seed: int = 0,
    progress: Progress | None = None,
) -> JointDraws:
    """Run chains side by side, each from a draw of the parabola on, after a warm-up.

    Parameters
    ----------
    chains, steps
        2 chains or more, and 8 steps or more of each that are kept.
    progress
        called after each step with the steps so far, and how many there will be.

    Raises
    ------
    UsageError
        for fewer chains or steps.
    InferenceError
        where the statements cannot hold together at their medians.
    """
    if chains < LEAST_CHAINS or steps < LEAST_STEPS:
        raise UsageError(f"{chains} chains of {steps} steps; allowed: {LEAST_CHAINS} or more of {LEAST_STEPS} or more")
    target = StandardPosterior(likelihood)
    walk = _Walk(target, chains, np.random.default_rng(seed))
    kept, taken, warm_up = [], 0.0, round(WARM_UP * steps)
    for step in range(warm_up + steps):
        chances = walk.step()
        for _ in range(WALKS):
            walk.step_at_random()
        if step >= warm_up:
            kept.append(walk.z)
            taken += chances / steps
        if progress:
            progress(step + 1, warm_up + steps)
    z = np.stack(kept, axis=1)
    flat = z.reshape(-1, target.size)
    values = target.values(flat).reshape(chains, steps, -1)
    spreads = target.joint.spreads_at(target.coordinates(flat)).reshape(chains, steps, -1)
    with np.errstate(divide="ignore"):
        scaled = np.log(values)
    checks = np.array([r_hat_and_draws(scaled[:, :, i]) for i in range(scaled.shape[2])])
    return JointDraws(values, spreads, float(taken), *checks.T)


class _Walk:
    """All chains where they are, in the parabola's metric."""

    def __init__(self, target: StandardPosterior, chains: int, rng: np.random.Generator) -> None:
        self.target, self.rng = target, rng
        self.peak, self.root = target.parabola()
        self.slopes_of_rows = target.likelihood.slopes_of_rows(target.point(self.peak))
        of_parabola, directions = np.linalg.eigh(self.root.T @ self.root)
        self.informed = directions[:, of_parabola < 1 / TOLD]
        self.y = rng.standard_normal((chains, target.size))
        self.heights = self._at(self.y)
        for chain, height in enumerate(self.heights):
            if height is None:  # the peak itself always holds
                self.y[chain] = 0.0
        self.heights = self._at(self.y)

    @property
    def z(self) -> Array:
        return np.asarray(self.peak + self.y @ self.root.T)

    def _at(self, y: Array) -> list[Height | None]:
        return self.target.heights(self.peak + y @ self.root.T, self.slopes_of_rows)

    def _bend(self, y: Array, heights: list[Height | None]) -> Array:
        """The gradient of what the parabola misses; none where there is no height: the step will not be taken."""
        return np.array([
            np.zeros(len(at)) if height is None else height.slope @ self.root + at
            for at, height in zip(y, heights, strict=True)
        ])  # fmt: skip

    def step(self) -> float:
        """Move every chain, and tell how likely they were to."""
        angle = QUARTER / GRADIENTS * self.rng.uniform(1 - JITTER, 1 + JITTER)
        y, v, heights = self.y, self.rng.standard_normal(self.y.shape), self.heights
        before, possible = _energy(heights, v), np.ones(len(y), dtype=bool)
        for _ in range(GRADIENTS):
            v = v + 0.5 * angle * self._bend(y, heights)
            y, v = y * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - y * np.sin(angle)
            heights = self._at(y)
            possible &= [height is not None for height in heights]
            v = v + 0.5 * angle * self._bend(y, heights)
        return self._take(y, heights, np.where(possible, before - _energy(heights, v), -np.inf))

    def step_at_random(self) -> float:
        """Move every chain along what the tables tell of, near or far; tell how likely they were to."""
        lengths = FARTHEST_WALK / np.sqrt(max(self.informed.shape[1], 1)) * self.rng.random((len(self.y), 1))
        y = self.y + lengths * self.rng.standard_normal((len(self.y), self.informed.shape[1])) @ self.informed.T
        heights, still = self._at(y), np.zeros_like(y)
        return self._take(y, heights, _energy(self.heights, still) - _energy(heights, still))

    def _take(self, y: Array, heights: list[Height | None], gains: Array) -> float:
        """Go to new points, (chains, numbers), or stay (Metropolis); ``gains`` of log density, (chains,)."""
        chances = np.exp(np.minimum(gains, 0.0))
        taken = self.rng.random(len(y)) < chances
        self.y = np.where(taken[:, None], y, self.y)
        self.heights = [new if move else old for new, old, move in zip(heights, self.heights, taken, strict=True)]
        return float(chances.mean())


def _energy(heights: list[Height | None], v: Array) -> Array:
    """Minus the log density of points and speeds; infinite where there is no height."""
    potential = np.array([np.inf if height is None else -height.value for height in heights])
    return np.asarray(potential + 0.5 * (v**2).sum(axis=1))
