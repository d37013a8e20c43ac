"""Frames of cases, coded by a model: what its answers are as frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from riskmodel.errors import InferenceError, UsageError, nearest
from riskmodel.evidence.records import SETTING

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from riskmodel.answers.scoring import Scoring
    from riskmodel.answers.uncertainty import Uncertain
    from riskmodel.arrays import Array, Masks
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.evidence.records import Variable

Cases: TypeAlias = (
    "pd.DataFrame | pd.Series | Mapping[str, Any] | list[dict[str, Any]] | ArrowStream | ArrowArray | pl.LazyFrame"
)
Frame: TypeAlias = Any  # of the kind that was given: pandas, polars, or an Arrow table


class ArrowStream(Protocol):
    """A table that hands itself over by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with the stream."""


class ArrowArray(Protocol):
    """A batch of rows that hands itself over by the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Capsules with the schema and the array."""


def scored_frame(
    scoring: Scoring, cases: pd.DataFrame, masks: Masks, mapping: MappingLike, uncertain: Uncertain | None
) -> pd.DataFrame:
    """Posteriors, action and reason of each case of a frame; with intervals where scoring under draws is given.

    Parameters
    ----------
    masks
        the cases as coded evidence, (variables, cases).

    Raises
    ------
    InferenceError
        naming the first case whose evidence is impossible.
    """
    from riskmodel.answers.output_columns import compiled_score, small_score, uncertain_score, warn_of_few_draws
    from riskmodel.casefiles.options import SMALL_RECORDS
    from riskmodel.casefiles.read.frame import identifiers
    from riskmodel.casefiles.write.frame import to_frame

    if uncertain is not None:
        score = uncertain_score(uncertain)
    else:  # as for a file: the same to the last bit, and for few cases quicker than loading a compiler
        score = (compiled_score if len(cases) > SMALL_RECORDS else small_score)(scoring)
    block = score(masks)
    if uncertain is not None:
        warn_of_few_draws(block)
    if block.impossible:
        first = block.impossible[0]
        raise InferenceError(f"row {cases.index[first.row]}: {first.problem}")
    return to_frame(block.columns, cases.index, identifiers(cases, scoring.variables, mapping))


def posterior_frame(
    scoring: Scoring, cases: pd.DataFrame, masks: Masks, likelihoods: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """P(condition present | evidence) of each case of a frame, one column a condition and composite.

    Parameters
    ----------
    masks
        the cases as coded evidence, (variables, cases).
    likelihoods
        variable → array (cases, states) of P(observation | state), up to a factor.

    Raises
    ------
    UsageError
        for likelihoods of a variable that cannot have them, or of another shape.
    InferenceError
        naming the first case whose evidence is impossible.
    """
    import pandas as pd

    rows = {variable.name: row for row, variable in enumerate(scoring.variables)}
    soft = {
        rows[name]: _likelihood(scoring.variables, name, values, len(cases)) for name, values in likelihoods.items()
    }
    posterior = scoring.scorer.posterior(masks, soft)
    impossible = np.nonzero(~(posterior.evidence > 0))[0]
    if impossible.size:
        raise InferenceError(f"row {cases.index[int(impossible[0])]}: its evidence has probability zero")
    return pd.DataFrame(posterior.probability.T, index=cases.index, columns=list(scoring.scorer.output_names))


def _likelihood(variables: tuple[Variable, ...], name: str, values: np.ndarray, cases: int) -> Array:
    possible = {v.name: len(v.states) for v in variables if v.in_network and v.name != SETTING}
    if name not in possible:
        raise UsageError(f"likelihoods: {name!r} is not a variable that can have them{nearest(name, possible)}")
    array, states = np.asarray(values, dtype=float), possible[name]
    if array.shape != (cases, states) or not np.all(np.isfinite(array)) or np.any(array < 0):
        raise UsageError(f"likelihoods: {name} needs finite values of 0 or more of shape ({cases}, {states})")
    return array
