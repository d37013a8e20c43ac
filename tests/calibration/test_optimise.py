"""The search for the most probable statements, where slopes change at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from riskmodel.calibration.optimise import maximise


@dataclass(frozen=True)
class Place:
    x: np.ndarray


class Ridge:
    """A log posterior that falls from a centre, and by so much more with the size of each linear form.

    value = -|x - centre|² / 2 - Σ heights · |forms · x - levels|: concave, with a change of slope along each form.
    """

    prior_weight = 1.0

    def __init__(self, centre: Any, forms: Any, levels: Any, heights: Any) -> None:
        self.centre, self.forms = np.asarray(centre, float), np.asarray(forms, float)
        self.levels, self.heights = np.asarray(levels, float), np.asarray(heights, float)
        self.likelihood = self

    def at_each(self, x: np.ndarray):
        return (Place(row) for row in x)

    def changes_of_slope(self, x: np.ndarray, others: np.ndarray) -> np.ndarray:
        side, sides = self.forms @ x >= self.levels, others @ self.forms.T >= self.levels
        return (sides != side).any(axis=1)

    def value(self, point: Place) -> float:
        away = np.abs(self.forms @ point.x - self.levels)
        return float(-0.5 * np.sum((point.x - self.centre) ** 2) - self.heights @ away)

    def values(self, x: np.ndarray) -> np.ndarray:
        return np.array([self.value(Place(row)) for row in x])

    def gradient(self, point: Place) -> np.ndarray:
        side = np.where(self.forms @ point.x >= self.levels, 1.0, -1.0)
        return self.centre - point.x - (self.heights * side) @ self.forms

    def metric(self, point: Place) -> np.ndarray:
        return np.eye(len(self.centre))

    def highest(self) -> float:
        """The maximum, by the dual problem, which is smooth: shares of each form's slope within bounds."""

        def dual(share: np.ndarray) -> float:
            return float(0.5 * np.sum((share @ self.forms) ** 2) - share @ (self.forms @ self.centre - self.levels))

        bounds = [(-height, height) for height in self.heights]
        best = optimize.minimize(dual, np.zeros(len(bounds)), bounds=bounds, tol=1e-14)
        return float(best.fun)


RIDGES = {
    "a coordinate held": Ridge([1.0, 2.0], [[1.0, 0.0]], [0.3], [4.0]),
    "a ridge across both coordinates": Ridge([3.0, -1.0], [[1.0, -1.0]], [0.0], [9.0]),
    "a ridge that nothing but a step along it climbs": Ridge([4.0, 3.9], [[1.0, -1.0]], [0.0], [50.0]),
    "three ridges": Ridge([2.0, -1.0, 0.5], [[1, -1, 0], [0, 1, 1], [1, 0, 0]], [0.1, 0.2, 0.9], [3.0, 2.0, 5.0]),
    "no ridge at the end": Ridge([2.0, -1.0], [[1.0, 0.0]], [0.3], [0.5]),
}


@pytest.mark.parametrize("name", RIDGES)
@pytest.mark.parametrize("seed", range(5))
def test_the_end_is_the_highest_point_at_a_change_of_slope_too(name: str, seed: int) -> None:
    ridge = RIDGES[name]
    start = Place(np.random.default_rng(seed).normal(0, 2, len(ridge.centre)))
    fitted = maximise(ridge, start)
    assert fitted.converged, fitted.why
    assert fitted.log_posterior == pytest.approx(ridge.highest(), abs=0.01)  # a seventh of a standard deviation
