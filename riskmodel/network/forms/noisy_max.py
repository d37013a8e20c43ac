"""The table of a finding or test that conditions cause: a noisy-MAX in ratio form.

P(state up to s | conditions) = F0(s) · product over the conditions present of link(s), with link = Fc / F0: F0 is the
cumulative distribution over the ordered states with no condition, Fc with condition c alone. For two states this is the
leaky noisy-OR. Where a parent is a manifestation node, the link is that of the manifest disease (see `manifestation`).
Rates of people who may have other conditions too are solved for (see `whatever_else`). A link above 1 (a condition that
makes the finding rarer) may push a product out of the simplex: it is clipped to [0, 1] and made to rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.errors import InferenceError
from riskmodel.evidence.finding_rates import is_caused
from riskmodel.evidence.records import Variable
from riskmodel.network.forms.building import Building, BuiltTable, Valued
from riskmodel.network.forms.manifestation import condition_of, is_cause, manifest_link, occult_share
from riskmodel.network.forms.rate_equations import FindingAxes
from riskmodel.network.forms.reach import beyond_reach
from riskmodel.network.forms.solved_rates import Solver
from riskmodel.network.forms.stated import stated_table
from riskmodel.network.forms.whatever_else import FindingRates, cumulative_rates

ROUNDING = 1e-12  # a link, or a product of links, this close to what is possible is possible


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding under construction; ``leak`` (F0) and each link are (draws, contextual parents …, states - 1).

    ``causes`` are the parents that are conditions or manifestation nodes; ``held`` counts, by statement, the entries of
    links that were held at what can be reached, (draws,).
    """

    variable: Variable
    contextual: tuple[Variable, ...]
    causes: tuple[Variable, ...]
    leak: Array
    links: dict[str, Array]
    held: dict[str, Ints]

    def add(self, cause: Variable, link: Array, without: Array, about: Sequence[Valued], building: Building) -> None:
        """Take the link of a condition; ``without`` is the cumulative distribution that it was divided by."""
        if cause.role == "manifestation":
            statements = [statement for statement, _ in about]
            share = occult_share(building, cause.name)
            link, held = manifest_link(self.variable, link, without, share, statements, hold=building.hold)
            if held.any():
                self.held.update({statement.id: held for statement in statements})
        self.links[cause.name] = link

    def add_alone(self, axes: FindingAxes, rates: FindingRates) -> None:
        """Take the links of conditions that are stated alone; the leak is known."""
        for cause in self.causes:
            if cause.name in rates.alone:
                about = rates.alone[cause.name]
                self.add(cause, *_link(axes, self.leak, about), about, axes.building)

    def whole_links(self, building: Building) -> dict[str, Array]:
        """The links so far, of diseases as a whole."""
        whole = {}
        for cause in self.causes:
            if cause.name in self.links:
                link = self.links[cause.name]
                if cause.role == "manifestation":
                    share = occult_share(building, cause.name).reshape(-1, *(1,) * (link.ndim - 1))
                    link = share + (1 - share) * link
                whole[cause.name] = link
        return whole


def finding_table(building: Building) -> BuiltTable:
    """P(state | parents), what was held and clipped, and the conditions with a link above 1 (draw 0)."""
    variable = building.variable
    if not is_caused(variable, [statement for statement, _ in building.probabilities], building.variables):
        return stated_table(building)
    contextual = tuple(parent for parent in building.parents if not is_cause(parent))
    causes = tuple(parent for parent in building.parents if is_cause(parent))
    axes, rates = FindingAxes(building, contextual, causes), FindingRates.of(building, contextual, causes)
    finding = Finding(variable, contextual, causes, rates.leak, {}, {})
    if not any(unknown.is_leak for unknown in rates.unknowns):
        finding.add_alone(axes, rates)
    if not rates.unknowns:
        table, clipped = _combine(finding)
    else:
        finding, table, clipped = _solved(finding, axes, rates)
    rarer = tuple(condition_of(cause) for cause in causes if np.any(finding.links[cause.name][0] > 1 + ROUNDING))
    order = [parent.name for parent in (*contextual, *causes)]
    return BuiltTable(building.in_order_of_parents(table, order), held=finding.held, clipped=clipped, rarer=rarer)


def _solved(finding: Finding, axes: FindingAxes, rates: FindingRates) -> tuple[Finding, Array, Ints]:
    """The finding with what is solved for, its table, and how many entries of it were clipped."""
    solver = Solver.of(axes, rates, finding.whole_links(axes.building))
    x, fixed = solver.solve(*solver.start())
    if fixed[0].any() and not axes.building.hold:
        raise beyond_reach(solver)
    try:
        finding, table, clipped = _finished(finding, solver, x)
    except InferenceError as error:  # a condition that is stated alone is beyond reach beside the solved leak
        raise beyond_reach(solver) from error
    out = fixed | solver.missed(table)
    if out[0].any() and not axes.building.hold:
        raise beyond_reach(solver)
    finding.held.update(solver.held(out))
    return finding, table, clipped


def _finished(finding: Finding, solver: Solver, x: Array) -> tuple[Finding, Array, Ints]:
    """The finding, its table and what was clipped, at logs of the unknowns."""
    finding = replace(finding, leak=solver.leak(x), links=dict(finding.links), held=dict(finding.held))
    if any(unknown.is_leak for unknown in solver.unknowns):
        finding.add_alone(solver.axes, solver.rates)
    finding.links.update(solver.links(x))
    return finding, *_combine(finding)


def _link(axes: FindingAxes, leak: Array, about: Sequence[Valued]) -> tuple[Array, Array]:
    """Fc / F0 and F0, at the setting that the statements name, or the reference; the same in every setting."""
    variable, setting = axes.building.variable, axes.setting_of_link(about)
    alone = axes.at_setting(cumulative_rates(axes.building, axes.contextual, about), setting)
    base = axes.at_setting(leak, setting)
    if np.any((base[0] == 0) & (alone[0] > 0)):
        raise InferenceError(
            f"{variable.name}: never in its base state without a condition, so {about[0][0].id} cannot hold"
        )
    return np.divide(alone, base, out=np.ones_like(alone), where=base > 0), base


def _combine(finding: Finding) -> tuple[Array, Ints]:
    """The table (draws, contextual …, causes …, states), and how many of its entries were clipped, (draws,)."""
    count, draws = len(finding.causes), len(finding.leak)
    shape = (draws, *finding.leak.shape[1:-1], *(2,) * count, finding.leak.shape[-1])
    cumulative = np.empty(shape)
    lead = finding.leak.ndim - 1
    for combination in np.ndindex(*(2,) * count):
        product = finding.leak
        for cause, is_present in zip(finding.causes, combination, strict=True):
            if is_present:
                product = product * finding.links[cause.name]
        cumulative[(slice(None),) * lead + combination] = product
    mended = np.maximum.accumulate(np.clip(cumulative, 0.0, 1.0), axis=-1)
    changed = np.abs(mended - cumulative) > ROUNDING
    clipped = changed.reshape(draws, -1).sum(axis=1)
    edges = np.concatenate([np.zeros((*shape[:-1], 1)), mended, np.ones((*shape[:-1], 1))], axis=-1)
    return np.diff(edges, axis=-1), clipped
