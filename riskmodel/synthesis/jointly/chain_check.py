"""Intervals by Markov chains beside Laplace's, statement by statement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.calibration.provenance import rounded
from riskmodel.calibration.reach import numbers_at
from riskmodel.errors import UsageError
from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.records import RATIOS
from riskmodel.evidence.scale import Z95, scale_of
from riskmodel.text import Numeral, table

if TYPE_CHECKING:
    from riskmodel.synthesis.jointly.chains import JointDraws
    from riskmodel.synthesis.jointly.result import JointSynthesis

NUMBERS = ("median", "low", "high")
AGREE, ENOUGH_DRAWS = 1.05, 100.0  # R-hat and effective draws, beyond which a line warns and no set is written
MOST_LINES = 8


def beside_laplace(joint: JointSynthesis, draws: JointDraws) -> pd.DataFrame:
    """The chains' intervals of the statements that moved, with Laplace's.

    Returns
    -------
    one row a statement: ``median``, ``low``, ``high`` of the chains (95 %), ``laplace_median`` (the most probable
    value), ``laplace_low``, ``laplace_high``; ``off_median``, ``off_low``, ``off_high``: how far the chains' are from
    these, in Laplace's standard deviations on the statement's scale; ``r_hat``, ``effective``.
    """
    priors = joint.calibration.parent.priors
    row_of = {name: number for number, name in enumerate(priors.selected)}
    intervals, rows = draws.intervals(), []
    moved = joint.calibration.table[joint.calibration.table["verdict"] != "unchanged"]
    for of in moved.to_dict("records"):
        number, scale = row_of[of["statement"]], scale_of(priors.statement(of["statement"]))
        laplace = [of["posterior"], of["low"], of["high"]]
        ends = scale.to(np.array(laplace))
        away = (scale.to(intervals[number]) - ends) * 2 * Z95 / (ends[2] - ends[1])
        rows.append({
            "statement": of["statement"], **dict(zip(NUMBERS, intervals[number].tolist(), strict=True)),
            **{f"laplace_{name}": value for name, value in zip(NUMBERS, laplace, strict=True)},
            **{f"off_{name}": float(value) for name, value in zip(NUMBERS, away, strict=True)},
            "r_hat": draws.r_hat[number], "effective": draws.effective[number],
        })  # fmt: skip
    return pd.DataFrame(rows)


def with_chain_intervals(joint: JointSynthesis, check: pd.DataFrame) -> JointSynthesis:
    """The fit with the chains' intervals in place of Laplace's; values stay the most probable ones.

    Parameters
    ----------
    check
        as of :func:`beside_laplace`.

    Raises
    ------
    UsageError
        where the chains are too short for it.
    """
    if _too_short(check):
        raise UsageError(
            f"the chains' intervals: R-hat up to {check['r_hat'].max():.3g}, as few as {check['effective'].min():.0f} "
            f"effective draws; allowed: up to {AGREE:g}, and {ENOUGH_DRAWS:.0f} or more. Take more chains."
        )
    calibration, overrides = joint.calibration, {}
    frame = calibration.table.set_index("statement")
    for of in check.to_dict("records"):
        statement = calibration.model.priors.statement(of["statement"])
        ratio, value = statement.quantity in RATIOS, statement.value
        _, low, high = rounded(value, min(of["low"], value), max(of["high"], value), ratio=ratio)
        overrides[statement.id] = numbers_at(statement, value) | {"low": low, "high": high}
        frame.loc[statement.id, ["low", "high"]] = low, high
    model = replace(calibration.model, priors=with_overrides(calibration.model.priors, overrides))
    return replace(joint, calibration=replace(calibration, model=model, table=frame.reset_index()))


def chain_lines(check: pd.DataFrame, draws: JointDraws) -> list[str]:
    """The comparison for a person: how far apart as a rule and at most, and the statements that are farthest."""
    chains, steps = draws.values.shape[:2]
    lines = ["", f"Markov chains: {chains} of {steps} steps, {draws.accepted:.0%} taken; beside Laplace's intervals"]
    if check.empty:
        return [*lines, "  no statement moved"]
    off = check[[f"off_{name}" for name in NUMBERS]].abs()
    lines.append(f"  R-hat at most {check['r_hat'].max():.3f}; effective draws {check['effective'].min():.0f} or more, "
                 f"{check['effective'].median():.0f} as a rule")  # fmt: skip
    lines += [
        f"  {name}: {off[f'off_{name}'].median():.2f} standard deviations from Laplace's as a rule, at most "
        f"{off[f'off_{name}'].max():.2f} ({check['statement'].iloc[int(off[f'off_{name}'].argmax())]})"
        for name in NUMBERS
    ]
    if _too_short(check):
        lines.append("  the chains are too short to judge every statement by: take more chains")
    farthest = check.iloc[np.argsort(-off.to_numpy().max(axis=1), kind="stable")[:MOST_LINES]]
    keys = (*NUMBERS, *(f"laplace_{name}" for name in NUMBERS), "r_hat", "effective")
    cells = [[of["statement"], *(Numeral(f"{of[key]:.3g}") for key in keys)] for of in farthest.to_dict("records")]
    heads = ["farthest apart", *NUMBERS, "by Laplace", "low", "high", "R-hat", "draws"]
    return [*lines, *table(heads, cells)]


def _too_short(check: pd.DataFrame) -> bool:
    return not check.empty and (check["r_hat"].max() > AGREE or check["effective"].min() < ENOUGH_DRAWS)
