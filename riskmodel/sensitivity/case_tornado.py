"""What one case hangs on: each statement at both ends of its 95 % range, quickly enough for somebody who waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.answers.uncertainty import without_silent
from riskmodel.arrays import Array, Masks
from riskmodel.evidence.recording import QUANTITY as RECORDED
from riskmodel.evidence.records import SETTING
from riskmodel.inference.one_case import OneCase
from riskmodel.network.build import build_network
from riskmodel.network.kept import KeptTables
from riskmodel.sensitivity.one_way import Sweep

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.model import Model

ENDS = 2  # of a range


@dataclass(frozen=True, eq=False)
class CaseTornado:
    """What becomes of a case's posteriors as each statement varies alone, all others as stated.

    Attributes
    ----------
    statements
        those that can change anything of the case, in register order; all others change nothing.
    low, high
        (statements,): the 2.5 % and 97.5 % quantile of each.
    outputs
        names of the conditions and their composites.
    stated
        (outputs,): the posterior.
    at_low, at_high
        (outputs, statements): the posterior with the statement at its quantile; NaN where the case would be impossible.
    """

    statements: tuple[str, ...]
    low: Array
    high: Array
    outputs: tuple[str, ...]
    stated: Array
    at_low: Array
    at_high: Array

    def effect(self, output: str) -> Array:
        """(statements,): between the smallest and the largest posterior of an output, the stated one included."""
        row = self.outputs.index(output)
        ends = np.stack([self.at_low[row], self.at_high[row], np.full(len(self.statements), self.stated[row])])
        return np.asarray(np.nanmax(ends, axis=0) - np.nanmin(ends, axis=0))


@dataclass
class CaseTornados:
    """Tornados of one case after another, or of one case under other numbers: what has not changed is kept."""

    _tables: KeptTables = field(default_factory=KeptTables)
    _cases: dict[int, OneCase] = field(default_factory=dict)

    def of(self, model: Model, masks: Masks) -> CaseTornado:
        """The tornado of a case, (variables, 1), that is possible under the stated values.

        The same as :func:`~riskmodel.sensitivity.one_way.one_way` with two points, to rounding.
        """
        priors = without_silent(model.priors, masks)
        setting = int(model.scoring.scorer.settings(masks)[0])
        names = speaking(priors, model.settings[setting] if model.settings else "")
        sweep = Sweep.of(model, names, ENDS)
        stated_first = np.concatenate([sweep.values[:1], sweep.values])  # draw 0 is held to a stricter check
        network = build_network(priors, stated_first, constant_once=True, kept=self._tables)
        of_case = self._cases.setdefault(setting, OneCase(model.variables))
        posterior = of_case.posterior(network, masks, setting)
        posterior = np.broadcast_to(posterior, (len(posterior), len(stated_first)))
        ends = posterior[:, 2:].reshape(len(posterior), len(names), ENDS)
        return CaseTornado(
            tuple(names), sweep.points[:, 0], sweep.points[:, 1], model.scoring.scorer.output_names,
            posterior[:, 0], ends[:, :, 0], ends[:, :, 1],
        )  # fmt: skip


def speaking(priors: Priors, setting: str) -> list[str]:
    """The selected statements that drive a table of the variables that are left, in register order.

    Those that name other settings alone say nothing of a case in this one, but at the reference, which ratios and rates
    without a setting are taken at.
    """
    subjects = {variable.name for variable in priors.network_variables} | set(priors.groups)
    blanks = {variable.name for variable in priors.case_variables if variable.blank_tells}
    heard = {setting, priors.prior_set.reference_setting}
    return [
        statement.id
        for statement in priors.selected_statements
        if (statement.subject in subjects or (blanks and statement.quantity == RECORDED))
        and _is_heard(statement, heard)
    ]


def _is_heard(statement: Statement, settings: set[str]) -> bool:
    named = statement.given.event(SETTING)
    return named is None or bool(settings & set(named.states))
