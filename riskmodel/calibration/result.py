"""What a fit found: prior and posterior of each statement, the fitted model, and the set to write."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.calibration.as_prior_set import Origin, set_text
from riskmodel.calibration.optimise import INTERRUPTED
from riskmodel.calibration.outcome_weights import Weighting
from riskmodel.calibration.verification_result import Verification
from riskmodel.errors import UsageError
from riskmodel.evidence.lineage import basis_shares
from riskmodel.outputs.files import write_files
from riskmodel.text import RESEARCH_ONLY, Numeral, Sheet, Shown, percent, table

if TYPE_CHECKING:
    from riskmodel.evidence.records import Statement
    from riskmodel.model import Model

WIDTH = 110
HEADING = (
    "Shift in prior standard deviations, largest first; n: people who would tell as much; data: the share of the",
    "variance that the data took away (below 10 % a statement stays what it was)",
)


@dataclass(frozen=True, repr=False)
class Calibration(Shown):
    """A model fitted to a cohort.

    Attributes
    ----------
    model
        the fitted model.
    parent
        the model that was fitted.
    table
        one row a statement that was learnt: ``statement``, ``says``, ``prior``, ``prior_low``, ``prior_high``,
        ``posterior``, ``low``, ``high`` (95 % intervals), ``shift``, ``shift_low``, ``shift_high`` (of the posterior
        and its interval from the prior, in prior standard deviations on the logit scale, or log scale of a ratio),
        ``verdict`` (``unchanged``: the data said nothing about it; ``moved``; ``contradicted``: by more than 2 prior
        sd), ``n_informing`` (how many people who tell of nothing else would say as much), ``share`` (0 to 1: of
        the variance that the data took away), ``held`` (at the edge of what the other statements allow; one that was
        not to be learnt stands here only where it was brought within reach). The numbers of ``model`` are these, to a
        hundredth of a standard error.
    converged
        whether the search arrived; a fit that was interrupted has not.
    log_posterior
        log likelihood of the cohort plus weighted log prior, up to a constant.
    log_likelihood
        of the cohort, given the settings.
    notes
        what a reader should know about the cohort.
    weighting
        of a fit with ``outcomes="weighted"``: how the weights are distributed, and positivity.
    verification
        of a fit with an odds ratio of verification other than 1, and of one that was asked for its tipping table: the
        odds ratio before and after, and the estimates at others.
    """

    model: Model
    parent: Model
    table: pd.DataFrame
    converged: bool
    why: str
    steps: int
    log_posterior: float
    log_likelihood: float
    origin: Origin
    notes: tuple[str, ...] = ()
    weighting: Weighting | None = None
    verification: Verification | None = None

    def sheet(self) -> Sheet:
        counts = self.table["verdict"].value_counts()
        return Sheet(
            "Calibration",
            {
                "cohort": self.origin.headline(),
                "statements": len(self.table),
                **{verdict: int(counts.get(verdict, 0)) for verdict in ("moved", "contradicted", "unchanged")},
                "converged": "yes" if self.converged else f"no, {self.why}",
            },
        )

    @property
    def interrupted(self) -> bool:
        """Whether someone stopped the search."""
        return self.why == INTERRUPTED

    def write(self, path: str | Path) -> Path:
        """Write the fit as a prior set that extends the one it came from; whole or not at all.

        Loading the file gives the fitted model again.

        Raises
        ------
        UsageError
            when nothing moved, or the file is the set that it would extend.
        OutputError
            when the file cannot be written.
        """
        if (self.table["verdict"] == "unchanged").all():
            raise UsageError("nothing was written: the cohort moved no statement")
        path = Path(path)
        write_files({path: set_text(self.model, self.origin, path, self._status())})
        return path

    def _status(self) -> str:
        return "" if self.converged else f"not converged: {self.why}"

    def lines(self, most: int | None = None) -> list[str]:
        """The fit for a person; at most so many statements."""
        counts = self.table["verdict"].value_counts()
        moved = self.table[self.table["verdict"] != "unchanged"].sort_values("shift", key=np.abs, ascending=False)
        verdicts = ", ".join(
            f"{counts.get(verdict, 0)} {verdict}" for verdict in ("moved", "contradicted", "unchanged")
        )
        result = [f"{self.origin.headline()}: {len(self.table)} statements learnt ({verdicts})"]
        result += [f"Marked as not converged: {self.why}" for _ in [0] if not self.converged]
        result += [f"Note: {note}" for note in self.notes]
        if len(moved):
            result += ["", *HEADING]
            rows = [_row(row, self.model.statement(row["statement"])) for _, row in moved.iloc[:most].iterrows()]
            result += table(["statement", "prior", "posterior (95 %)", "shift", "n", "data", "rests on", ""], rows)
        if most is not None and len(moved) > most:
            result.append(f"… and {len(moved) - most} more")
        if counts.get("unchanged", 0):
            names = self.table.loc[self.table["verdict"] == "unchanged", "statement"]
            shown = ", ".join(names.iloc[:most]) + (", …" if most is not None and len(names) > most else "")
            result += ["", "Unchanged, the data said nothing about:"]
            result += textwrap.wrap(shown, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        if self.verification is not None:
            rates = moved.loc[moved["statement"].str.startswith("base."), "statement"]
            tipping = self.verification.tipping_lines(list(rates if len(rates) else moved["statement"]))
            result += ["", *tipping] if tipping else []
        return [*result, "", RESEARCH_ONLY]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        frame = self.table[self.table["verdict"] != "unchanged"].sort_values("shift", key=np.abs, ascending=False)
        shown = frame.drop(columns=["says"]).to_html(index=False, float_format=lambda x: f"{x:.3g}", border=0)
        rest = int((self.table["verdict"] == "unchanged").sum())
        head = html.escape(self.origin.headline())
        state = "" if self.converged else f"<p>Marked as not converged: {html.escape(self.why)}</p>"
        notes = "".join(f"<p>Note: {html.escape(note)}</p>" for note in self.notes)
        foot = f"<p>{rest} statements unchanged</p><p>{RESEARCH_ONLY}</p>"
        return f"<div><p><b>{head}</b></p>{state}{notes}{shown}{foot}</div>"


def _row(row: pd.Series, statement: Statement) -> list[object]:
    number = {key: float(row[key]) for key in ("prior", "posterior", "low", "high", "shift", "n_informing")}
    interval = f"{number['posterior']:.3g} ({number['low']:.3g} to {number['high']:.3g})"
    flag = "contradicted" if row["verdict"] == "contradicted" else ""
    share = Numeral(percent(float(row["share"])))
    shift, people = Numeral(f"{number['shift']:+.2f}"), Numeral(f"{number['n_informing']:,.0f}")
    return [
        row["statement"],
        Numeral(f"{number['prior']:.3g}"),
        interval,
        shift,
        people,
        share,
        " + ".join(basis_shares(statement)),
        flag,
    ]
