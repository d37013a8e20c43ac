"""What the priors do to some cases: the correlations within groups of findings, and how much rests on assumption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.answers.uncertainty import Uncertain, shares
from riskmodel.arrays import Array, Masks
from riskmodel.cohort import HISTORY, simulate
from riskmodel.evidence.lineage import reading_words
from riskmodel.inference.draws import DrawScorer
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.text import figure, share_of_variance, table

PEOPLE = 300  # simulated where no cases are given
MISSING = 0.3
BLOODS = ("esr", "crp")  # the tests that simulated people have had


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases in one setting, and what to call them."""

    what: str
    masks: Masks
    names: Sequence[str]
    setting: int


def simulated(model: Model, setting: str | None, seed: int) -> Cases:
    """People of one setting, history and examination partly known."""
    chosen = model.named_setting(setting)
    rng = np.random.default_rng(seed)
    masks = simulate(model, PEOPLE, rng, setting=setting, missing=MISSING, roles=(*HISTORY, "test")).masks
    for row, variable in enumerate(model.variables):
        if variable.role == "test" and variable.name not in BLOODS:
            masks[row] = variable.full_mask
    names = [f"person {i}" for i in range(1, PEOPLE + 1)]
    where = f" of {chosen}" if chosen else ""
    what = f"{PEOPLE} simulated people{where}, 30 % of history, examination and blood tests blank"
    return Cases(what, masks, names, model.settings.index(chosen) if chosen else 0)


def by_setting(model: Model, masks: Masks, names: Sequence[str]) -> list[Cases]:
    """The cases of a file, those of each setting together."""
    settings = model.scoring.scorer.settings(masks)
    groups = []
    for setting in np.unique(settings):
        members = np.nonzero(settings == setting)[0]
        where = f" of {model.settings[setting]}" if model.settings else ""
        evidence = np.ascontiguousarray(masks[:, members])
        groups.append(Cases(f"{len(members)} cases{where}", evidence, [names[int(i)] for i in members], int(setting)))
    return groups


def dependence_lines(model: Model, cases: Cases) -> Iterator[str]:
    """What each correlation within a group does: from none to the stated one, and over its interval."""
    stated = [s for s in model.priors.selected_statements if s.quantity == "dependence"]
    if not stated:
        return
    column = {name: i for i, name in enumerate(model.priors.selected)}
    values = np.repeat([[model.priors.statement(name).value for name in column]], 1 + 3 * len(stated), axis=0)
    for i, statement in enumerate(stated):
        ends = (0.0, statement.low or statement.value, statement.high or statement.value)
        for k, value in enumerate(ends):
            values[1 + 3 * i + k, column[statement.id]] = value
    network = build_network(model.priors, values)
    posterior = DrawScorer(network, model.variables).posterior(cases.masks, cases.setting)
    urgency = Uncertain(model.scoring, network).urgency(cases.masks, posterior)
    names, odds = model.scoring.scorer.output_names, decibans(posterior.probability)
    rows = []
    for i, statement in enumerate(stated):
        none, low, high = (1 + 3 * i + k for k in range(3))
        move = np.abs(odds[:, 0] - odds[:, none])
        output, case = np.unravel_index(int(move.argmax()), move.shape)
        span = f" ({statement.low:g} to {statement.high:g})" if statement.low is not None else ""
        rows.append([
            statement.of.variable,
            ", ".join(event.variable for event in statement.given.events) or "none",
            f"{statement.value:g}{span}",
            figure(float(move.mean()), ".2f"),
            figure(float(move.max()), ".1f"),
            f"{names[int(output)]} of {cases.names[int(case)]}",
            figure(100 * float((urgency[0] != urgency[none]).mean()), ".1f"),
            figure(100 * float((urgency[low] != urgency[high]).mean()), ".1f"),
        ])  # fmt: skip
    yield ""
    yield f"Dependence between findings: effect of each correlation on {cases.what}"
    headings = ["group", "given", "correlation", "mean change", "largest", "where", "urgency %", "over interval %"]
    yield from (f"  {line}" for line in table(headings, rows))
    yield "  Change of the log-odds (decibans), and % of cases whose urgency differs, between the stated value and"
    yield "  none; last column: % of cases whose urgency differs between the two ends of the interval"


def decibans(probability: Array) -> Array:
    """Log-odds in decibans, 10 log10 of the odds; finite also at 0 and 1."""
    p = np.clip(probability, 1e-300, 1 - 1e-16)
    return np.asarray(10 * (np.log10(p) - np.log10(1 - p)))


def uncertainty_lines(model: Model, cases: Cases, draws: int, seed: int) -> Iterator[str]:
    """Shares of the variance of the posteriors' log-odds, over the cases, by basis and by how the figure was read."""
    names = model.scoring.scorer.output_names
    serious = {variable.name for variable in model.variables if variable.serious}
    shown = [i for i, name in enumerate(names) if name in serious or name not in model.scoring.scorer.conditions]
    by_kind = {
        kind: share
        for kinds in shares(model.priors, model.variables, cases.masks, draws, seed).values()
        for kind, share in kinds.items()
    }
    rows = [[names[i], *(share_of_variance(float(share[i])) for share in by_kind.values())] for i in shown]
    yield ""
    yield f"Where the uncertainty comes from, {cases.what} (shares of the variance of the log-odds):"
    yield from (f"  {line}" for line in table(["posterior", *(reading_words(kind) for kind in by_kind)], rows))
