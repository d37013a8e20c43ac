"""The posteriors of cases under every draw of the statements, each draw with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.inference.scorer import Array, Masks
    from riskmodel.uncertainty import Uncertain


@dataclass(frozen=True)
class PosteriorDraws:
    """Posteriors under all draws.

    Attributes
    ----------
    names
        the outputs: conditions, then composites.
    index
        of the cases.
    probability
        (outputs, draws, cases): P(present | evidence, draw), in [0, 1]; draw 0 is the stated values.
    weight
        (draws, cases): how much each draw counts for each case, by the probability it gives to the case's
        evidence; sums to 1 over draws.
    """

    names: tuple[str, ...]
    index: pd.Index
    probability: Array
    weight: Array

    @classmethod
    def of(cls, uncertain: Uncertain, masks: Masks, index: pd.Index) -> PosteriorDraws:
        names = uncertain.scoring.scorer.output_names
        draws, count = uncertain.network.draws, masks.shape[1]
        probability, weight = np.empty((len(names), draws, count)), np.empty((draws, count))
        for rows, posterior in uncertain.posteriors(masks):
            probability[:, :, rows] = posterior.probability
            weight[:, rows] = posterior.evidence / posterior.evidence.sum(axis=0)
        return cls(names, index, probability, weight)

    def exceeding(self, threshold: float) -> pd.DataFrame:
        """P(posterior > threshold) of each output for each case: the weight of the draws above it.

        Parameters
        ----------
        threshold
            a probability in [0, 1].
        """
        import pandas as pd

        if not 0 <= threshold <= 1:
            raise UsageError(f"threshold must lie in [0, 1], not {threshold}")
        shares = ((self.probability > threshold) * self.weight).sum(axis=1)
        return pd.DataFrame(shares.T, index=self.index, columns=list(self.names))

    def frame(self, name: str) -> pd.DataFrame:
        """One output: a row a draw, a column a case."""
        import pandas as pd

        return pd.DataFrame(self.probability[self.names.index(name)], columns=self.index)
