"""What a fit of statements and published tables gives: a model, a set to write, and what each table did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.calibration.likelihood.coordinates import prior_sd
from riskmodel.evidence.lineage import LEAST
from riskmodel.network.build import build_network
from riskmodel.synthesis.jointly.splitting import JointSearch, left_out
from riskmodel.text import Numeral, Sheet, Shown, table
from riskmodel.validation.ask import answer

if TYPE_CHECKING:
    from riskmodel.calibration.likelihood.surface import Point
    from riskmodel.calibration.optimise import Progress
    from riskmodel.calibration.result import Calibration
    from riskmodel.model import Model
    from riskmodel.synthesis.jointly.influence import Influence
    from riskmodel.synthesis.jointly.tables import SortedTables

MOST_LINES = 30
CONFLICT = 0.05  # two-sided p of what a table saw, below which it is listed


@dataclass(frozen=True, repr=False)
class JointSynthesis(Shown):
    """A model fitted to its statements and to published tables together.

    Attributes
    ----------
    calibration
        the fitted model, its parent, and each statement before and after.
    tables
        which rows were fitted, and why others were not.
    influence
        what each source told each statement.
    spreads
        between studies, on the logit scale, by kind: of findings, and of how frequent conditions are.
    search, point
        what was maximised, and where it is largest.
    """

    calibration: Calibration
    tables: SortedTables
    influence: Influence
    spreads: Mapping[str, float]
    search: JointSearch
    point: Point

    @property
    def model(self) -> Model:
        return self.calibration.model

    def statements(self) -> pd.DataFrame:
        """The statements that moved or became surer, one row a statement and source that told it.

        Columns: ``statement``, ``before``, ``after``, ``low``, ``high`` (95 %), ``shift`` (of the statement, in its own
        standard deviations before), ``share`` (0 to 1: of the variance that all tables took away), ``source``, ``told``
        (0 to 1: of what all tables told, what this source did), ``pull`` (how far this source moved it, in the same
        standard deviations).
        """
        moved = self.calibration.table[self.calibration.table["verdict"] != "unchanged"]
        priors, rows = self.calibration.parent.priors, []
        for of in moved.to_dict("records"):
            sd = prior_sd(priors.statement(of["statement"]), priors.prior_set)
            number = self.influence.statements.index(of["statement"])
            tables = dict(self.influence.tables_of(of["statement"]))
            for source, share in tables.items():
                pull = self.influence.pull[number, self.influence.sources.index(source)] / sd
                rows.append({
                    "statement": of["statement"], "before": of["prior"], "after": of["posterior"], "low": of["low"],
                    "high": of["high"], "shift": of["shift"], "share": of["share"], "source": source, "told": share,
                    "pull": pull,
                })  # fmt: skip
        return pd.DataFrame(rows)

    def rows(self) -> pd.DataFrame:
        """Every published row; ``before`` and ``after``: the network's share, at the study's own base rate if known."""
        before, after = (build_network(model.priors) for model in (self.calibration.parent, self.model))
        as_fitted = {row.id: row for row in self.tables.fitted}
        return pd.DataFrame([
            {
                "id": row.id, "source": row.source, "question": row.question, "setting": row.setting,
                "published": row.published, "events": row.events, "n": row.n,
                "before": float(answer(before, row, at_prior=True)[0]),
                "after": float(answer(after, row, at_prior=True)[0]),
                "fitted": row.id in as_fitted, "aside": self.tables.aside.get(row.id, ""),
            }
            for row in self.tables.rows
        ])  # fmt: skip

    def splits(self, progress: Progress | None = None) -> pd.DataFrame:
        """Every row that was fitted or is a test beside what is expected of it without its own study.

        See :func:`~riskmodel.synthesis.jointly.splitting.left_out`; a fit for each study.
        """
        return left_out(self.search, self.point, progress)

    def write(self, path: str | Path) -> Path:
        """Write the fit as a prior set that extends the one it came from; see :meth:`Calibration.write`."""
        return self.calibration.write(path)

    def sheet(self) -> Sheet:
        table = self.calibration.table
        surer = int((table["share"] >= LEAST).sum())
        return Sheet(
            "Statements and published tables, fitted together",
            {
                "tables": self.calibration.origin.headline(),
                "not fitted": f"{len(self.tables.aside)} shares, of which {len(self.tables.held_out)} are held out",
                "statements": f"{len(table)}, {int((table['verdict'] != 'unchanged').sum())} of them moved",
                "surer by a tenth": surer,
                **{f"spread of {name}": f"{value:.2g} on the logit scale" for name, value in self.spreads.items()},
                "converged": "yes" if self.calibration.converged else f"no, {self.calibration.why}",
            },
        )

    def lines(self) -> list[str]:
        """The result for a person: what was fitted, and the statements that moved most."""
        return [*str(self.sheet()).splitlines(), "", *self.calibration.lines(MOST_LINES)]


def conflict_lines(splits: pd.DataFrame, most: int = 10) -> list[str]:
    """Splits for a person: the tables that the rest would not expect, and how many are inside, before and after."""
    lines = [
        "",
        f"Tables that all others would not expect (two-sided p below {CONFLICT:g}, with the spread between studies)",
    ]
    odd = splits[splits["fitted"] & (splits["p_after"] < CONFLICT)].sort_values("p_after")
    cells = [
        [
            row["id"],
            *(Numeral(f"{row[key]:.3g}") for key in ("published", "after", "after_low", "after_high", "p_after")),
        ]
        for row in odd.head(most).to_dict("records")
    ]
    lines += table(["row", "published", "expected", "low", "high", "p"], cells) if cells else ["  none"]
    lines += ["", "Inside the 95 % interval of what is expected without the row's own study: before, after the fit"]
    for fitted, title in ((True, "each study left out in turn"), (False, "rows that are not fitted")):
        of = splits[splits["fitted"] == fitted]
        counts = [f"{of[f'{kind}_{when}'].sum()}" for kind in ("inside", "strict") for when in ("before", "after")]
        if len(of):
            score = ", ".join(f"{of[f'score_{when}'].mean():.2f}" for when in ("before", "after"))
            lines.append(
                f"  {title}: {counts[0]}, {counts[1]} of {len(of)}; without the spread between studies {counts[2]}, "
                f"{counts[3]}; mean log score {score}"
            )
    return lines
