"""From coded evidence to posteriors, reasons and actions: inference and decision tied together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from riskmodel._version import __version__
from riskmodel.arrays import Masks
from riskmodel.decision.actions import Decision
from riskmodel.decision.policy import Policy
from riskmodel.decision.startback import ALL, StartBackRows
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.evidence.lineage import fit_sentences
from riskmodel.evidence.recording import IGNORED, BlankReading, blank_reading
from riskmodel.evidence.records import Priors, Variable
from riskmodel.inference.impossible import ImpossiblePairs
from riskmodel.inference.scorer import Posterior, Scorer
from riskmodel.inference.weights import Reasons, Weights, compute_weights, find_reasons
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.network.network import Network

HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Scored:
    """Everything inferred of a batch of cases; the last axis of every array is the case."""

    masks: Masks
    posterior: Posterior
    reasons: Reasons
    decision: Decision


@dataclass(frozen=True, repr=False)
class Scoring(Shown):
    """A network and a policy, ready to score coded evidence.

    Attributes
    ----------
    variables
        the rows of the evidence arrays: the network's variables and the circumstances.
    inputs
        digests of the selected statements with the network, of what pathways cost, and of draws if there are any.
    fitted
        to which cohorts the statements were fitted, a sentence each.
    blanks
        how the blanks of a case are read.
    """

    variables: tuple[Variable, ...]
    scorer: Scorer
    weights: Weights
    policy: Policy
    inputs: str
    fitted: tuple[str, ...] = ()
    blanks: BlankReading = IGNORED

    def sheet(self) -> Sheet:
        return Sheet(
            "Scoring",
            {
                "model": self.model_hash,
                "policy": self.policy.name,
                "variables": len(self.variables),
                "outputs": ", ".join(self.scorer.output_names),
            },
        )

    @classmethod
    def of(cls, network: Network, priors: Priors, policy: Policy, pathways: str = "") -> Scoring:
        """A network that was built from these priors, compiled, under a policy; ``pathways`` is their costs' digest."""
        from riskmodel.inference.compile import compile_scorer

        scorer = compile_scorer(network, priors.case_variables)
        inputs, fitted = f"{digest_of_priors(priors)} {pathways}".strip(), tuple(fit_sentences(priors))
        return cls(
            priors.case_variables, scorer, compute_weights(scorer), policy, inputs, fitted, blank_reading(priors)
        )

    @cached_property
    def model_hash(self) -> str:
        """A short hash of all that an answer depends on: statements, network, policy, pathways, draws and version.

        What only a reader of the files sees (definitions, notes, comments, white space) is no part of it.
        """
        content = json.dumps([self.inputs, self.policy.digest, __version__])
        return hashlib.sha256(content.encode()).hexdigest()[:HASH_DIGITS]

    def under_draws(self, draws: int, seed: int, level: float) -> Scoring:
        """The same, with the draws and the level of their intervals in its hash."""
        return replace(self, inputs=f"{self.inputs} draws {draws} seed {seed} level {level:.15g}")

    @cached_property
    def impossible_pairs(self) -> ImpossiblePairs:
        return ImpossiblePairs(self.scorer)

    @cached_property
    def startback(self) -> StartBackRows | None:
        """Where the answers to STarT Back stand in the evidence, if anywhere."""
        return StartBackRows.of(self.variables)

    def prognosis(self, masks: Masks) -> Masks:
        """The STarT Back groups that are possible in each case, (cases,) one bit each; 0 where answers contradict."""
        if self.startback is None:
            return np.full(masks.shape[1], ALL, np.uint8)
        return self.startback.groups(masks)

    def score(self, masks: Masks) -> Scored:
        """Posteriors, reasons and actions of a batch, in numpy."""
        posterior = self.scorer.posterior(masks)
        reasons = find_reasons(self.scorer, self.weights, masks, posterior)
        return Scored(masks, posterior, reasons, self.decide(masks, posterior))

    def compiled(self) -> Callable[[Masks], Scored]:
        """The same as :meth:`score` to the last bit, compiled, for many cases."""
        from riskmodel.inference.compiled import CompiledScorer, find_reasons_compiled

        kernel = CompiledScorer(self.scorer)

        def score(masks: Masks) -> Scored:
            posterior = kernel.posterior(masks)
            reasons = find_reasons_compiled(self.scorer, self.weights, masks, posterior)
            return Scored(masks, posterior, reasons, self.decide(masks, posterior))

        return score

    def decide(self, masks: Masks, posterior: Posterior) -> Decision:
        """Apply the policy; where the evidence is impossible nothing is inferred."""
        names = self.scorer.output_names
        probability = np.nan_to_num(posterior.probability, nan=0.0)
        conditions = len(self.scorer.conditions)
        baseline = np.ascontiguousarray(self.weights.baseline.T)[:conditions, self.scorer.settings(masks)]
        composites = dict(zip(names[conditions:], probability[conditions:], strict=True))
        return self.policy.evaluate(masks, probability[:conditions], baseline, composites)
