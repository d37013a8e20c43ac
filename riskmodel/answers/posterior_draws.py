"""The posteriors of cases under every draw of the statements, each draw with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.answers.uncertainty import Uncertain
    from riskmodel.arrays import Array, Masks


@dataclass(frozen=True, repr=False)
class PosteriorDraws(Shown):
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

    def sheet(self) -> Sheet:
        _, draws, cases = self.probability.shape
        effective = 1 / (self.weight**2).sum(axis=0)
        return Sheet(
            "Posterior draws",
            {
                "draws": draws,
                "cases": cases,
                "effective sample size": f"{effective.min():.0f} to {effective.max():.0f}" if cases else "none",
                "outputs": ", ".join(self.names),
            },
        )

    @classmethod
    def of(cls, uncertain: Uncertain, masks: Masks, index: pd.Index) -> PosteriorDraws:
        names = uncertain.scoring.scorer.output_names
        draws, count = uncertain.network.draws, masks.shape[1]
        probability, weight = np.empty((len(names), draws, count)), np.empty((draws, count))
        for rows, posterior in uncertain.posteriors(masks):
            probability[:, :, rows] = posterior.probability
            weight[:, rows] = posterior.evidence / posterior.evidence.sum(axis=0)
        return cls(names, index, probability, weight)

    def resampled(self, *, seed: int = 0) -> Array:
        """Draws of equal weight: as many as there are, taken by weight for each case; (outputs, draws, cases).

        Systematic resampling: a draw of weight w is taken n w times, up or down to a whole number.
        """
        _, draws, cases = self.probability.shape
        starts = np.random.default_rng(seed).random((cases,))
        taken = np.empty_like(self.probability)
        for case in range(cases):
            ends = np.cumsum(self.weight[:, case])
            places = np.searchsorted(ends / ends[-1], (np.arange(draws) + starts[case]) / draws)
            taken[:, :, case] = self.probability[:, places, case]
        return taken

    def to_dict(self, *, seed: int = 0) -> dict[str, Array]:
        """Output → (1 chain, draws, cases), draws of equal weight: what ArviZ and xarray take.

        >>> import riskmodel as rm
        >>> found = rm.load().posterior_draws({"fever": "yes"}, 64, setting="primary_care")
        >>> found.to_dict()["infection"].shape
        (1, 64, 1)
        """
        taken = self.resampled(seed=seed)
        return {name: taken[i][None] for i, name in enumerate(self.names)}

    def to_arviz(self, *, seed: int = 0) -> Any:
        """The draws as ArviZ takes them, one variable an output, with the dimension ``case``.

        Raises
        ------
        UsageError
            where ArviZ is not installed.
        """
        try:
            import arviz
        except ImportError:
            raise UsageError("to_arviz needs ArviZ, which is not installed: pip install arviz") from None
        posterior = self.to_dict(seed=seed)
        coords = {"case": [str(case) for case in self.index]}
        dims = {name: ["case"] for name in self.names}
        if int(arviz.__version__.split(".")[0]) >= 1:  # groups became one mapping
            return arviz.from_dict({"posterior": posterior}, coords=coords, dims=dims)
        return arviz.from_dict(posterior=posterior, coords=coords, dims=dims)

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
