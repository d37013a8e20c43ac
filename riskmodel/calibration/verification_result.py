"""What a fit says of who was verified: the odds ratio before and after, and the estimates at others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from riskmodel.calibration.verified_odds import VerifiedOddsRatio
from riskmodel.text import listed, table, words

MOST_COLUMNS = 6  # statements beside each other


@dataclass(frozen=True)
class Verification:
    """Whose outcome was looked for, where disease itself may have decided.

    Attributes
    ----------
    stated
        the odds ratio of verification, disease present against absent, at equal recorded findings.
    after
        of one that was learnt: what is held of it after the cohort.
    disease
        the conditions any of which may have decided.
    people, verified
        how many, and of how many an outcome is known.
    bounds
        one row a condition: ``condition``, ``present``, ``unknown`` (people), ``lowest`` and ``highest`` (share of all
        people with it, if nobody or everybody of those with an unknown outcome has it): nothing is assumed.
    table
        one row an odds ratio and statement: ``odds_ratio``, ``statement``, ``posterior``, ``low``, ``high``.
    otherwise
        each statement (``statement``, ``posterior``, ``low``, ``high``) if the odds ratio had been held as stated, or
        where it was held if it had been learnt.
    """

    stated: VerifiedOddsRatio
    after: VerifiedOddsRatio | None
    disease: tuple[str, ...]
    people: int
    verified: int
    bounds: pd.DataFrame
    table: pd.DataFrame | None = None
    otherwise: pd.DataFrame | None = None

    def notes(self) -> list[str]:
        """What a reader should know."""
        illness = listed([words(name) for name in self.disease], "or")
        sentence = (
            f"the odds that the outcome is known were taken as {self.stated} times as high in people with {illness} as "
            f"in others with the same recorded findings (odds ratio of verification)"
        )
        if self.after is None:
            return [sentence] if self.stated.is_fixed else [f"{sentence}, and held as stated"]
        learnt = (
            f"after the cohort this odds ratio is {self.after}: learnt from how the findings of people without a known "
            f"outcome differ from those of the others, which is right only as far as the model of the findings is"
        )
        return [sentence, learnt]

    @property
    def alternative(self) -> str:
        """What ``otherwise`` is, in short."""
        return "learnt" if self.after is None else "held as stated"

    def tipping_lines(self, statements: Sequence[str]) -> list[str]:
        """The estimates of some statements at each odds ratio, for the terminal; none without a table."""
        if self.table is None:
            return []
        shown = [name for name in statements if name in set(self.table["statement"])][:MOST_COLUMNS]
        rows = []
        for odds_ratio, part in self.table.groupby("odds_ratio"):
            by_name = {row["statement"]: row for _, row in part.iterrows()}
            estimates = [_estimate(by_name[name]) for name in shown]
            rows.append([f"{float(str(odds_ratio)):.3g}", *estimates])
        if self.otherwise is not None:
            by_name = {row["statement"]: row for _, row in self.otherwise.iterrows()}
            rows.append([self.alternative, *(_estimate(by_name[name]) for name in shown)])
        return [
            "If who was verified depended on disease with another odds ratio:",
            *table(["odds ratio", *shown], rows),
        ]


def _estimate(row: pd.Series) -> str:
    return f"{row['posterior']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
