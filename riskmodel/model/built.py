"""What is built from priors and a policy: tables, a compiled scorer, and both under draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from riskmodel.answers import cache
from riskmodel.answers.scoring import Scoring
from riskmodel.answers.settings import checked_setting, named_setting, settings_of
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.load import pathways_digest, priors_root
from riskmodel.evidence.records import IGNORABLE
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    import numpy as np
    from pgmpy.models import DiscreteBayesianNetwork

    from riskmodel.answers.uncertainty import Uncertain
    from riskmodel.decision.policy import Policy
    from riskmodel.evidence.records import Priors, Statement, Variable
    from riskmodel.network.kept import KeptTables
    from riskmodel.network.network import Network


COMPILED = ("tables", "network")


@dataclass(frozen=True, repr=False)
class BuiltModel(Shown):
    """Priors and a policy, and everything worked out from them once; an immutable value."""

    priors: Priors
    policy: Policy
    root: Path = field(default_factory=priors_root)
    profile_named: bool = field(default=False, compare=False)  # ends the warning on files that seem to need a profile

    def sheet(self) -> Sheet:
        from riskmodel.answers.overview import overview

        return overview(self.priors, self.tables, self.scoring)

    def __repr__(self) -> str:
        recording = "" if self.priors.recording == IGNORABLE else f"recording {self.priors.recording}, "
        return (
            f"Model(priors {self.priors.prior_set.name}, policy {self.policy.name}, {recording}"
            f"{len(self.priors.selected)} statements, {len(self.settings)} settings)"
        )

    def summary(self) -> Sheet:
        """What the model is made of, and the base rates that it starts from."""
        return self.sheet()

    @cached_property
    def tables(self) -> Network:
        """The network as tables with a draw axis; one draw, the stated values."""
        from riskmodel.network.build import build_network

        return build_network(self.priors)

    def built_with(self, kept: KeptTables) -> Self:
        """The same model, its tables built now with those of the network that was built before it."""
        from riskmodel.network.build import build_network

        self.__dict__["tables"] = build_network(self.priors, kept=kept)  # as the property keeps them
        return self

    @cached_property
    def network(self) -> DiscreteBayesianNetwork:
        """The network as a pgmpy model."""
        from riskmodel.network.pgmpy_network import to_pgmpy

        return to_pgmpy(self.tables)

    @cached_property
    def scoring(self) -> Scoring:
        return Scoring.of(self.tables, self.priors, self.policy, pathways_digest(self.root))

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self.priors.case_variables

    @property
    def settings(self) -> tuple[str, ...]:
        """The states of the setting, none in a network without one."""
        return settings_of(self.variables)

    def _under(self, policy: Policy) -> Self:
        """The same priors under another policy; what is compiled already is kept, as no policy changes it."""
        changed = replace(self, policy=policy)
        kept: dict[str, object] = {name: vars(self)[name] for name in COMPILED if name in vars(self)}
        if "scoring" in vars(self):
            kept["scoring"] = replace(self.scoring, policy=policy)
        vars(changed).update(kept)
        return changed

    def default_setting(self, setting: str | None) -> str | None:
        """The setting asked for, for rows that name none; checked, and None where none is asked for."""
        return checked_setting(self.variables, setting)

    def named_setting(self, setting: str | None) -> str | None:
        """The setting of people who are to be simulated: an error where none is named."""
        return named_setting(self.scoring, setting)

    def statement(self, identifier: str) -> Statement:
        identifiers = [statement.id for statement in self.priors.statements]
        if identifier not in identifiers:
            raise UsageError(f"no statement {identifier!r}{nearest(identifier, identifiers)}")
        return self.priors.statement(identifier)

    def uncertain(self, draws: int, seed: int, level: float = 0.95) -> Uncertain:
        """Scoring under joint draws of all statements; the same seed gives the same draws. The last ones are kept."""
        from riskmodel.answers.uncertainty import Uncertain
        from riskmodel.network.build import build_network

        scoring = self.scoring.under_draws(draws, seed, level)
        if (draws, seed) not in self._drawn:
            network = build_network(self.priors, cache.drawn_values(self.priors, draws, seed))
            self._drawn.clear()
            self._drawn[draws, seed] = Uncertain(scoring, network, level)
        drawn = self._drawn[draws, seed]
        return drawn if drawn.level == level else replace(drawn, scoring=scoring, level=level)

    @cached_property
    def _drawn(self) -> dict[tuple[int, int], Uncertain]:
        """The draws that were asked for last, by their number and seed; 30 kB a draw."""
        return {}

    def draw(self, draws: int, rng: np.random.Generator) -> Network:
        """Tables for joint draws of all statements; draw 0 is the stated values."""
        from riskmodel.evidence.distributions import draw_values
        from riskmodel.network.build import build_network

        return build_network(self.priors, draw_values(self.priors, draws, rng))
