"""Draws from the joint posterior by Markov chains, as a check of its parabola at the peak (Laplace's approximation).

Hamiltonian steps in Laplace's metric: each goes a part of a circle on which the parabola is exact, and is bent by the
exact gradient of what the parabola misses (Beskos A et al. Stoch Process Their Appl 2011;121:2201). With a parabola
that is right every step is a draw. Proposals around the peak without the gradient are not used: where the tail of the
posterior is longer than the parabola's, a chain that is there stays for thousands of steps.
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
WARM_UP = 0.4  # steps of warm-up for each that is kept
QUARTER = np.pi / 2  # of a circle: as far as a step goes
ANGLES = (0.1, QUARTER / 3)  # between two gradients: with fewer of them a chain in a tail may not come back
FIRST_ANGLE, JITTER = 0.4, 0.2
WANTED, LEARNING = 0.8, 0.6  # the share of steps that should be taken, and how fast the angle follows it
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
    likelihood: TablesLikelihood, *, chains: int = 8, steps: int = STEPS, seed: int = 0, progress: Progress | None = None
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
        if step < warm_up:
            walk.adapt(chances, step)
        else:
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
        self.angle = FIRST_ANGLE
        self.peak, self.root = target.parabola()
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
        return self.target.heights(self.peak + y @ self.root.T)

    def _bend(self, y: Array, heights: list[Height | None]) -> Array:
        """The gradient of what the parabola misses; none where there is no height: the step will not be taken."""
        return np.array([
            np.zeros(len(at)) if height is None else height.slope @ self.root + at
            for at, height in zip(y, heights, strict=True)
        ])  # fmt: skip

    def step(self) -> float:
        """Move every chain, and tell how likely they were to."""
        angle = min(self.angle * self.rng.uniform(1 - JITTER, 1 + JITTER), QUARTER)
        y, v, heights = self.y, self.rng.standard_normal(self.y.shape), self.heights
        before, possible = _energy(heights, v), np.ones(len(y), dtype=bool)
        for _ in range(max(round(QUARTER / angle), 1)):
            v = v + 0.5 * angle * self._bend(y, heights)
            y, v = y * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - y * np.sin(angle)
            heights = self._at(y)
            possible &= [height is not None for height in heights]
            v = v + 0.5 * angle * self._bend(y, heights)
        with np.errstate(over="ignore", invalid="ignore"):
            chances = np.where(possible, np.exp(np.minimum(before - _energy(heights, v), 0.0)), 0.0)
        chances = np.nan_to_num(chances)
        taken = self.rng.random(len(y)) < chances
        self.y = np.where(taken[:, None], y, self.y)
        self.heights = [new if move else old for new, old, move in zip(heights, self.heights, taken, strict=True)]
        return float(chances.mean())

    def adapt(self, chances: float, step: int) -> None:
        """Take gradients farther apart where more steps are taken than needed, ever more slowly."""
        change = LEARNING * (chances - WANTED) / np.sqrt(1 + step / 4)
        self.angle = float(np.clip(self.angle * np.exp(change), *ANGLES))


def _energy(heights: list[Height | None], v: Array) -> Array:
    """Minus the log density of points and speeds; infinite where there is no height."""
    return np.array([np.inf if height is None else -height.value for height in heights]) + 0.5 * (v**2).sum(axis=1)
