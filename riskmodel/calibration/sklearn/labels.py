"""Outcomes as scikit-learn hands them over (frames, arrays, vectors, of many kinds of labels) → condition columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable

Array = NDArray[Any]
Outcomes = pd.DataFrame | pd.Series | Array | None


class InputError(UsageError, ValueError):
    """Data that an estimator cannot take; a ValueError too, as scikit-learn expects."""


def outcome_columns(
    Y: Outcomes, conditions: Sequence[str], variables: Sequence[Variable]
) -> dict[str, list[str | None]]:
    """Outcomes as columns of a case file, None where unknown.

    Parameters
    ----------
    Y
        a frame with conditions among its columns, an array (people, conditions), a vector of the one condition, or
        None.
    conditions
        of the columns of an array.

    Raises
    ------
    InputError
        another shape, or a value that is none of 0, 1, the condition's states, and blank.

    Examples
    --------
    >>> fracture = Variable("fracture", "condition", ("absent", "present"), "")
    >>> outcome_columns(np.array([1.0, np.nan, 0.0]), ["fracture"], [fracture])
    {'fracture': ['present', None, 'absent']}
    """
    if Y is None:
        return {}
    by_name = {variable.name: variable for variable in variables if variable.role == "condition"}
    if isinstance(Y, pd.DataFrame):
        named = {v.name: Y[v.column] for v in by_name.values() if v.column in Y.columns}
    else:
        values = np.asarray(Y, dtype=object)
        table = values.reshape(-1, 1) if values.ndim == 1 and len(conditions) == 1 else values
        if table.ndim != 2 or table.shape[1] != len(conditions):
            raise InputError(
                f"Y must have {len(conditions)} columns ({', '.join(conditions)}) or be a frame with conditions as "
                f"columns, not of shape {values.shape}; for one condition give condition=…"
            )
        named = {name: pd.Series(table[:, i]) for i, name in enumerate(conditions)}
    return {by_name[name].column: _coded(column, by_name[name]) for name, column in named.items()}


def labels_of(Y: Outcomes, states: Sequence[str]) -> Array:
    """The two labels of one condition, absent first, of the kind that ``Y`` has them."""
    if Y is not None:
        values = pd.Series(np.asarray(Y, dtype=object).ravel()).dropna()
        if len(values) and isinstance(values.iloc[0], str):
            return np.array(states)
        if len(values) and all(isinstance(value, bool | np.bool_) for value in values):
            return np.array([False, True])
    return np.array([0, 1])


def _coded(column: pd.Series, variable: Variable) -> list[str | None]:
    """A column's values as states of the condition."""
    codes, uniques = column.factorize(use_na_sentinel=True)
    states = np.array([*(_state(value, variable) for value in uniques), None], dtype=object)
    return list(states[codes])


def _state(value: object, variable: Variable) -> str | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        if value in variable.states:
            return value
    elif value in (0, 1):
        return variable.states[int(value)]
    raise InputError(
        f"Y: {variable.name} has the value {value!r}; allowed are 0, 1, {', '.join(variable.states)}, and blank where "
        "unknown (cross_val_predict recodes blanks of Y: there leave the outcomes in X and give no Y)"
    )
