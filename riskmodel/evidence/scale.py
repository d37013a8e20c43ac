"""The scale on which a number varies: the log of a ratio or weight, the logit of a probability or share."""

from __future__ import annotations

Z95 = 1.959963984540054  # half-width of a 95 % interval in standard deviations: scipy.stats.norm.ppf(0.975)
