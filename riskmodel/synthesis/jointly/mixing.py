"""Whether chains agree, and how many independent draws they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskmodel.arrays import Array

CONSTANT = 1e-20  # variance of a number that is fixed


def r_hat_and_draws(chains: Array) -> tuple[float, float]:
    """R-hat of split chains, and the effective number of draws, of a number (chains, steps); NaN where it is fixed.

    Gelman A et al. Bayesian Data Analysis, 3rd ed., 2013, 11.4 and 11.5, with the sum of the correlations ended as by
    Geyer CJ. Stat Sci 1992;7:473 (initial monotone sequence). Draws may count more than once where neighbours are on
    opposite sides, but not more than the logarithm of their number (to the base of 10) times.
    """
    half = chains.shape[1] // 2
    parts = np.concatenate([chains[:, :half], chains[:, half : 2 * half]])
    within = parts.var(axis=1, ddof=1).mean()
    if not np.isfinite(within) or within < CONSTANT:
        return float("nan"), float("nan")
    total = (half - 1) / half * within + parts.mean(axis=1).var(ddof=1)
    centred = parts - parts.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, 2 * half, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, axis=1)[:, :half].mean(axis=0) / half
    correlation = 1 - (within * (half - 1) / half - covariance) / total
    pairs = correlation[: half // 2 * 2].reshape(-1, 2).sum(axis=1)
    below = np.nonzero(pairs < 0)[0]
    time = 2 * np.minimum.accumulate(pairs[: below[0] if len(below) else None]).sum() - 1
    return float(np.sqrt(total / within)), float(parts.size / max(time, 1 / np.log10(parts.size)))
