"""A model against a cohort: its probabilities and its policy's actions beside the outcomes, by subgroup."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.casefiles.read.frame import as_frame
from riskmodel.decision.stakes import imaging_stakes, stakes
from riskmodel.errors import CasesError, UsageError, as_list, nearest
from riskmodel.metrics.acted import actions_of, urgency_of
from riskmodel.metrics.predictors import DEFAULT_PREDICTORS, Evidence, checked_predictors
from riskmodel.metrics.summary import RESAMPLES, summarise, summarise_decision
from riskmodel.model import Cases, Model, checked_model
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Masks
    from riskmodel.cases.mapping import MappingLike

SUBGROUPS = ("age", "sex", "setting")


@dataclass(frozen=True, eq=False, repr=False)
class Judged(Shown):
    """A cohort with what the model says of it; outcomes were not shown to the model.

    Attributes
    ----------
    outcomes
        (people, conditions and any_serious): 1, 0, or NaN where unknown.
    probabilities
        the same shape: the posterior given the predictor set.
    actions
        action → (people,): whether the policy asks for it, on what was known before: any imaging, mri, any test, being
        seen within 48 hours.
    thresholds
        (threshold's name, condition, probability) of the policy.
    groups
        subgroup variable → (people,) state, None where not assessed.
    urgency
        (people,): how soon the policy wants each to be seen, a word of the policy.
    recorded
        as the probabilities, but given all that is recorded, imaging included, and where this outcome is unknown those
        of other conditions: what is expected of the people whose outcome is unknown.
    predictors
        what the model was shown: ``history``, ``before_imaging`` or ``all``.
    """

    outcomes: pd.DataFrame
    probabilities: pd.DataFrame
    actions: Mapping[str, Array]
    thresholds: tuple[tuple[str, str, float], ...]
    groups: Mapping[str, Array]
    urgency: Array
    recorded: pd.DataFrame
    predictors: str = DEFAULT_PREDICTORS

    def sheet(self) -> Sheet:
        return Sheet(
            "Cohort judged",
            {
                "people": len(self.outcomes),
                "predictors": self.predictors,
                "events": ", ".join(f"{name} {int((self.outcomes[name] == 1).sum())}" for name in self.outcomes),
                "actions": ", ".join(self.actions),
            },
        )


def judge(
    model: Model,
    cohort: Cases,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    predictors: str = DEFAULT_PREDICTORS,
) -> Judged:
    """Score a cohort without its outcomes, and set them beside the result.

    Parameters
    ----------
    cohort
        one row a person, columns as in a case file, with at least one condition column.
    mapping
        a mapping file, or the same content as a dict, as of :meth:`riskmodel.model.Model.code`.
    predictors
        what the model is shown, of what the cohort holds: ``history`` (no test), ``before_imaging`` (all but the
        results of imaging) or ``all``. A scan is how most of these diagnoses are made: a model that reads it predicts
        what is already known.

    Raises
    ------
    CasesError
        cells that are not understood, or no outcome column.
    """
    checked_model(model, "metrics")
    checked_predictors(predictors)
    cohort = as_frame(cohort)
    masks = model.code(cohort, setting=setting, known_outcomes=True, mapping=mapping)
    return judge_coded(model, masks, list(cohort.index), predictors)


def judge_coded(model: Model, coded: Masks, names: Sequence[Hashable], predictors: str = DEFAULT_PREDICTORS) -> Judged:
    """As :func:`judge`, of coded evidence (variables, people) with outcomes; ``names`` of the people are the index."""
    index = pd.Index(list(names))
    evidence = Evidence(model, coded, list(index))
    conditions = [(row, v) for row, v in enumerate(model.variables) if v.role == "condition"]
    outcomes = {}
    for row, variable in conditions:
        is_known = coded[row] != variable.full_mask
        outcomes[variable.name] = np.where(is_known, coded[row] == 2, np.nan).astype(float)
    if all(np.isnan(values).all() for values in outcomes.values()):
        columns = ", ".join(variable.column for _, variable in conditions)
        raise CasesError(f"no outcome is known: the cohort needs at least one of the columns {columns}, with values")
    outcomes |= _composites(model, outcomes)
    posterior = evidence.posterior(checked_predictors(predictors)).probability
    outputs = list(model.scoring.scorer.output_names)
    probabilities = pd.DataFrame(posterior.T, index=index, columns=outputs)
    truth = pd.DataFrame({name: outcomes[name] for name in outputs}, index=index)
    recorded = evidence.recorded(truth.notna().to_numpy().T)
    return Judged(
        truth,
        probabilities.clip(0, 1),
        actions_of(model, evidence, predictors),
        tuple(
            (stake.threshold, stake.condition, model.policy.thresholds[stake.threshold].value)
            for stake in stakes(model.policy)
        ),
        {v.name: _states(coded[row], v.states) for row, v in enumerate(model.variables) if v.name in SUBGROUPS},
        urgency_of(model, evidence, predictors),
        pd.DataFrame(recorded.T, index=index, columns=outputs).clip(0, 1),
        predictors,
    )


def concat_judged(parts: Sequence[tuple[Array, Judged]]) -> Judged:
    """People judged in parts (their places, and how), put together in their order."""
    order = np.argsort(np.concatenate([places for places, _ in parts]), kind="stable")
    people = [part for _, part in parts]
    return Judged(
        pd.concat([part.outcomes for part in people]).iloc[order],
        pd.concat([part.probabilities for part in people]).iloc[order],
        {name: np.concatenate([part.actions[name] for part in people])[order] for name in people[0].actions},
        people[0].thresholds,
        {name: np.concatenate([part.groups[name] for part in people])[order] for name in people[0].groups},
        np.concatenate([part.urgency for part in people])[order],
        pd.concat([part.recorded for part in people]).iloc[order],
        people[0].predictors,
    )


def _composites(model: Model, outcomes: Mapping[str, Array]) -> dict[str, Array]:
    """Known where every member is: where one present were enough, those who have it would be known more often."""
    composites = {}
    for name, members in model.priors.composites.items():
        if set(members) <= set(outcomes):
            columns = np.array([outcomes[member] for member in members])
            composites[name] = np.where(np.isnan(columns).any(axis=0), np.nan, (columns == 1).any(axis=0))
    return composites


def _states(mask: Array, states: Sequence[str]) -> Array:
    """The state of each person, None where more than one is possible."""
    names = np.full(len(mask), None, dtype=object)
    for s, state in enumerate(states):
        names[mask == 1 << s] = state
    return names


def evaluate(  # noqa: PLR0913
    model: Model,
    cohort: Cases,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    predictors: str = DEFAULT_PREDICTORS,
    conditions: Sequence[str] | None = None,
    by: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Every metric of a model on a cohort with outcomes.

    Parameters
    ----------
    mapping
        a mapping file, or the same content as a dict, as of :meth:`riskmodel.model.Model.code`.
    predictors
        what the model is shown: ``history``, ``before_imaging`` or ``all``, as of :func:`judge`.
    conditions
        which outcomes; by default the four serious ones and ``any_serious``, as far as they are known.
    by
        subgroups as well: any of ``age``, ``sex`` and ``setting``.
    resamples, seed
        of the bootstrap.

    Returns
    -------
    one row a metric: condition, subgroup ("" for everyone), decision ("" for the probabilities themselves, else the
    threshold or action), threshold (from which acting is taken to pay: of the policy for this condition, of the scan of
    least harm for its benefit where the decision is an action; NaN where there is none), metric, value, low, high, n,
    events, warning; corrected, corrected_low, corrected_high, correction (where some outcomes are unknown: the metric
    in everyone, as of :func:`riskmodel.metrics.summarise`).

    Examples
    --------
    >>> import numpy as np, riskmodel as rm
    >>> from riskmodel.cohort import simulate, to_cases
    >>> model = rm.load()
    >>> rng = np.random.default_rng(1)
    >>> people = to_cases(model, simulate(model, 500, rng, setting="emergency"), with_outcomes=True)
    >>> found = evaluate(model, people, conditions=["fracture"], resamples=0)
    >>> bool(found.query("metric == 'auc'")["value"].item() > 0.5)
    True
    """
    judged = judge(model, cohort, setting=setting, mapping=mapping, predictors=predictors)
    return tabulate(model, judged, conditions=conditions, by=by, resamples=resamples, seed=seed)


def tabulate(
    model: Model,
    judged: Judged,
    *,
    conditions: Sequence[str] | None = None,
    by: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """The table of :func:`evaluate`, of people already judged."""
    as_list("by", by)
    as_list("conditions", conditions)
    wrong = [name for name in by if name not in judged.groups]
    if wrong:
        raise UsageError(f"by: {wrong[0]!r} is not one of {', '.join(judged.groups)}{nearest(wrong[0], judged.groups)}")
    chosen = list(conditions) if conditions is not None else _serious(model, judged)
    unknown = [name for name in chosen if name not in judged.outcomes]
    if unknown:
        names = [str(name) for name in judged.outcomes]
        raise UsageError(f"conditions: {unknown[0]!r} is not one of {', '.join(names)}{nearest(unknown[0], names)}")
    pays = {stake.condition: model.policy.thresholds[stake.threshold].value for stake in imaging_stakes(model.policy)}
    states = {variable.name: variable.states for variable in model.variables}
    rows = [
        table.assign(condition=name, subgroup=group, decision=decision, threshold=np.nan if at is None else at)
        for name in chosen
        for group, members in _groups(judged, {variable: states[variable] for variable in by})
        for decision, at, table in _tables(judged, name, members, pays.get(name), resamples=resamples, seed=seed)
    ]
    leading = ["condition", "subgroup", "decision", "threshold"]
    table = pd.concat(rows, ignore_index=True)
    return table[[*leading, *(column for column in table.columns if column not in leading)]]


def _serious(model: Model, judged: Judged) -> list[str]:
    names = [v.name for v in model.variables if v.serious]
    names += [name for name in model.priors.composites if name in judged.outcomes]
    return [name for name in names if judged.outcomes[name].notna().any()]


def _groups(judged: Judged, by: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Array]]:
    """Everybody, then those in each state that somebody is in, in the order of the states."""
    yield "", np.ones(len(judged.outcomes), dtype=bool)
    for variable, states in by.items():
        for state in states:
            members = judged.groups[variable] == state
            if members.any():
                yield f"{variable}={state}", members


def _tables(
    judged: Judged, name: str, members: Array, pays: float | None, *, resamples: int, seed: int
) -> Iterator[tuple[str, float | None, pd.DataFrame]]:
    y = judged.outcomes[name].to_numpy()[members]
    p = judged.probabilities[name].to_numpy()[members]
    recorded = judged.recorded[name].to_numpy()[members]
    yield "", None, summarise(y, p, recorded=recorded, resamples=resamples, seed=seed)
    for threshold, condition, at in judged.thresholds:
        if condition == name:
            acted = (p >= at).astype(float)
            table = summarise_decision(y, acted, at, recorded=recorded, resamples=resamples, seed=seed)
            yield f"{threshold}: p >= {at:.3g}", at, table
    for action, acted in judged.actions.items():
        table = summarise_decision(y, acted[members], pays, recorded=recorded, resamples=resamples, seed=seed)
        yield action, pays, table
