"""Output columns as a pandas frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn
from riskmodel.cases.columns import CASE_ID

if TYPE_CHECKING:
    import pandas as pd


def to_frame(columns: Sequence[OutputColumn], index: pd.Index, names: pd.Series | None = None) -> pd.DataFrame:
    """Output columns as a frame with the index (and the case_id, where there is one) of the cases."""
    import pandas as pd

    data: dict[str, object] = {} if names is None else {CASE_ID: names.to_numpy()}
    for column in columns:
        data[column.name] = column.values if isinstance(column, Number | Integer) else texts(column)
    return pd.DataFrame(data, index=index)


def texts(column: OutputColumn) -> list[str]:
    """The text of each row of a column of labels, several joined by ``|``."""
    if isinstance(column, Flags):
        rows = [np.nonzero(bits)[0] for bits in column.bits.T]
    elif isinstance(column, Number | Integer):
        return [str(value) for value in column.values]
    else:
        rows = [codes[codes >= 0] for codes in column.codes.T]
    return ["|".join(column.labels[i] for i in row) for row in rows]
