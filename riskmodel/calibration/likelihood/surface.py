"""What a fit asks of a likelihood, however its rows are reached: its value, its slope and its information at points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from riskmodel.arrays import Array, Bools
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.network.build import build_network
from riskmodel.network.kept import KeptTables
from riskmodel.network.network import Network


@dataclass(frozen=True)
class Point:
    """The likelihood at one point: its log, and the expected counts of every table entry, by stratum and piece."""

    x: Array
    log_likelihood: float
    tables: list[list[Array]]
    counts: list[list[Array]] = field(repr=False)


class LikelihoodSurface(ABC):
    """A likelihood over the coordinates of statements."""

    coordinates: Coordinates

    def at(self, x: Array) -> Point | None:
        """The likelihood at a point, or None where the statements cannot hold together or a row is impossible."""
        return next(self.at_each(x[None]))

    @abstractmethod
    def at_each(self, x: Array) -> Iterator[Point | None]:
        """As :meth:`at`, of several points (points, coordinates), one after another."""

    @abstractmethod
    def log_likelihoods(self, x: Array) -> Array:
        """The log likelihood at many points, (points, coordinates); -inf where :meth:`at` is None."""

    @abstractmethod
    def gradient(self, point: Point) -> Array:
        """Derivatives of the log likelihood by the coordinates, (coordinates,)."""

    @abstractmethod
    def information(self, point: Point) -> tuple[Array, Array]:
        """Sums over people of the outer products of their scores, with weights once and squared.

        The first estimates the information of the cohort about the coordinates, (coordinates, coordinates).
        """

    @abstractmethod
    def is_informative(self, point: Point) -> bool:
        """Whether any row depends on any coordinate."""

    def will_ask(self, x: Array) -> None:  # noqa: B027
        """Announce points, (points, coordinates), at which :meth:`at` is asked for next; for rows that are far away."""

    def network(self, x: Array) -> Network:
        """The network of points, (points, coordinates), with a draw each; what lies beyond reach is held.

        Raises
        ------
        InferenceError
            where the statements cannot hold together at one of the points.
        """
        priors, values = self.coordinates.priors, self.coordinates.values(x)
        return build_network(priors, values, hold=True, constant_once=True, kept=self._kept)

    @cached_property
    def _kept(self) -> KeptTables:
        """What no coordinate moves is built once."""
        return KeptTables()

    def changes_of_slope(self, x: Array, others: Array) -> Bools:
        """Whether the slope changes between a point and each of others, (others, coordinates).

        It does where an entry of a table is held at what can be reached on one side alone, or clipped.
        """
        network = self.network(np.concatenate([x[None], others]))
        changed = np.zeros(len(others), dtype=bool)
        for entries in (*network.held_entries.values(), *network.clipped_entries.values()):
            if len(entries) > 1:
                changed |= entries[1:] != entries[0]
        return changed
