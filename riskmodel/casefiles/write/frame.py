"""Output columns as a pandas frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from riskmodel.answers.column_types import Integer, Number, OutputColumn
from riskmodel.casefiles.write.words import distinct_words
from riskmodel.cases.columns import CASE_ID

if TYPE_CHECKING:
    import pandas as pd


def to_frame(columns: Sequence[OutputColumn], index: pd.Index, names: pd.Series | None = None) -> pd.DataFrame:
    """Output columns as a frame with the index (and the case_id, where there is one) of the cases."""
    import pandas as pd

    data: dict[str, object] = {} if names is None else {CASE_ID: names.to_numpy()}
    for column in columns:
        if isinstance(column, Number | Integer):
            data[column.name] = column.values
        else:
            codes, words = distinct_words(column)
            data[column.name] = pd.Series(words).array.take(codes)
    return pd.DataFrame(data, index=index)


def frame_of_texts(names: Sequence[str], columns: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Columns of texts as a frame; blank cells are missing."""
    import pandas as pd

    cells = {name: [text or None for text in column] for name, column in zip(names, columns, strict=True)}
    return pd.DataFrame(cells, dtype=object)
