"""From the end of a search to its result: values, intervals, verdicts, and the fitted model."""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Array
from riskmodel.calibration.as_prior_set import Origin
from riskmodel.calibration.intervals import Marginal, corrected_marginals
from riskmodel.calibration.likelihood.coordinates import Coordinates, prior_interval, prior_sd
from riskmodel.calibration.likelihood.laplace import covariance
from riskmodel.calibration.optimise import Fitted, LogPosterior
from riskmodel.calibration.provenance import rounded
from riskmodel.calibration.reach import held_at_edges, numbers_at, values_within_reach
from riskmodel.calibration.result import Calibration
from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.number_origin import short_label
from riskmodel.evidence.origin import CitedSource, Informed
from riskmodel.evidence.records import RATIOS, Priors, PriorSet, Statement
from riskmodel.evidence.scale import Z95, scale_of

if TYPE_CHECKING:
    from riskmodel.model import Model

UNMOVED = 0.05  # prior sd: a statement that moved less …
AS_WIDE = 0.97  # … and stayed this wide was told nothing, and keeps its stated value
EXACT_PLACES = 12  # more than any rounded number has
CONTRADICTED = 2.0  # prior sd


@dataclass(frozen=True)
class _Learnt:
    """A learnt statement after the fit, on its own scale."""

    marginal: Marginal
    prior: float  # sd of the prior where the statement is now
    before: float  # and at the stated value
    most: int  # people who could have told of it

    @property
    def statement(self) -> Statement:
        return self.marginal.statement

    @property
    def shift(self) -> float:
        return self.shift_to(self.value)

    def shift_to(self, value: float) -> float:
        """How far a value lies from the stated one, in prior standard deviations on the statement's scale."""
        after, stated = scale_of(self.statement).to([value, self.statement.value])
        return float(after - stated) / self.before

    @property
    def is_unchanged(self) -> bool:
        return abs(self.shift) < UNMOVED and self.marginal.sd > AS_WIDE * self.prior

    @property
    def value(self) -> float:
        return self.marginal.value

    def share(self) -> float:
        """The share of the variance on its scale that the data took away, 0 to 1."""
        return min(max(1.0 - (self.marginal.sd / self.prior) ** 2, 0.0), 1.0)

    def informed(self, origin: Origin, key: str, row: Mapping[str, Any]) -> Informed:
        """What the data told, with three digits; ``row`` has the 95 % interval before."""
        low, high = (float(f"{row[end]:.3g}") for end in ("prior_low", "prior_high"))
        stated = self.statement.value
        was = (stated, min(low, stated), max(high, stated))
        return origin.informed(key, self.statement.id, float(f"{self.people():.3g}"), round(self.share(), 3), was)

    def people(self) -> float:
        """The size that a count would need to tell as much as the data did; no more than there are people."""
        information = max(1.0 / self.marginal.sd**2 - 1.0 / self.prior**2, 0.0)
        share = 0.5 if self.statement.quantity in RATIOS else self.value
        return min(information / max(share * (1 - share), 1e-12), float(self.most))


