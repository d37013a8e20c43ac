"""Cases scored under many sets of values of the statements: posteriors and actions, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.answers.uncertainty import without_silent
from riskmodel.arrays import Array, Masks
from riskmodel.casefiles.read.frame import as_frame, identifiers
from riskmodel.errors import InferenceError, UsageError
from riskmodel.network.build import build_network
from riskmodel.sensitivity.ranges import Varying
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model
    from riskmodel.network.network import Network

ROWS = 160  # what-ifs whose networks are built together
THREADS = 2

Progress = Callable[[int, int], None]  # how many what-ifs are done, of how many


@dataclass(frozen=True, eq=False)
class CodedCases:
    """Cases as evidence, with their names."""

    names: tuple[str, ...]
    masks: Masks

    @property
    def count(self) -> int:
        return int(self.masks.shape[1])


@dataclass(frozen=True, eq=False)
class Batch:
    """Some cases of one setting under some what-ifs.

    Attributes
    ----------
    rows, cases
        places of the what-ifs and of the cases.
    probability
        (outputs, what-ifs, cases); NaN where a what-if makes the evidence impossible.
    urgency
        (what-ifs, cases), an index into the policy's urgencies.
    imaging
        (tokens, what-ifs, cases).
    compared
        (comparisons, what-ifs, cases): which comparisons of the policy's rules with posteriors hold.
    held
        (what-ifs,): ids of the statements that a what-if asks beyond reach, and that were truncated there.
    baseline
        (outputs, what-ifs): probability in the setting, before any evidence.
    """

    setting: int
    rows: np.ndarray
    cases: np.ndarray
    probability: Array
    urgency: np.ndarray
    imaging: np.ndarray
    compared: np.ndarray
    held: tuple[tuple[str, ...], ...]
    baseline: Array


def coded_cases(
    model: Model, cases: Cases | Masks, *, setting: str | None = None, mapping: MappingLike = None
) -> CodedCases:
    """Cases as evidence: a frame as in a case file (``mapping``: in other words), or masks of shape (variables, cases).

    Raises
    ------
    UsageError
        when there is no case, or two have one name.
    """
    if not isinstance(cases, np.ndarray):
        frame = as_frame(cases)
        masks = model.code(frame, setting=setting, mapping=mapping)
        named = identifiers(frame, model.variables, mapping)
        names = tuple(str(name) for name in (frame.index if named is None else named))
    else:
        masks = np.ascontiguousarray(cases, dtype=np.uint8)
        model.scoring.scorer.check(masks)
        names = tuple(str(i) for i in range(masks.shape[1]))
    if not names:
        raise UsageError("there is no case: the cohort is empty")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise UsageError(f"case {twice[0]!r} comes twice: one name for each case, please")
    return CodedCases(names, masks)


def what_ifs(
    model: Model,
    values: Array,
    masks: Masks,
    progress: Progress | None = None,
    *,
    with_held: bool = False,
    with_compared: bool = False,
) -> Iterator[Batch]:
    """Score cases under many rows of values, batch by batch, in a fixed order.

    Parameters
    ----------
    values
        (what-ifs, selected statements); every row may be what it likes: the stated values need not be among them.
    masks
        (variables, cases), of any settings.
    with_held
        find out which what-ifs were held, which takes all findings into account and so takes time.
    with_compared
        say which comparisons of posteriors hold; else there is none.

    Raises
    ------
    InferenceError
        when the evidence of a case is impossible under the stated values.
    """
    from riskmodel.inference.draws import DrawScorer  # brings the compiler

    stated = Varying(model.priors).stated
    priors = model.priors if with_held else without_silent(model.priors, masks)
    _check_possible(model, masks)
    settings = model.scoring.scorer.settings(masks)
    groups = [(int(setting), np.nonzero(settings == setting)[0]) for setting in np.unique(settings)]
    groups_of_cases = [(setting, members, np.ascontiguousarray(masks[:, members])) for setting, members in groups]
    policy_findings = [model.policy.findings(evidence) for _, _, evidence in groups_of_cases]

    def score_rows(first: int) -> list[Batch]:
        rows = np.arange(first, min(first + ROWS, len(values)))
        with_stated = np.concatenate([stated[None], values[rows]])  # what is stated is held to a stricter check
        network = build_network(priors, with_stated)
        held = _held_in(network, len(with_stated))[1:] if with_held else ((),) * len(rows)
        scorer = DrawScorer(network, model.variables)
        batches = []
        for (setting, members, evidence), findings in zip(groups_of_cases, policy_findings, strict=True):
            posterior = scorer.posterior(evidence, setting, threads=1)
            p, base = posterior.probability[:, 1:], posterior.baseline[:, 1:]
            names, count = model.scoring.scorer.output_names, len(model.scoring.scorer.conditions)
            composites = dict(zip(names[count:], p[count:], strict=True))
            wide = np.broadcast_to(base[:, :, None], p.shape)
            decision = model.policy.decide(findings, p[:count], wide[:count], composites)
            compared = np.zeros((0, *p.shape[1:]), dtype=bool)
            if with_compared:
                compared = model.policy.comparisons(p[:count], wide[:count], composites)
            impossible = posterior.evidence[1:] == 0
            if impossible.any():
                p = np.where(impossible[None], np.nan, p)
            batches.append(Batch(setting, rows, members, p, decision.urgency, decision.imaging, compared, held, base))
        return batches

    with Signals() as signals, closing(in_turn(score_rows, range(0, len(values), ROWS), THREADS, signals)) as in_order:
        for batches in in_order:
            if progress and batches:
                progress(int(batches[0].rows[-1]) + 1, len(values))
            yield from batches


def _held_in(network: Network, rows: int) -> tuple[tuple[str, ...], ...]:
    """Which statements each row asks beyond reach."""
    entries = {name: np.broadcast_to(held, rows) for name, held in sorted(network.held_entries.items())}
    return tuple(tuple(name for name, held in entries.items() if held[row]) for row in range(rows))


def _check_possible(model: Model, masks: Masks) -> None:
    impossible = np.nonzero(~(model.scoring.scorer.posterior(masks).evidence > 0))[0]
    if impossible.size:
        raise InferenceError(f"case {int(impossible[0]) + 1} of {masks.shape[1]}: its evidence has probability zero")


def action_changes(batch: Batch, urgency: np.ndarray, imaging: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where urgency, and where imaging, are other than given for each case: two of (what-ifs, cases)."""
    return batch.urgency != urgency[batch.cases], (batch.imaging != imaging[:, None, batch.cases]).any(axis=0)