def fitted_calibration(
    model: Model,
    posterior: LogPosterior,
    fitted: Fitted,
    asked: Sequence[str],
    origin: Origin,
    notes: Sequence[str],
    marginals: Sequence[Marginal],
) -> Calibration:
    """The result of a search, with the fitted model; ``asked`` are the ids of all that should be learnt.

    ``marginals``: the posterior of each learnt statement, as of :func:`marginals_at`.
    """
    prior_set, coordinates = model.priors.prior_set, posterior.coordinates
    rows: list[dict[str, Any]] = []
    overrides: dict[str, dict[str, Any]] = {}
    learnt_ids = {coordinates.statements[column].id for column in coordinates.columns}
    for identifier in asked:
        if identifier not in learnt_ids:
            statement = model.priors.statement(identifier)
            rows.append(_unchanged_row(statement, prior_interval(statement, prior_set)))
    source = origin.source(model.priors.sources, "" if fitted.converged else fitted.why)
    learnt_blocks = _blocks(posterior, fitted.point.x, marginals, origin)
    for block, learnt in zip(coordinates.blocks, learnt_blocks, strict=True):
        is_unchanged = all(fit.is_unchanged for fit in learnt)
        block_overrides: dict[str, dict[str, Any]] = {}
        for fit in learnt:
            prior = prior_interval(fit.statement, prior_set)
            row = _unchanged_row(fit.statement, prior) if is_unchanged else _learnt_row(fit, prior)
            rows.append(row)
            if not is_unchanged:
                block_overrides[fit.statement.id] = _override(fit, row, origin, source.key)
        overrides |= _summing_to_one(block_overrides) if block.complete else block_overrides
    brought = _bring_within_reach(model.priors, rows, overrides, source)
    frame = pd.DataFrame(rows)
    held = held_at_edges(posterior, fitted.point.x, _sds_of_coordinates(coordinates, marginals)) & learnt_ids
    frame["held"] = frame["statement"].isin(held | brought)
    order = {identifier: i for i, identifier in enumerate(model.priors.selected)}
    frame = frame.sort_values("statement", key=lambda names: names.map(order), ignore_index=True)
    notes = [*notes, *_notes_on_edges(frame[frame["held"]], set(asked))]
    return Calibration(
        replace(model, priors=_with(model.priors, overrides, source)), model, frame, fitted.converged, fitted.why,
        fitted.steps, fitted.log_posterior, fitted.point.log_likelihood, origin, tuple(notes),
    )  # fmt: skip


def _with(priors: Priors, overrides: Mapping[str, Mapping[str, Any]], source: CitedSource) -> Priors:
    return with_overrides(priors, overrides, {source.key: source}) if overrides else priors


def _bring_within_reach(
    stated: Priors, rows: list[dict[str, Any]], overrides: dict[str, dict[str, Any]], source: CitedSource
) -> set[str]:
    """Change the rows and overrides of statements beyond reach, and say which: also some that were not learnt."""
    priors = _with(stated, overrides, source)
    brought = values_within_reach(priors)
    for name, value in brought.items():
        before = stated.statement(name)
        _bring(rows, before, stated.prior_set, value)
        was = f"was {before.value:g}, beyond reach of the fitted statements"
        note = {"note": f"{was}; {before.note}" if before.note else was}
        overrides[name] = {**note, **overrides.get(name, {}), **numbers_at(priors.statement(name), value)}
    return set(brought)


def _bring(rows: list[dict[str, Any]], before: Statement, prior_set: PriorSet, value: float) -> None:
    """Put a value within reach into a statement's row; a statement that was not to be learnt has none yet."""
    if all(row["statement"] != before.id for row in rows):
        rows.append(_unchanged_row(before, prior_interval(before, prior_set)))
    row = next(row for row in rows if row["statement"] == before.id)
    row |= {"posterior": value, "low": min(row["low"], value), "high": max(row["high"], value)}
    ends = scale_of(before).to([row["posterior"], row["low"], row["high"], before.value])
    sd = prior_sd(before, prior_set)
    shifts = [float(end - ends[3]) / sd for end in ends[:3]]
    row |= dict(zip(("shift", "shift_low", "shift_high"), shifts, strict=True))
    row["verdict"] = _verdict(shifts[0])


def _verdict(shift: float) -> str:
    return "contradicted" if abs(shift) > CONTRADICTED else "moved"


def _notes_on_edges(held: pd.DataFrame, asked: Container[str]) -> list[str]:
    """What a reader should know of statements at the edge of what the others allow."""
    rows = [(str(row["statement"]), row["prior"], row["posterior"]) for _, row in held.iterrows()]
    learnt = [f"{name} at {after:.4g}" for name, _, after in rows if name in asked]
    others = [f"{name} from {before:.4g} to {after:.4g}" for name, before, after in rows if name not in asked]
    notes = []
    if learnt:
        notes.append(
            f"held at the edge of what the other statements allow, so that the cohort may speak for a value beyond: "
            f"{', '.join(learnt)}"
        )
    if others:
        notes.append(
            f"not to be learnt, but brought to the nearest value that the fitted statements allow: {', '.join(others)}"
        )
    return notes


def marginals_at(posterior: LogPosterior, fitted: Fitted) -> list[Marginal]:
    """The posterior of each learnt statement, in the order of the coordinates' blocks."""
    coordinates, x = posterior.coordinates, fitted.point.x
    slopes, spread = coordinates.slopes(x), covariance(posterior, fitted.point)
    sds, values = _sds(slopes, spread), coordinates.values(x[None])[0]
    marginals: list[Marginal] = []
    for block in coordinates.blocks:
        for column in block.columns:
            sd, counted = float(sds[len(marginals)]), bool(block.counts.size)
            statement = coordinates.statements[column]
            marginals.append(Marginal(statement, float(values[column]), sd, counted, posterior.is_flat))
    return corrected_marginals(posterior, x, spread, marginals, slopes)


def _blocks(posterior: LogPosterior, x: Array, marginals: Sequence[Marginal], origin: Origin) -> list[list[_Learnt]]:
    """The learnt statements of each block."""
    coordinates, prior_set = posterior.coordinates, posterior.coordinates.priors.prior_set
    prior_sds = _sds(coordinates.slopes(x), _inverse(posterior.prior_precision(x)))
    most = origin.people if origin.outcomes == "ignorable" else origin.verified
    learnt = [
        _Learnt(marginal, float(prior), prior_sd(marginal.statement, prior_set), most)
        for marginal, prior in zip(marginals, prior_sds, strict=True)
    ]
    first = np.cumsum([0, *(len(block.columns) for block in coordinates.blocks)])
    return [learnt[start:end] for start, end in itertools.pairwise(first)]


def _sds(slopes: Array, covariance: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, covariance, slopes), 1e-300)))


def _sds_of_coordinates(coordinates: Coordinates, marginals: Sequence[Marginal]) -> Array:
    """About the standard deviation of each coordinate: that of its block's statements on their own scales."""
    sds = iter([marginal.sd for marginal in marginals])
    blocks = [(block.size, [next(sds) for _ in block.columns]) for block in coordinates.blocks]
    return np.concatenate([np.full(size, np.mean(of_block)) for size, of_block in blocks])


def _inverse(precision: Array) -> Array:
    """The covariance of a prior; without one, as good as boundless."""
    return np.asarray(np.linalg.inv(precision + 1e-9 * np.eye(len(precision))))


def _common(statement: Statement, prior: tuple[float, float]) -> dict[str, object]:
    return {
        "statement": statement.id,
        "says": short_label(statement),
        "prior": statement.value,
        "prior_low": prior[0],
        "prior_high": prior[1],
    }


def _unchanged_row(statement: Statement, prior: tuple[float, float]) -> dict[str, object]:
    rest = {"posterior": statement.value, "low": prior[0], "high": prior[1]}
    unmoved = {"shift": 0.0, "shift_low": -Z95, "shift_high": Z95, "verdict": "unchanged", "n_informing": 0.0,
               "share": 0.0}  # fmt: skip
    return {**_common(statement, prior), **rest, **unmoved}


def _learnt_row(learnt: _Learnt, prior: tuple[float, float]) -> dict[str, object]:
    low, high = learnt.marginal.interval()
    return {
        **_common(learnt.statement, prior),
        "posterior": learnt.value,
        "low": low,
        "high": high,
        "shift": learnt.shift,
        "shift_low": learnt.shift_to(low),
        "shift_high": learnt.shift_to(high),
        "verdict": _verdict(learnt.shift),
        "n_informing": learnt.people(),
        "share": learnt.share(),
    }


def _summing_to_one(overrides: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The states of one distribution, the most probable of them as what the others leave of 1."""
    if overrides:
        most = max(overrides, key=lambda name: overrides[name]["value"])
        rest = sum(numbers["value"] for name, numbers in overrides.items() if name != most)
        overrides[most]["value"] = round(1.0 - rest, EXACT_PLACES)
    return overrides


def _override(learnt: _Learnt, row: Mapping[str, object], origin: Origin, key: str) -> dict[str, Any]:
    """The number as the set holds it: what it was stays, with what the cohort told."""
    old = learnt.statement
    fitted = [float(row[name]) for name in ("posterior", "low", "high")]  # type: ignore[arg-type]
    value, low, high = rounded(*fitted, ratio=old.quantity in RATIOS)
    informed = [step.as_table() for step in (*old.informed, learnt.informed(origin, key, row))]
    return {"value": value, "low": low, "high": high, "informed": informed}
